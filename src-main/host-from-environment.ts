import { createHost, type Host } from './host/host.ts';
import { hostPaths, type Surroundings } from './host/paths.ts';
import type { ProviderChoice } from './host/sessions/providers.ts';

export interface EnvironmentOptions extends Surroundings {
  /** Overrides INBETWEEN_PROVIDER. */
  readonly provider?: string | undefined;
  readonly embeddingFiles?: readonly string[] | undefined;
  /** Overrides INBETWEEN_THREADS. */
  readonly threads?: number | undefined;
  /** A window is served: its host and it come before the engine. */
  readonly inBackground?: boolean;
  readonly onNote: (message: string) => void;
}

/** The host as the environment wants it: folders, provider, threads, ffmpeg. Entries call this; nothing below them reads it. */
export function hostFromEnvironment(options: EnvironmentOptions): Host {
  const { env, platform, onNote } = options;
  const threads = options.threads ?? positiveInteger(env.INBETWEEN_THREADS);
  const provider = options.provider ?? env.INBETWEEN_PROVIDER;
  return createHost({
    paths: hostPaths(options),
    clock: Date.now,
    platform,
    inBackground: options.inBackground ?? false,
    onNote,
    onEngineEvent: (event) => {
      if (event.type === 'failed') onNote(event.message);
      if (event.type === 'note' && event.decision.surprising) onNote(event.message);
    },
    ...(provider === undefined ? {} : { provider: provider as ProviderChoice }),
    ...(threads === undefined ? {} : { threads }),
    ...(options.embeddingFiles === undefined ? {} : { embeddingFiles: options.embeddingFiles }),
    ...(env.HF_ENDPOINT === undefined ? {} : { hub: env.HF_ENDPOINT }),
    ...(env.HF_TOKEN === undefined ? {} : { hubToken: env.HF_TOKEN }),
    ...(env.INBETWEEN_FFMPEG === undefined ? {} : { ffmpeg: env.INBETWEEN_FFMPEG }),
    ...(env.PATH === undefined ? {} : { path: env.PATH }),
  });
}

function positiveInteger(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value > 0 ? value : undefined;
}
