import { z } from 'zod';

export const PROVIDER_CHOICES = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

const MIB = 1024 ** 2;
const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();
const path = (what: string) =>
  z
    .string()
    .min(1)
    .max(4096)
    .refine((text) => !text.includes('\0'), { error: what });

/** Choices about a host and its machine; what a window looks like is the window's own. Null takes the default. */
export const settingsShape = {
  provider: z.enum(PROVIDER_CHOICES),
  /** Of one operator; default: physical cores. */
  threads: nullable(z.int().min(1).max(1024)),
  /** Bytes of all open sessions; default 8 GiB. */
  memoryBytes: nullable(
    z
      .int()
      .min(256 * MIB)
      .max(4096 * 1024 * MIB),
  ),
  /** The most that the shared cache of JSON projects may hold, bytes; default 8 GiB. */
  cacheBytes: nullable(
    z
      .int()
      .min(64 * MIB)
      .max(65_536 * 1024 * MIB),
  ),
  /** Where new projects go; default: Inbetween in the home folder. */
  projectsFolder: nullable(path('a folder')),
  ffmpeg: nullable(path('the path of ffmpeg')),
  /** Where models are fetched from. */
  hub: z.url({ protocol: /^https?$/, error: 'an address that starts with http:// or https://' }),
};

export const DEFAULT_HUB = 'https://huggingface.co';

export const hostSettingsSchema = z.strictObject(settingsShape);
export type HostSettings = z.infer<typeof hostSettingsSchema>;

export const DEFAULT_SETTINGS: HostSettings = {
  provider: 'auto',
  threads: null,
  memoryBytes: null,
  cacheBytes: null,
  projectsFolder: null,
  ffmpeg: null,
  hub: DEFAULT_HUB,
};
