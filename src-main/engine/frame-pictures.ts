import { type FrameSpec, picturesOf } from '../../src-shared/model/frame-spec.ts';
import type { FrameRequest, RgbImage } from './ports.ts';

/** A picture at a frame's size, or as it is. */
export type PictureSize = { readonly width: number; readonly height: number } | 'whole';

/** The pictures that a frame needs, as the engine wants them. */
export async function framePictures(
  spec: FrameSpec,
  load: (hash: string, size: PictureSize) => Promise<RgbImage>,
): Promise<Required<Pick<FrameRequest, 'assets' | 'wholeAssets'>>> {
  const { fitted, whole } = picturesOf(spec);
  const { width, height } = spec;
  const all = async (hashes: readonly string[], size: PictureSize): Promise<Record<string, RgbImage>> => {
    const found: Record<string, RgbImage> = {};
    for (const hash of hashes) found[hash] = await load(hash, size);
    return found;
  };
  return { assets: await all(fitted, { width, height }), wholeAssets: await all(whole, 'whole') };
}
