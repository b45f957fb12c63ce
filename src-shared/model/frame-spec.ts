import type { Json } from '../kernel/canonical-json.ts';
import { hashJson } from '../kernel/hash.ts';

/**
 * A FrameSpec is everything that decides the picture of one frame, and nothing else: no clock, no file names, no
 * execution provider. Planning makes it from the document; the engine renders it; its hash is the cache key.
 */
export interface FrameSpec {
  /** Raised whenever the engine's pictures for equal specs change. */
  readonly version: 1;
  /** SHA-256 fingerprint of the model folder's files. */
  readonly model: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly prompt: Conditioning;
  readonly negative: Conditioning;
  readonly text: TextSettings;
  readonly noise: Noise;
  readonly sampler: SamplerSettings;
  /** Image to image: the picture the diffusion starts from. */
  readonly init: null | { readonly asset: string; readonly strength: number };
  /** Inpainting: white repaints. Content hash of the mask picture. */
  readonly mask: null | string;
  /** Pictures larger than the autoencoder's own size are encoded and decoded in overlapping tiles. */
  readonly vaeTiling?: true;
  /** What the decoder is told of the picture; absent for models that are told nothing but text. */
  readonly image?: ImageConditions;
}

/** Kandinsky's image embeddings: what to see, and what guidance leads away from. */
export interface ImageConditions {
  readonly positive: ImageConditioning;
  readonly negative: ImageConditioning;
  /**
   * The draws that the prior makes from every seed before the decoder draws from it, as one generator that is handed
   * on in the reference: `runs` runs of `steps` steps, `rows` rows at a time.
   */
  readonly before: PriorMethod & { readonly runs: number };
}

/** How image embeddings are sampled: diffusers' UnCLIP scheduler, or the original implementation's two ways. */
export interface PriorMethod {
  readonly method: 'unclip' | 'ancestral' | 'ddim';
  readonly steps: number;
  /** Rows of each draw. */
  readonly rows: 1 | 2;
}

/** An expression over image embeddings. */
export type ImageConditioning = Expression<ImageLeaf>;

export type ImageLeaf =
  /** What the prior imagines for a text. */
  | (PriorMethod & {
      readonly kind: 'prior';
      readonly text: string;
      /** The text that the prior's own guidance leads away from. */
      readonly negative: string;
      readonly guidanceScale: number;
      readonly noise: Noise;
      /** Which row of every draw is this embedding's, and after how many whole runs of the prior it begins. */
      readonly row: 0 | 1;
      readonly run: number;
    })
  /** A picture's own embedding; content hash. */
  | { readonly kind: 'picture'; readonly asset: string }
  /** "No picture": the embedding of an empty one. */
  | { readonly kind: 'zero' };

export interface TextSettings {
  /** 0 = the text encoder's last layer; k = k layers earlier. */
  readonly clipSkip: number;
  /** What happens to prompts longer than the encoder's context. */
  readonly longPrompts: 'truncate' | 'chunk';
  /** Learned words (textual inversion) that the frame's prompts use, by the SHA-256 of their files; sorted. */
  readonly embeddings?: readonly { readonly token: string; readonly file: string }[];
}

export const SCHEDULER_NAMES = [
  'ddpm',
  'ddim',
  'pndm',
  'lms',
  'euler',
  'euler_a',
  'heun',
  'dpm++2m',
  'dpm++2m_karras',
  'dpm++sde',
  'unipc',
  'deis',
  'lcm',
  'tcd',
  'p_sampler',
  'ddim_sampler',
  'plms_sampler',
] as const;
export type SchedulerName = (typeof SCHEDULER_NAMES)[number];

/** The samplers of the original Kandinsky implementation; for Kandinsky models only. */
export const ORIGINAL_SAMPLERS = ['p_sampler', 'ddim_sampler', 'plms_sampler'] as const;
export type OriginalSamplerName = (typeof ORIGINAL_SAMPLERS)[number];

export function isOriginalSampler(name: string): name is OriginalSamplerName {
  return (ORIGINAL_SAMPLERS as readonly string[]).includes(name);
}

export interface SamplerSettings {
  readonly scheduler: SchedulerName;
  /** Keys that replace those of the model's scheduler_config.json. */
  readonly overrides: { readonly [key: string]: Json };
  readonly steps: number;
  /** Classifier-free guidance is active when > 1. */
  readonly guidanceScale: number;
  /** φ of "Common Diffusion Noise Schedules" (2305.08891); 0 = off. */
  readonly guidanceRescale: number;
  /** DDIM η, TCD γ; ignored by the others. */
  readonly eta: number;
}

/** Text conditioning: an expression over encoded prompts (embeddings). */
export type Conditioning = Expression<TextLeaf | NoText>;

export interface TextLeaf {
  readonly kind: 'text';
  readonly text: string;
}

/** No prompt was given, which some models know from an empty one: the model's family decides what stands for it. */
export interface NoText {
  readonly kind: 'none';
}

/** What embeddings can be made of others. */
export type Expression<Leaf> =
  | Leaf
  /** Weighted sum Σ wᵢ·eᵢ, taken as it stands. */
  | {
      readonly kind: 'mix';
      readonly terms: readonly { readonly weight: number; readonly of: Expression<Leaf> }[];
    }
  | {
      readonly kind: 'blend';
      readonly method: BlendMethod;
      readonly from: Expression<Leaf>;
      readonly to: Expression<Leaf>;
      readonly t: number;
    }
  /** Catmull-Rom through four keys, between the second and the third. */
  | {
      readonly kind: 'spline';
      readonly points: FourPoints<Leaf>;
      readonly t: number;
    }
  /** Step walk: adds the amount to every component. */
  | { readonly kind: 'offset'; readonly of: Expression<Leaf>; readonly amount: number };

export type FourPoints<Leaf> = readonly [
  Expression<Leaf>,
  Expression<Leaf>,
  Expression<Leaf>,
  Expression<Leaf>,
];

/** lerp; lerp with the norm kept; slerp over the whole tensor; slerp of each token's row. */
export type BlendMethod = 'lerp' | 'nlerp' | 'slerp' | 'slerp-tokens';

/** Starting noise (and, drawn on from the same generators, the noise of ancestral steps). */
export type Noise =
  | { readonly kind: 'seed'; readonly seed: number }
  | {
      readonly kind: 'blend';
      readonly method: 'slerp' | 'lerp';
      readonly from: Noise;
      readonly to: Noise;
      readonly t: number;
    }
  /** Variance-preserving: Σ wᵢ·zᵢ / √Σ wᵢ². */
  | { readonly kind: 'mix'; readonly terms: readonly { readonly weight: number; readonly of: Noise }[] }
  /**
   * Circular walk: cos(2π·turns)·x + sin(2π·turns)·y, x and y being the two halves of one draw of twice the batch.
   * Planning writes whole turns as the plain noise `of`; so that nothing jumps there, the noise of ancestral steps
   * goes on from where a plain draw of `of` ends.
   */
  | { readonly kind: 'orbit'; readonly of: Noise; readonly turns: number };

/** Key of the finished picture. */
export function frameKey(spec: FrameSpec): string {
  return hashJson({ artifact: 'frame', spec: spec as unknown as Json });
}

/** Key of the final latents (before the VAE decoder). */
export function latentsKey(spec: FrameSpec): string {
  return hashJson({ artifact: 'latents', spec: spec as unknown as Json });
}

/** Key of one encoded prompt of one model; `part` tells the tensors of one encoding apart where it has several. */
export function embeddingKey(model: string, text: string, settings: TextSettings, part?: string): string {
  return hashJson({
    artifact: 'embedding',
    version: 1,
    model,
    text,
    settings: settings as unknown as Json,
    ...(part === undefined ? {} : { part }),
  });
}

/** Key of one image embedding of one model; `embeddings` are the learned words that are there. */
export function imageEmbeddingKey(
  model: string,
  leaf: ImageLeaf,
  embeddings: TextSettings['embeddings'] = [],
): string {
  const words = embeddingsIn(leaf.kind === 'prior' ? [leaf.text, leaf.negative] : [], embeddings);
  return hashJson({
    artifact: 'image-embedding',
    version: 1,
    model,
    leaf: leaf as unknown as Json,
    ...(words.length === 0 ? {} : { embeddings: words as unknown as Json }),
  });
}

/** The learned words that stand in the texts, in any case of letters. */
export function embeddingsIn<Word extends { readonly token: string }>(
  texts: readonly string[],
  embeddings: readonly Word[],
): Word[] {
  const lower = texts.map((text) => text.toLowerCase());
  return embeddings.filter(({ token }) => lower.some((text) => text.includes(token.toLowerCase())));
}

/** The distinct prompt texts of a conditioning, in order of first use. */
export function textsOf(conditioning: Conditioning): string[] {
  const leaves = leavesOf<TextLeaf | NoText>(conditioning);
  return [...new Set(leaves.flatMap((leaf) => (leaf.kind === 'text' ? [leaf.text] : [])))];
}

/** What an expression is made of, in order of use. */
export function leavesOf<Leaf extends { readonly kind: string }>(expression: Expression<Leaf>): Leaf[] {
  const node = expression as Expression<{ readonly kind: 'leaf' }>;
  switch (node.kind) {
    case 'mix':
      return node.terms.flatMap((term) => leavesOf(term.of as Expression<Leaf>));
    case 'blend':
      return [node.from, node.to].flatMap((end) => leavesOf(end as Expression<Leaf>));
    case 'spline':
      return node.points.flatMap((point) => leavesOf(point as Expression<Leaf>));
    case 'offset':
      return leavesOf(node.of as Expression<Leaf>);
    default:
      return [expression as Leaf];
  }
}

/** Pictures that a frame needs, by content hash: at the frame's size, and as they are. */
export function picturesOf(spec: FrameSpec): {
  readonly fitted: readonly string[];
  readonly whole: readonly string[];
} {
  // Kandinsky scales initial pictures in its own way.
  const ownWay = isOriginalSampler(spec.sampler.scheduler) || spec.image !== undefined;
  const init = spec.init === null ? [] : [spec.init.asset];
  const fitted = [...(ownWay ? [] : init), ...(spec.mask === null ? [] : [spec.mask])];
  const conditions = spec.image === undefined ? [] : [spec.image.positive, spec.image.negative];
  const leaves = conditions.flatMap((conditioning) => leavesOf<ImageLeaf>(conditioning));
  const whole = leaves.flatMap((leaf) => (leaf.kind === 'picture' ? [leaf.asset] : []));
  return { fitted: [...new Set(fitted)], whole: [...new Set([...(ownWay ? init : []), ...whole])] };
}
