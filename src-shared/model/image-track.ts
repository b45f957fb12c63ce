import { CHANNEL_DEFAULTS, type PromptMethod, type PromptValue, type SeedMethod } from './channels.ts';
import { blendConditioning, splineConditioning } from './conditioning.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';
import type { ImageConditioning } from './frame-spec.ts';
import type { FrameState, PlanContext } from './frame-state.ts';
import { blendNoise, noiseOf } from './noise.ts';
import {
  imagesOfFuse,
  imagesOfNegative,
  imagesOfNoNegative,
  imagesOfPrompt,
  type PriorSituation,
} from './prior-recipe.ts';
import { easingOf, placeOn, type TrackKey, type Tracks, tracksOf } from './tracks.ts';

/**
 * The image embeddings at a frame. A keyframe that sets `images` is a key of theirs, and so is one that sets only a
 * prompt, for which the prior imagines a picture: so a prompt can turn into a picture and back. The prior's noise and
 * what it is led away from are those of the keyframe. Undefined for models that are told none.
 */
export function imageAt(document: ProjectDocument, context: PlanContext, frame: number): FrameState['image'] {
  if (context.defaults.image === undefined) return undefined;
  const { interpolation } = document;
  const positive = between(
    imageKeys(document),
    frame,
    interpolation?.prompt ?? 'lerp',
    ({ value, frame: at }) => {
      const situation = situationAt(document, at);
      return value.images === undefined
        ? imagesOfPrompt(document, context, value.prompt!, situation)
        : imagesOfFuse(document, context, value.images, situation, `Frame ${at}`);
    },
  );
  if (positive === undefined) return undefined;
  const negatives = tracksOf(document).negativePrompt;
  const negative = between(negatives ?? [], frame, interpolation?.negativePrompt ?? 'lerp', ({ frame: at }) =>
    imagesOfNegative(document, context, situationAt(document, at)),
  );
  return { positive, negative: negative ?? withoutNegative(document, context) };
}

/** It has no keys: what it is at the first keyframe, it is everywhere. */
function withoutNegative(document: ProjectDocument, context: PlanContext): ImageConditioning {
  const first = Math.min(...document.keyframes.map(({ frame }) => frame));
  return imagesOfNoNegative(document, context, situationAt(document, first).noise);
}

function imageKeys(document: ProjectDocument): TrackKey<Keyframe>[] {
  const keyframes = [...document.keyframes].sort((a, b) => a.frame - b.frame);
  return keyframes.flatMap((keyframe) => {
    const channel =
      keyframe.images !== undefined ? 'images' : keyframe.prompt !== undefined ? 'prompt' : null;
    if (channel === null) return [];
    return [{ frame: keyframe.frame, value: keyframe, easing: easingOf(keyframe, channel) }];
  });
}

function between<Value>(
  keys: readonly TrackKey<Value>[],
  frame: number,
  method: PromptMethod,
  embeddingOf: (key: TrackKey<Value>) => ImageConditioning,
): ImageConditioning | undefined {
  if (keys.length === 0) return undefined;
  const { index, t } = placeOn(keys, frame);
  const at = (key: number) => embeddingOf(keys[Math.min(keys.length - 1, Math.max(0, key))]!);
  if (t === 0) return at(index);
  if (method !== 'spline') return blendConditioning(method, at(index), at(index + 1), t);
  return splineConditioning([at(index - 1), at(index), at(index + 1), at(index + 2)], t);
}

function situationAt(document: ProjectDocument, frame: number): PriorSituation {
  const tracks = tracksOf(document);
  return {
    negative: negativeAt(tracks, frame),
    noise: noiseAt(tracks, frame, document.interpolation?.seed ?? 'slerp'),
  };
}

/** The negative prompt in force, unmixed: the last one set. */
function negativeAt(tracks: Tracks, frame: number): PromptValue {
  const keys = tracks.negativePrompt;
  if (keys === undefined) return CHANNEL_DEFAULTS.negativePrompt;
  const { index } = placeOn(keys, frame);
  return keys[keys[index]!.frame <= frame || index === 0 ? index : index - 1]!.value;
}

/** The starting noise at a frame, without orbit. */
export function noiseAt(tracks: Tracks, frame: number, method: SeedMethod): FrameState['noise'] {
  const keys = tracks.seed;
  if (keys === undefined) return noiseOf(CHANNEL_DEFAULTS.seed);
  const { index, t } = placeOn(keys, frame);
  const from = noiseOf(keys[index]!.value);
  return t === 0 ? from : blendNoise(method, from, noiseOf(keys[index + 1]!.value), t);
}
