import { homedir } from 'node:os';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import type { Host } from '../host.ts';
import { type MachinePace, workOf } from './machine-pace.ts';

type ModelMethod = Extract<keyof Handlers, `models.${string}`>;

/** What windows ask about models, and do with them. */
export function modelHandlers({
  host: { models },
  pace,
}: {
  readonly host: Host;
  readonly pace: MachinePace;
}): Pick<Handlers, ModelMethod> {
  return {
    'models.list': async () => ({ models: await models.list(), partial: await models.partialFetches() }),
    'models.info': async ({ ref }) => {
      const { folder, fingerprint, description } = await models.load(ref, homedir());
      const { defaults } = description;
      const known = pace.of(fingerprint);
      const work = workOf({ width: defaults.width, height: defaults.height, sampler: defaults });
      return {
        folder,
        fingerprint,
        family: description.family,
        className: description.className,
        title: description.title,
        description: description.description,
        license: description.license,
        contextLength: description.contextLength,
        nativeSize: description.nativeSize,
        sizeMultiple: description.sizeMultiple,
        imageToImage: description.imageToImage,
        inpainting: description.inpainting,
        defaults,
        bytes: await models.bytes(folder),
        frameMs: known === undefined ? null : known * work,
      };
    },
    'models.check': async ({ ref }) => ({ problems: await models.check(ref, homedir()) }),
    'models.provider': async ({ ref }) => {
      const { folder } = await models.load(ref, homedir());
      const { requested, provider, attempts } = await models.provider(folder);
      return {
        requested,
        provider,
        attempts: attempts.map(({ provider: tried, usable, reason, milliseconds, cpuMilliseconds }) => ({
          provider: tried,
          usable,
          reason,
          milliseconds,
          cpuMilliseconds,
        })),
      };
    },
    'models.import': ({ folder, name }, { signal, progress }) =>
      models.import(folder, name, { signal, onProgress: progress }),
    'models.fetch': ({ repo, name }, { signal, progress }) =>
      models.fetch(repo, name, { signal, onProgress: atMostOften(progress) }),
    'models.discard': async ({ repo }) => {
      await models.discardFetch(repo);
      return {};
    },
    'models.rename': async ({ name, to }) => ({ model: await models.rename(name, to) }),
    'models.remove': async ({ name }) => {
      await models.remove(name);
      return {};
    },
  };
}

/** Tells every hundredth of the way, and the end. */
function atMostOften(progress: (done: number, total: number) => void): (done: number, total: number) => void {
  let told = -1;
  return (done, total) => {
    const part = total === 0 ? 1 : Math.floor((done / total) * 200);
    if (part === told && done !== total) return;
    told = part;
    progress(done, total);
  };
}
