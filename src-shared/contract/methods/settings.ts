import { z } from 'zod';
import { mutation, query } from '../method.ts';
import { hostSettingsSchema, settingsShape } from '../settings.ts';
import { projectId } from '../values.ts';

const state = z.object({
  /** The file. */
  path: z.string(),
  value: hostSettingsSchema,
  /** Set by a flag or the environment of the host, which go before the file. */
  fixed: z.array(z.string()).readonly(),
  /** Why the file could not be used. */
  problem: z.string().nullable(),
  defaults: z.object({ projectsFolder: z.string() }),
});
const amount = z.object({ count: z.int(), bytes: z.number() });
const CACHE_KINDS = ['frame', 'latents', 'embedding'] as const;
const usage = z.object({ frame: amount, latents: amount, embedding: amount, fileBytes: z.number() });

export const settingsMethods = {
  'settings.get': query(z.strictObject({}), state),
  /** Kept in the host's file and in effect at once. */
  'settings.set': mutation(
    z.strictObject(
      Object.fromEntries(
        Object.entries(settingsShape).map(([name, schema]) => [name, schema.exactOptional()]),
      ) as { [Name in keyof typeof settingsShape]: z.ZodExactOptional<(typeof settingsShape)[Name]> },
    ),
    state,
  ),
  /** What caches take: the one of JSON projects (null where there is none), optimised graphs, an open project. */
  'cache.usage': query(
    z.strictObject({ project: projectId.exactOptional() }),
    z.object({
      shared: usage.nullable(),
      graphs: amount,
      project: usage.extend({ assets: amount }).nullable(),
    }),
  ),
  /** Drops what can be made again. Pictures of a project are rendered anew when they are wanted. */
  'cache.clean': mutation(
    z.discriminatedUnion('of', [
      z.strictObject({ of: z.literal('shared'), kinds: z.array(z.enum(CACHE_KINDS)).min(1) }),
      z.strictObject({
        of: z.literal('project'),
        project: projectId,
        kinds: z.array(z.enum(CACHE_KINDS)).min(1),
      }),
      z.strictObject({ of: z.literal('graphs') }),
    ]),
    z.object({ freed: amount }),
  ),
};
