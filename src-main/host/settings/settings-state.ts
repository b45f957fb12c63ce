import type { HostSettings, PROVIDER_CHOICES } from '../../../src-shared/contract/settings.ts';

export interface SettingsState {
  /** The file. */
  readonly path: string;
  /** In effect: those of flags and of the environment before those of the file. */
  readonly value: HostSettings;
  /** Set by a flag or the environment: what the file says of these waits. */
  readonly fixed: readonly (keyof HostSettings)[];
  /** Why the file could not be used. */
  readonly problem: string | null;
  /** What null means where that depends on the machine. */
  readonly defaults: { readonly projectsFolder: string };
}

/** Choices that were made when the host was started. */
export function overridden(options: {
  readonly provider?: string | undefined;
  readonly threads?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly maxCacheBytes?: number | undefined;
  readonly ffmpeg?: string | undefined;
  readonly hub?: string | undefined;
}): Partial<HostSettings> {
  const { provider, threads, memoryBytes, maxCacheBytes, ffmpeg, hub } = options;
  return {
    ...(provider === undefined ? {} : { provider: provider as (typeof PROVIDER_CHOICES)[number] }),
    ...(threads === undefined ? {} : { threads }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(maxCacheBytes === undefined ? {} : { cacheBytes: maxCacheBytes }),
    ...(ffmpeg === undefined ? {} : { ffmpeg }),
    ...(hub === undefined ? {} : { hub }),
  };
}
