import { assetKey } from './asset-references.ts';
import type { PromptValue, WeightedImage } from './channels.ts';
import { conditioningOf } from './conditioning.ts';
import type { ProjectDocument } from './document-types.ts';
import {
  type Conditioning,
  type ImageConditioning,
  type ImageConditions,
  type ImageLeaf,
  isOriginalSampler,
  type Noise,
  type PriorMethod,
} from './frame-spec.ts';
import type { PlanContext } from './frame-state.ts';
import { sameJson } from './same-json.ts';

// How a document's prompts and pictures become image embeddings. Everything is said in the leaves, so the prior runs
// once per distinct leaf and its result is kept under the leaf's key.

/** A prompt, what guidance leads away from, and the noise, as they are at one keyframe or corner. */
export interface PriorSituation {
  readonly negative: PromptValue;
  readonly noise: Noise;
}

/** What is to be seen: what the prior imagines for each text of the prompt, mixed as texts are. */
export function imagesOfPrompt(
  document: ProjectDocument,
  context: PlanContext,
  prompt: PromptValue,
  situation: PriorSituation,
): ImageConditioning {
  return withLeaves(conditioningOf(prompt), (text) => priorLeaf(document, context, text, situation));
}

/**
 * A fuse: Σ wᵢ·eᵢ over pictures and texts, weights as they stand; equal parts joined, sorted. Every text begins at its
 * seed, so that it looks the same wherever it stands and whatever is added before it; diffusers' `interpolate`, handed
 * one generator, samples each text where the one before has left off.
 */
export function imagesOfFuse(
  document: ProjectDocument,
  context: PlanContext,
  images: readonly WeightedImage[],
  situation: PriorSituation,
  place: string,
): ImageConditioning {
  const terms: { weight: number; of: ImageLeaf }[] = [];
  for (const image of images) {
    const of: ImageLeaf =
      'asset' in image
        ? { kind: 'picture', asset: assetKey(context, image.asset, place) }
        : priorLeaf(document, context, image.text, situation);
    const known = terms.find((term) => sameJson(term.of, of));
    if (known === undefined) terms.push({ weight: image.weight, of });
    else known.weight += image.weight;
  }
  const sorted = terms.sort((a, b) => (JSON.stringify(a.of) < JSON.stringify(b.of) ? -1 : 1));
  const [only] = sorted;
  return sorted.length === 1 && only?.weight === 1 ? only.of : { kind: 'mix', terms: sorted };
}

/**
 * What guidance leads away from: what the prior imagines for the negative prompt. An empty one is "no picture" to the
 * original; to diffusers, which knows it from an absent one, it is a text like any other. Where the prior has a negative
 * prompt of its own, the two together are diffusers' `interpolate`: to it an empty one is the prior's.
 */
export function imagesOfNegative(
  document: ProjectDocument,
  context: PlanContext,
  { negative, noise }: PriorSituation,
): ImageConditioning {
  return withLeaves(conditioningOf(negative), (text): ImageLeaf => {
    const method = methodOf(document, context);
    const original = method.method !== 'unclip';
    if (original && text === '') return { kind: 'zero' };
    // The original runs the prior once more.
    if (original) return { ...priorLeaf(document, context, text, { negative: text, noise }), run: 1 };
    const own = document.prior?.negativePrompt;
    return own !== undefined && text !== ''
      ? priorLeaf(document, context, text, { negative: own, noise })
      : secondRow(document, context, own ?? text, noise);
  });
}

/**
 * What guidance leads away from where no negative prompt is set: "no picture", or, as the output of diffusers' prior
 * says it, the prior's own negative prompt.
 */
export function imagesOfNoNegative(
  document: ProjectDocument,
  context: PlanContext,
  noise: Noise,
): ImageConditioning {
  const own = document.prior?.negativePrompt;
  if (own === undefined || methodOf(document, context).method !== 'unclip') return { kind: 'zero' };
  return secondRow(document, context, own, noise);
}

/** diffusers samples a prompt and its negative prompt in one batch, the negative being its second row. */
function secondRow(document: ProjectDocument, context: PlanContext, text: string, noise: Noise): ImageLeaf {
  return { ...priorLeaf(document, context, text, { negative: text, noise }), row: 1 };
}

/** What the prior draws from a generator before the decoder does. */
export function drawsBefore(document: ProjectDocument, context: PlanContext): ImageConditions['before'] {
  const method = methodOf(document, context);
  const told = ({ negativePrompt }: Told): boolean =>
    negativePrompt !== undefined && heaviest(negativePrompt) !== '';
  return { ...method, runs: method.method !== 'unclip' && everywhere(document).some(told) ? 2 : 1 };
}

function priorLeaf(
  document: ProjectDocument,
  context: PlanContext,
  text: string,
  { negative, noise }: PriorSituation,
): Extract<ImageLeaf, { kind: 'prior' }> {
  const method = methodOf(document, context);
  const guidanceScale = document.prior?.guidanceScale ?? context.defaults.image!.priorGuidanceScale;
  const away = document.prior?.negativePrompt ?? (method.method === 'unclip' ? heaviest(negative) : '');
  return {
    kind: 'prior',
    text,
    negative: guidanceScale > 1 ? away : '',
    guidanceScale,
    ...method,
    noise,
    row: 0,
    run: 0,
  };
}

function methodOf(document: ProjectDocument, context: PlanContext): PriorMethod {
  const { defaults } = context;
  const steps = document.prior?.steps ?? defaults.image!.priorSteps;
  const implicit = typeof steps === 'string';
  const count = implicit ? Number(steps.replace('ddim', '')) : steps;
  if (isOriginalSampler(document.sampler?.scheduler ?? defaults.scheduler)) {
    return { method: implicit ? 'ddim' : 'ancestral', steps: count, rows: 2 };
  }
  return { method: implicit ? 'ddim' : 'unclip', steps: count, rows: hasNegative(document) ? 2 : 1 };
}

/**
 * Whether the prior or any keyframe has a negative prompt: diffusers then draws two rows at a time, so the decoder's noise begins
 * elsewhere. Decided for the whole document, so that the noise stays still when a negative prompt comes or goes.
 */
function hasNegative(document: ProjectDocument): boolean {
  return (
    document.prior?.negativePrompt !== undefined ||
    everywhere(document).some(({ negativePrompt }) => negativePrompt !== undefined)
  );
}

interface Told {
  readonly negativePrompt?: PromptValue;
}

function everywhere(document: ProjectDocument): readonly Told[] {
  return [...document.keyframes, ...(document.grid?.corners ?? [])];
}

/** The prior is led away from one text; of a list the one with the largest weight. */
function heaviest(prompt: PromptValue): string {
  if (typeof prompt === 'string') return prompt;
  return prompt.reduce((most, term) => (term.weight > most.weight ? term : most)).text;
}

/** Only what {@link conditioningOf} makes: a text or a mix of texts. */
function withLeaves(texts: Conditioning, leafOf: (text: string) => ImageLeaf): ImageConditioning {
  if (texts.kind === 'text') return leafOf(texts.text);
  if (texts.kind !== 'mix') throw new RangeError(`a keyframe's prompt is no ${texts.kind}`);
  return {
    kind: 'mix',
    terms: texts.terms.map(({ weight, of }) => ({ weight, of: withLeaves(of, leafOf) })),
  };
}
