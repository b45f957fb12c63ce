import { throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { type FrameSpec, latentsKey } from '../../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { ArtifactStore } from '../store/store-types.ts';
import { decodeTensor } from '../store/tensor-codec.ts';
import { createBreather } from '../breathe.ts';

export interface MeasuredFrame {
  readonly spec: FrameSpec;
  /** Its frameKey. */
  readonly key: string;
}

/** How far rendered pictures are from one another; what was measured once is remembered. */
export interface MotionMeter {
  /**
   * Distances of each frame from the one before it; null for the first and where one of the two has no latents.
   * `frames[i]` is null where nothing is rendered.
   */
  measure(
    store: ArtifactStore,
    frames: readonly (MeasuredFrame | null)[],
    signal: AbortSignal,
  ): Promise<(number | null)[]>;
}

/** Pairs that are remembered: a long film three times over. */
const REMEMBERED = 40_000;

export function createMotionMeter(): MotionMeter {
  const known = new Map<string, number>();
  return {
    async measure(store, frames, signal) {
      const breathe = createBreather();
      const distances: (number | null)[] = [];
      /** Neighbours share a picture's latents: one of them is kept at hand. */
      let latest: { readonly key: string; readonly latents: Tensor | undefined } | undefined;
      const latentsOf = ({ key, spec }: MeasuredFrame): Tensor | undefined => {
        if (latest?.key === key) return latest.latents;
        const artifact = store.getArtifact('latents', latentsKey(spec));
        return artifact === undefined ? undefined : decodeTensor(artifact.bytes);
      };
      for (const [at, frame] of frames.entries()) {
        const before = at === 0 ? null : (frames[at - 1] as MeasuredFrame | null);
        if (frame === null || before === null) {
          distances.push(null);
          continue;
        }
        if (frame.key === before.key) {
          distances.push(0);
          continue;
        }
        const pair = `${before.key}${frame.key}`;
        let distance = known.get(pair);
        if (distance === undefined) {
          await breathe();
          throwIfCancelled(signal, 'Measuring motion');
          const from = latentsOf(before);
          const latents = latentsOf(frame);
          latest = { key: frame.key, latents };
          distance = from === undefined || latents === undefined ? undefined : distanceOf(from, latents);
          if (distance !== undefined) known.set(pair, distance);
        }
        distances.push(distance ?? null);
      }
      for (const pair of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(pair);
      }
      return distances;
    },
  };
}

/** RMS of the difference as a share of the tensors' own RMS: 0 equal, about 1.4 unrelated. Undefined for other shapes. */
function distanceOf(a: Tensor, b: Tensor): number | undefined {
  if (a.data.length !== b.data.length) return undefined;
  let difference = 0;
  let energy = 0;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i]!, b.data[i]!];
    difference += (x - y) ** 2;
    energy += (x * x + y * y) / 2;
  }
  return energy === 0 ? 0 : Math.sqrt(difference / energy);
}
