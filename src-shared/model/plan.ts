import { AppError } from '../kernel/errors.ts';
import { CHANNEL_DEFAULTS, type PromptMethod, type PromptValue } from './channels.ts';
import { blendConditioning, conditioningOf, splineConditioning } from './conditioning.ts';
import { frameCount, type ProjectDocument } from './document-types.ts';
import { pinnedNoise } from './frame-marks.ts';
import type { Conditioning, FrameSpec } from './frame-spec.ts';
import { type FrameState, type PlanContext, specOf } from './frame-state.ts';
import { imageAt, noiseAt } from './image-track.ts';
import { interpolateNumber } from './numbers.ts';
import { sameJson } from './same-json.ts';
import { placeOn, type TrackKey, tracksOf } from './tracks.ts';

export type { ModelDefaults, PlanContext } from './frame-state.ts';

/**
 * The spec of one frame: each channel between the two keyframes around the frame that set it, held before its first
 * and after its last. Frames on keyframes and on holds have the same spec whatever their neighbours are, and an edit
 * of a keyframe changes the frames of the two segments beside it (with `spline`: of up to four, since the curve's
 * direction at a key comes from the keys around it).
 * @throws AppError `invalid-input`: the frame is outside the timeline.
 * @throws AppError `invalid-document`, `invalid-asset`: the document cannot be rendered as it is.
 */
export function planFrame(document: ProjectDocument, frame: number, context: PlanContext): FrameSpec {
  const count = frameCount(document);
  if (!Number.isInteger(frame) || frame < 0 || frame >= count) {
    const accepted = count === 0 ? 'none: the document has no keyframes' : `0 to ${count - 1}`;
    throw new AppError('invalid-input', `Frame ${frame} is outside the timeline; accepted is ${accepted}.`);
  }
  const values = valuesAt(document, frame);
  if (context.defaults.image === undefined && tracksOf(document).images !== undefined) refuseImages(document);
  const image = imageAt(document, context, frame);
  // A decoder that is told a picture needs no words.
  const prompt = values.prompt ?? (image === undefined ? undefined : conditioningOf(''));
  if (prompt === undefined) {
    throw new AppError(
      'invalid-document',
      'No keyframe sets a prompt; accepted is a timeline with at least one keyframe that has a "prompt".',
    );
  }
  const noise = pinnedNoise(document, frame, values.noise);
  const state = { ...values, prompt, noise, ...(image === undefined ? {} : { image }) };
  return specOf(document, context, state, frame, `Frame ${frame}`);
}

/** The specs of frames `from` to `to` (both included; the whole timeline when absent), in order. */
export function planRange(
  document: ProjectDocument,
  context: PlanContext,
  range: { readonly from: number; readonly to: number } = { from: 0, to: frameCount(document) - 1 },
): FrameSpec[] {
  const specs: FrameSpec[] = [];
  for (let frame = range.from; frame <= range.to; frame++) specs.push(planFrame(document, frame, context));
  return specs;
}

/**
 * The frames of `after` whose picture is not the one that `before` has at that frame, in order: what an edit asks to
 * render again, as far as the cache does not know it. Frames that only `after` has are among them.
 */
export function changedFrames(
  before: ProjectDocument,
  after: ProjectDocument,
  context: PlanContext,
): number[] {
  const known = frameCount(before);
  const changed: number[] = [];
  for (let frame = 0; frame < frameCount(after); frame++) {
    if (frame >= known || !sameJson(planFrame(before, frame, context), planFrame(after, frame, context))) {
      changed.push(frame);
    }
  }
  return changed;
}

/** A frame's channel values; the prompt may be missing, as on a document that is only a grid. */
export type TimelineState = Omit<FrameState, 'prompt'> & { readonly prompt: Conditioning | undefined };

/** The channel values at a frame of the timeline, apart from image embeddings. */
export function valuesAt(document: ProjectDocument, frame: number): TimelineState {
  const tracks = tracksOf(document);
  const { interpolation } = document;
  return {
    prompt: textAt(tracks.prompt, frame, interpolation?.prompt ?? 'lerp'),
    negative: textAt(tracks.negativePrompt, frame, interpolation?.negativePrompt ?? 'lerp') ?? {
      kind: 'none',
    },
    noise: noiseAt(tracks, frame, interpolation?.seed ?? 'slerp'),
    initImage: heldAt(tracks.initImage, frame) ?? CHANNEL_DEFAULTS.initImage,
    strength: numberAt(tracks.strength, frame) ?? CHANNEL_DEFAULTS.strength,
    mask: heldAt(tracks.mask, frame) ?? CHANNEL_DEFAULTS.mask,
    guidanceScale: numberAt(tracks.guidanceScale, frame),
    embeddingOffset: numberAt(tracks.embeddingOffset, frame) ?? CHANNEL_DEFAULTS.embeddingOffset,
    noiseOrbit: numberAt(tracks.noiseOrbit, frame),
    steps: heldAt(tracks.steps, frame),
  };
}

function refuseImages(document: ProjectDocument): never {
  const at = document.keyframes.findIndex(({ images }) => images !== undefined);
  throw imagesRefused(`keyframes[${at}].images`, document);
}

/** Pictures as conditions, of a model that is told none. */
export function imagesRefused(path: string, document: ProjectDocument): AppError {
  return new AppError(
    'invalid-document',
    `${path} needs a model that takes image conditions, and the model ${JSON.stringify(document.model)} takes none; accepted is "initImage" with "strength", or no images.`,
  );
}

function textAt(
  keys: readonly TrackKey<PromptValue>[] | undefined,
  frame: number,
  method: PromptMethod,
): Conditioning | undefined {
  if (keys === undefined) return undefined;
  const { index, t } = placeOn(keys, frame);
  const at = (key: number) => conditioningOf(keys[Math.min(keys.length - 1, Math.max(0, key))]!.value);
  if (t === 0) return at(index);
  if (method !== 'spline') return blendConditioning(method, at(index), at(index + 1), t);
  return splineConditioning([at(index - 1), at(index), at(index + 1), at(index + 2)], t);
}

function numberAt(keys: readonly TrackKey<number>[] | undefined, frame: number): number | undefined {
  if (keys === undefined) return undefined;
  const { index, t } = placeOn(keys, frame);
  const from = keys[index]!.value;
  return t === 0 ? from : interpolateNumber(from, keys[index + 1]!.value, t);
}

function heldAt<Value>(keys: readonly TrackKey<Value>[] | undefined, frame: number): Value | undefined {
  if (keys === undefined) return undefined;
  const { index } = placeOn(keys, frame);
  // A curve may reach its end before the next keyframe does; the earlier value stays until then.
  return keys[index]!.frame <= frame || index === 0 ? keys[index]!.value : keys[index - 1]!.value;
}
