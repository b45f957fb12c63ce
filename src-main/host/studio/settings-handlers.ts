import type { ContractEvent } from '../../../src-shared/contract/events.ts';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Host } from '../host.ts';
import type { Usage } from '../store/store-types.ts';
import type { OpenProjects } from './open-projects.ts';

type SettingsMethod = Extract<keyof Handlers, `settings.${string}` | `cache.${string}`>;

/** The host's settings, and the space that caches take. */
export function settingsHandlers({
  host,
  projects,
  tell,
}: {
  readonly host: Host;
  readonly projects: OpenProjects;
  readonly tell: (event: ContractEvent) => void;
}): Pick<Handlers, SettingsMethod> {
  return {
    'settings.get': () => host.settings.get(),
    'settings.set': (patch) => {
      const state = host.settings.set(patch);
      tell({ event: 'settings.changed', data: {} });
      return state;
    },
    'cache.usage': async ({ project: id }, { client }) => {
      const open = id === undefined ? undefined : projects.get(id, client).project;
      const shared = host.caches.shared();
      const own = open?.store?.usage();
      return {
        shared: shared === null ? null : kindsOf(shared),
        graphs: await host.caches.graphs(),
        project: own === undefined ? null : { ...kindsOf(own), assets: own.assets },
      };
    },
    'cache.clean': async (params, { client }) => {
      if (params.of === 'graphs') return { freed: await host.caches.cleanGraphs() };
      if (params.of === 'shared') return { freed: host.caches.cleanShared(params.kinds) };
      const { store } = projects.get(params.project, client).project;
      if (store === undefined || store.readonly) {
        throw new AppError(
          'read-only',
          'This project keeps no frames of its own; the shared cache has them.',
        );
      }
      return { freed: store.evict({ maxBytes: 0, kinds: params.kinds }) };
    },
  };
}

function kindsOf({ frames, latents, embeddings, fileBytes }: Usage) {
  return { frame: frames, latents, embedding: embeddings, fileBytes };
}
