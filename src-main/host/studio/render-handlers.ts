import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { CheckedParams } from '../../../src-shared/contract/methods.ts';
import type { CallContext, Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parseDocument } from '../../../src-shared/model/document.ts';
import { frameCount, type ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { type FrameSpec, frameKey } from '../../../src-shared/model/frame-spec.ts';
import { planGrid } from '../../../src-shared/model/grid.ts';
import { planFrame } from '../../../src-shared/model/plan.ts';
import { framePictures, type PictureSize } from '../../engine/frame-pictures.ts';
import type { RgbImage } from '../../engine/ports.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import { contextOf, rangeOf, remainingRange } from '../project-frames.ts';
import { encodePng } from '../render/frame-codec.ts';
import { storedKeys } from './frame-planner.ts';
import type { MemoryBlobs } from './memory-blobs.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';

type RenderMethod = 'plan.changed' | 'frames.status' | 'frames.spec' | 'grid.status' | 'image.render';

export interface RenderWiring {
  readonly host: Host;
  readonly projects: OpenProjects;
  readonly blobs: MemoryBlobs;
}

/** What edits cost, which frames there are, and single pictures. */
export function renderHandlers(wiring: RenderWiring): Pick<Handlers, RenderMethod> {
  const { host, projects } = wiring;

  /** What of these frames is missing; pictures that are wanted twice count once. */
  const missingOf = async (
    open: OpenProject,
    planned: readonly { spec: FrameSpec; key: string }[],
    signal: AbortSignal,
  ): Promise<{ stored: Set<string>; missing: number; estimatedMs: number | null }> => {
    const stored = await storedKeys(
      open,
      planned.map(({ key }) => key),
      signal,
    );
    const missing = new Map(
      planned.filter(({ key }) => !stored.has(key)).map(({ key, spec }) => [key, spec]),
    );
    return { stored, missing: missing.size, estimatedMs: open.pace.estimate([...missing.values()]) };
  };

  return {
    'plan.changed': async ({ project: id, commands }, { client, signal }) => {
      const open = projects.get(id, client);
      const before = open.edits.document;
      const after = open.edits.preview(commands);
      const model = await open.model();
      // Another model renders everything anew.
      const other =
        after.model === before.model ? model : await host.models.load(after.model, dirname(open.file));
      const numbers = Array.from({ length: frameCount(after) }, (_, frame) => frame);
      const [was, becomes] = [
        await open.planner(model, before).frames(numbers.slice(0, frameCount(before)), signal),
        await open.planner(other, after).frames(numbers, signal),
      ];
      const frames = numbers.filter((frame) => becomes[frame]?.key !== was[frame]?.key);
      const { missing, estimatedMs } = await missingOf(
        open,
        frames.map((frame) => becomes[frame] as { spec: FrameSpec; key: string }),
        signal,
      );
      return { frames, missing, estimatedMs };
    },

    'frames.status': async (
      { project: id, range, drafts: withDrafts = false, ...asked },
      { client, signal },
    ) => {
      const open = projects.get(id, client);
      const { revision, document } = open.edits;
      const isChanged = asked.revision !== undefined && asked.revision !== revision;
      const there =
        frameCount(document) === 0 ? null : (isChanged ? remainingRange : rangeOf)(document, range);
      if (there === null) {
        const nothing = { keys: [], cached: [], drafts: [], failed: [] };
        return { revision, from: range?.from ?? 0, ...nothing, missing: 0, estimatedMs: 0 };
      }
      const { from, to } = there;
      const model = await open.model();
      const planned = await open.planner(model, document).frames(numbersOf(from, to), signal);
      const { stored, missing, estimatedMs } = await missingOf(open, planned, signal);
      const keys = planned.map(({ key }) => key);
      const cached = keys.map((key) => stored.has(key));
      const lacking = numbersOf(from, to).filter((frame) => cached[frame - from] !== true);
      const drafts = withDrafts ? await storedDrafts(open, model, document, lacking, signal) : [];
      const failed = lacking.flatMap((frame) => {
        const message = open.failures.get(keys[frame - from] as string);
        return message === undefined ? [] : [{ frame, message }];
      });
      return { revision, from, keys, cached, drafts, failed, missing, estimatedMs };
    },

    'frames.spec': async ({ project: id, frame }, { client }) => {
      const open = projects.get(id, client);
      const [planned] = await open.planner(await open.model()).frames([frame]);
      const { spec, key } = planned as { spec: FrameSpec; key: string };
      const cached = open.project.cache.hasArtifacts('frame', [key]).has(key);
      return { key, cached, spec: { ...spec } };
    },

    'grid.status': async ({ project: id }, { client, signal }) => {
      const open = projects.get(id, client);
      const { revision, document } = open.edits;
      const { rows, cols, cells } = planGrid(document, contextOf(open.project, await open.model()));
      const planned = cells.map((spec) => ({ spec, key: frameKey(spec) }));
      const { stored, missing, estimatedMs } = await missingOf(open, planned, signal);
      const keys = planned.map(({ key }) => key);
      return { revision, rows, cols, keys, cached: keys.map((key) => stored.has(key)), missing, estimatedMs };
    },

    'image.render': (params, context) => renderImage(wiring, params, context),
  };
}

async function renderImage(
  { host, projects, blobs }: RenderWiring,
  params: CheckedParams<'image.render'>,
  { signal, progress }: CallContext,
) {
  const document = 'document' in params ? parseDocument(params.document) : documentOfImage(params);
  const model = await host.models.load(document.model, homedir());
  const spec = planFrame(document, 0, {
    fingerprint: model.fingerprint,
    defaults: model.description.defaults,
    embeddings: model.embeddings,
  });
  const { assets, wholeAssets } = await framePictures(spec, (hash, size) => assetOf(projects, hash, size));
  const result = await host.renderImage(model, spec, assets, {
    signal,
    wholeAssets,
    onStep: ({ step, steps }) => progress(step, steps),
  });
  return {
    blob: blobs.put(await encodePng(result.image)),
    width: result.image.width,
    height: result.image.height,
    notes: result.notes.map(({ message }) => message),
  };
}

function documentOfImage(
  params: Exclude<CheckedParams<'image.render'>, { document: unknown }>,
): ProjectDocument {
  const {
    model,
    prompt,
    negativePrompt = '',
    seed = 0,
    steps,
    guidanceScale,
    scheduler,
    width,
    height,
  } = params;
  if ((width === undefined) !== (height === undefined)) {
    throw new AppError(
      'invalid-input',
      "A width needs a height, and a height a width; or neither, for the model's own size.",
    );
  }
  return parseDocument({
    format: 'inbetween/1',
    model,
    ...(width === undefined ? {} : { size: { width, height } }),
    sampler: {
      ...(steps === undefined ? {} : { steps }),
      ...(guidanceScale === undefined ? {} : { guidanceScale }),
      ...(scheduler === undefined ? {} : { scheduler }),
    },
    keyframes: [{ frame: 0, prompt, negativePrompt, seed }],
  });
}

/** A picture of any open project. */
async function assetOf(projects: OpenProjects, hash: string, size: PictureSize): Promise<RgbImage> {
  for (const { project } of projects.all()) {
    if (project.store?.listAssets().some(({ sha256 }) => sha256 === hash) !== true) continue;
    return project.asset(hash, size);
  }
  throw new AppError('invalid-asset', `No open project holds the picture ${hash}; import it into one first.`);
}

async function storedDrafts(
  open: OpenProject,
  model: HostModel,
  document: ProjectDocument,
  frames: readonly number[],
  signal: AbortSignal,
): Promise<{ frame: number; key: string }[]> {
  const drafts = await open.planner(model, document).drafts(frames, signal);
  const stored = await storedKeys(
    open,
    drafts.flatMap((draft) => draft?.key ?? []),
    signal,
  );
  return drafts.flatMap((draft, at) =>
    draft !== null && stored.has(draft.key) ? [{ frame: frames[at] as number, key: draft.key }] : [],
  );
}

function numbersOf(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
