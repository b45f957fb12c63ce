import { AppError } from '../kernel/errors.ts';
import { assetKey } from './asset-references.ts';
import { CHANNELS } from './channels.ts';
import { absentAsEmpty, offsetConditioning } from './conditioning.ts';
import type { ProjectDocument } from './document-types.ts';
import {
  type Conditioning,
  embeddingsIn,
  type FrameSpec,
  type ImageConditions,
  type ImageLeaf,
  leavesOf,
  type Noise,
  type SchedulerName,
  textsOf,
} from './frame-spec.ts';
import { drawsBefore } from './prior-recipe.ts';
import { orbitNoise, shiftSeeds } from './noise.ts';
import { clamp } from './numbers.ts';

/** What a model proposes where the document is silent. */
export interface ModelDefaults {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: SchedulerName;
  /** Whether the model knows an absent negative prompt from an empty one. */
  readonly absentNegative?: boolean;
  /** For models whose decoder is told an image embedding. */
  readonly image?: ImageDefaults;
}

export interface ImageDefaults {
  readonly priorSteps: number;
  readonly priorGuidanceScale: number;
  /** Whether the decoder is told the prompt as well (Kandinsky 2.1), or the image embedding alone (2.2). */
  readonly readsText: boolean;
}

/** What planning needs besides the document. */
export interface PlanContext {
  /** SHA-256 fingerprint of the model. */
  readonly fingerprint: string;
  readonly defaults: ModelDefaults;
  /** SHA-256 of the pictures that the document names by path. */
  readonly assetKeys?: ReadonlyMap<string, string>;
  /** Learned words that prompts can use, and the SHA-256 of their files. */
  readonly embeddings?: readonly { readonly token: string; readonly file: string }[];
}

/** The channels' values at one frame or cell, interpolated and canonical; undefined = no keyframe sets it. */
export interface FrameState {
  readonly prompt: Conditioning;
  readonly negative: Conditioning;
  readonly noise: Noise;
  readonly initImage: string | null;
  readonly strength: number;
  readonly mask: string | null;
  readonly guidanceScale: number | undefined;
  readonly embeddingOffset: number;
  readonly noiseOrbit: number | undefined;
  readonly steps: number | undefined;
  /** For models that are told image embeddings. */
  readonly image?: Omit<ImageConditions, 'before'>;
}

/** Schedulers that read η (TCD: its γ); for the others it decides nothing, so it stays out of the spec. */
const ETA_DEFAULTS: { readonly [name in SchedulerName]?: number } = { ddim: 0, ddim_sampler: 0, tcd: 0 };

/**
 * The spec of a state: settings and the model's defaults filled in, and what decides nothing taken out (the negative
 * prompt and the rescale where guidance is off, η where the scheduler has none).
 * `serial` is the frame's or cell's number; only `noise: "fresh"` uses it. `place` names it in errors.
 * @throws AppError `invalid-asset`: a path that no asset key is known for.
 * @throws AppError `invalid-document`: a mask without an initial picture.
 */
export function specOf(
  document: ProjectDocument,
  context: PlanContext,
  state: FrameState,
  serial: number,
  place: string,
): FrameSpec {
  const { defaults } = context;
  const sampler = document.sampler ?? {};
  const { width, height } = { ...defaults, ...document.size };
  const scheduler = sampler.scheduler ?? defaults.scheduler;
  const guidanceScale = inRange(
    'guidanceScale',
    state.guidanceScale ?? sampler.guidanceScale ?? defaults.guidanceScale,
  );
  const guided = guidanceScale > 1;
  const negative = defaults.absentNegative === true ? state.negative : absentAsEmpty(state.negative);
  const etaDefault = ETA_DEFAULTS[scheduler];
  const noise = document.noise === 'fresh' ? shiftSeeds(state.noise, serial) : state.noise;
  if (state.mask !== null && state.initImage === null) {
    throw new AppError(
      'invalid-document',
      `${place} has a mask (${JSON.stringify(state.mask)}) but no initial picture; accepted is a mask together with an "initImage", whose masked part is repainted.`,
    );
  }
  const { image } = defaults;
  // Kandinsky's decoder is never told the negative prompt as text.
  const negativeText = guided && image === undefined;
  const spec: FrameSpec = {
    version: 1,
    model: context.fingerprint,
    width,
    height,
    prompt: image?.readsText === false ? NO_TEXT : offsetConditioning(state.prompt, state.embeddingOffset),
    negative: negativeText ? offsetConditioning(negative, state.embeddingOffset) : NO_TEXT,
    text: { clipSkip: sampler.clipSkip ?? 0, longPrompts: document.longPrompts ?? 'truncate' },
    noise: orbitNoise(noise, state.noiseOrbit),
    sampler: {
      scheduler,
      overrides: sampler.overrides ?? {},
      steps: state.steps ?? sampler.steps ?? defaults.steps,
      guidanceScale,
      guidanceRescale: guided ? (sampler.guidanceRescale ?? 0) : 0,
      eta: etaDefault === undefined ? 0 : (sampler.eta ?? etaDefault),
    },
    init:
      state.initImage === null
        ? null
        : { asset: assetKey(context, state.initImage, place), strength: inRange('strength', state.strength) },
    mask: state.mask === null ? null : assetKey(context, state.mask, place),
    ...(isTiled(sampler.vaeTiling ?? 'auto', width * height) ? { vaeTiling: true } : {}),
    ...(image === undefined || state.image === undefined
      ? {}
      : { image: imageConditions(document, context, state, guided) }),
  };
  const embeddings = usedEmbeddings(spec, context);
  return embeddings.length === 0 ? spec : { ...spec, text: { ...spec.text, embeddings } };
}

/** Frames whose prompts do not have the word keep their keys whatever is learned. */
function usedEmbeddings(
  spec: FrameSpec,
  { embeddings = [] }: PlanContext,
): { token: string; file: string }[] {
  const leaves =
    spec.image === undefined
      ? []
      : [spec.image.positive, spec.image.negative].flatMap((of) => leavesOf<ImageLeaf>(of));
  const imagined = leaves.flatMap((leaf) => (leaf.kind === 'prior' ? [leaf.text, leaf.negative] : []));
  return embeddingsIn([...textsOf(spec.prompt), ...textsOf(spec.negative), ...imagined], embeddings)
    .map(({ token, file }) => ({ token, file }))
    .sort((a, b) => (a.token < b.token ? -1 : 1));
}

/** More pixels than this take the decoder of a full-size model ten gigabytes and more. */
const TILED_ABOVE = 1536 * 1536;

function isTiled(setting: 'auto' | 'on' | 'off', pixels: number): boolean {
  return setting === 'on' || (setting === 'auto' && pixels > TILED_ABOVE);
}

/** Easing that overshoots must not leave what the channel accepts. */
function inRange(channel: 'guidanceScale' | 'strength', value: number): number {
  const [min, max] = CHANNELS[channel].range;
  return clamp(value, min, max);
}

const NO_TEXT: Conditioning = { kind: 'text', text: '' };

function imageConditions(
  document: ProjectDocument,
  context: PlanContext,
  { image, embeddingOffset }: FrameState,
  guided: boolean,
): ImageConditions {
  return {
    positive: offsetConditioning(image!.positive, embeddingOffset),
    negative: guided ? offsetConditioning(image!.negative, embeddingOffset) : { kind: 'zero' },
    before: drawsBefore(document, context),
  };
}
