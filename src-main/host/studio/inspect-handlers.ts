import type { Handlers } from '../../../src-shared/contract/service.ts';
import { hashBytes } from '../../../src-shared/kernel/hash.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { RgbImage } from '../../engine/ports.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import { rangeOf } from '../project-frames.ts';
import type { LoopInspection } from '../inspect/loop-inspection.ts';
import { encodePng } from '../render/frame-codec.ts';
import type { PlannedFrame } from './frame-planner.ts';
import type { OpenProjects } from './open-projects.ts';

type InspectMethod = 'inspect.start' | 'inspect.next' | 'inspect.decode' | 'inspect.end';

/** An inspection that a window looks at, with its pictures: they belong to no project. */
interface OpenInspection {
  readonly id: string;
  readonly client: string;
  readonly model: HostModel;
  readonly loop: LoopInspection;
  readonly abort: AbortController;
  readonly pictures: Map<string, Uint8Array>;
  /** Pictures of the decoder by step and tensor. */
  readonly decoded: Map<string, Promise<string>>;
}

export interface Inspections {
  readonly handlers: Pick<Handlers, InspectMethod>;
  picture(id: string): Uint8Array | undefined;
  /** The connection is gone. */
  disconnected(client: string): void;
  close(): Promise<void>;
}

/** The engine can hold one loop still; so there is one inspection at a time, the newest. */
export function createInspections(host: Host, projects: OpenProjects): Inspections {
  let open: OpenInspection | undefined;
  let started = 0;

  const close = async (ending: OpenInspection | undefined): Promise<void> => {
    ending?.abort.abort();
    // What its loop still says is of no interest to anybody.
    await ending?.loop.close().catch(() => {});
  };
  const end = (): Promise<void> => {
    const ending = open;
    open = undefined;
    return close(ending);
  };
  const get = (id: string, client: string): OpenInspection => {
    if (open?.id === id && open.client === client) return open;
    throw new AppError(
      'not-found',
      'This inspection is over: another one was started since. Start it once more.',
    );
  };
  const keepIn = (pictures: Map<string, Uint8Array>) => async (_: string, image: RgbImage) => {
    const bytes = await encodePng(image);
    const id = hashBytes(bytes);
    pictures.set(id, bytes);
    return id;
  };

  return {
    handlers: {
      'inspect.start': async ({ project: id, frame }, { client, signal }) => {
        const opened = projects.get(id, client);
        rangeOf(opened.edits.document, { from: frame, to: frame });
        const model = await opened.model();
        const [planned] = await opened.planner(model).frames([frame]);
        const { spec } = planned as PlannedFrame;
        const project = projects.get(id, client).snapshot();
        await end();
        const pictures = new Map<string, Uint8Array>();
        const abort = new AbortController();
        const loop = await host.inspectLoop(
          project,
          model,
          { index: frame, spec },
          keepIn(pictures),
          AbortSignal.any([abort.signal, signal]),
        );
        started += 1;
        const inspection: OpenInspection = {
          id: `i${started}`,
          client,
          model,
          loop,
          abort,
          pictures,
          decoded: new Map(),
        };
        // Another window may have started one while the pictures of this one were read.
        const other = open;
        open = inspection;
        await close(other);
        return { inspection: inspection.id, start: await loop.start() };
      },
      'inspect.next': async ({ inspection }, { client }) => get(inspection, client).loop.next(),
      'inspect.decode': async ({ inspection, step, tensor }, { client, signal }) => {
        const { decoded, loop, model, pictures } = get(inspection, client);
        const name = `${step} ${tensor}`;
        let picture = decoded.get(name);
        if (picture === undefined) {
          picture = host
            .decodeLatents(model, loop.tensor(step, tensor), signal)
            .then((image) => keepIn(pictures)(name, image));
          decoded.set(name, picture);
          picture.catch(() => decoded.delete(name));
        }
        return { picture: await picture };
      },
      'inspect.end': async ({ inspection }, { client }) => {
        if (open?.id !== inspection || open.client !== client) return {};
        // Its pictures can still be looked at.
        await close(open);
        return {};
      },
    },
    picture: (id) => open?.pictures.get(id),
    disconnected(client) {
      if (open?.client === client) void end();
    },
    close: end,
  };
}
