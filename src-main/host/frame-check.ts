import { throwIfCancelled } from '../../src-shared/kernel/errors.ts';
import { spread } from '../../src-shared/kernel/spread.ts';
import { type FrameSpec, frameKey } from '../../src-shared/model/frame-spec.ts';
import { framePictures } from '../engine/frame-pictures.ts';
import { sameTensor } from '../engine/tensor/tensor.ts';
import { storedLatents } from './artifact-frames.ts';
import type { Host } from './host.ts';
import type { HostModel } from './host-models.ts';
import type { Project } from './project.ts';
import { specsOf } from './project-frames.ts';
import { decodeImage } from './render/frame-codec.ts';

export interface CheckedFrame {
  readonly frame: number;
  /** Latents and picture are the stored ones, bit for bit. */
  readonly isEqual: boolean;
  /** Of the two pictures, decibels; Infinity where they are equal. */
  readonly psnr: number;
}

/**
 * Renders stored frames again, without the cache, and compares: whether this machine still makes what is stored. The
 * frames are spread evenly over those that are there, each picture once.
 * @param most so many frames at most
 * @returns nothing where no frame is stored
 */
export async function checkFrames(
  host: Pick<Host, 'renderImage'>,
  project: Project,
  model: HostModel,
  most: number,
  {
    signal,
    onFrame,
  }: { readonly signal: AbortSignal; readonly onFrame: (done: number, total: number) => void },
): Promise<CheckedFrame[]> {
  const frames = spread(storedFrameSpecs(project, model), most);
  const checked: CheckedFrame[] = [];
  for (const { frame, spec, key } of frames) {
    throwIfCancelled(signal, 'The check');
    onFrame(checked.length, frames.length);
    const stored = project.cache.getArtifact('frame', key);
    // Damaged bytes are dropped by the cache when they are read.
    if (stored === undefined) continue;
    const { assets, wholeAssets } = await framePictures(spec, project.asset);
    const { latents, image } = await host.renderImage(model, spec, assets, { signal, wholeAssets });
    const before = await decodeImage(stored.bytes, `frame ${frame}`);
    const kept = storedLatents(project.cache, spec);
    const psnr = peakSignalToNoise(before.data, image.data);
    checked.push({
      frame,
      isEqual: psnr === Infinity && (kept === undefined || sameTensor(kept, latents)),
      psnr,
    });
  }
  return checked;
}

interface StoredFrame {
  readonly frame: number;
  readonly spec: FrameSpec;
  readonly key: string;
}

function storedFrameSpecs(project: Project, model: HostModel): StoredFrame[] {
  const planned = specsOf(project, model, undefined).map((spec, frame) => ({
    frame,
    spec,
    key: frameKey(spec),
  }));
  const present = project.cache.hasArtifacts(
    'frame',
    planned.map(({ key }) => key),
  );
  const seen = new Set<string>();
  return planned.filter(({ key }) => present.has(key) && !seen.has(key) && seen.add(key));
}

/** Decibels between two pictures of 8 bits; 0 where their sizes differ. */
function peakSignalToNoise(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 0;
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return squares === 0 ? Infinity : 10 * Math.log10((255 ** 2 * a.length) / squares);
}
