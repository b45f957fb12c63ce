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
}

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
] as const;
export type SchedulerName = (typeof SCHEDULER_NAMES)[number];

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
export type Conditioning =
  | { readonly kind: 'text'; readonly text: string }
  /** No prompt was given, which some models know from an empty one: the model's family decides what stands for it. */
  | { readonly kind: 'none' }
  /** Weighted sum Σ wᵢ·eᵢ, taken as it stands. */
  | {
      readonly kind: 'mix';
      readonly terms: readonly { readonly weight: number; readonly of: Conditioning }[];
    }
  | {
      readonly kind: 'blend';
      readonly method: BlendMethod;
      readonly from: Conditioning;
      readonly to: Conditioning;
      readonly t: number;
    }
  /** Catmull-Rom through four keys, between the second and the third. */
  | {
      readonly kind: 'spline';
      readonly points: readonly [Conditioning, Conditioning, Conditioning, Conditioning];
      readonly t: number;
    }
  /** Step walk: adds the amount to every component. */
  | { readonly kind: 'offset'; readonly of: Conditioning; readonly amount: number };

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

/** The distinct prompt texts of a conditioning, in order of first use. */
export function textsOf(conditioning: Conditioning): string[] {
  const found = new Set<string>();
  const visit = (node: Conditioning): void => {
    switch (node.kind) {
      case 'text':
        found.add(node.text);
        return;
      case 'none':
        return;
      case 'mix':
        for (const term of node.terms) visit(term.of);
        return;
      case 'blend':
        visit(node.from);
        visit(node.to);
        return;
      case 'spline':
        for (const point of node.points) visit(point);
        return;
      case 'offset':
        visit(node.of);
    }
  };
  visit(conditioning);
  return [...found];
}
