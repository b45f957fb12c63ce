import type { PictureCache } from '../client/pictures.ts';

/** What the stage shows: a picture, or the blend of two where a frame is missing. */
export interface StagePicture {
  readonly key: string;
  /** Laid over it, so visible (0..1). */
  readonly over?: { readonly key: string; readonly alpha: number };
}

/**
 * Draws it when it is decoded; until then the canvas keeps what it shows, so that playback does not flash.
 * @returns whether it was drawn
 */
export function drawPicture(
  canvas: HTMLCanvasElement,
  pictures: PictureCache,
  { key, over }: StagePicture,
  onReady: () => void,
): boolean {
  const image = pictures.get(key, onReady);
  const second = over === undefined ? undefined : pictures.get(over.key, onReady);
  if (image === undefined || (over !== undefined && second === undefined)) return false;
  if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
  }
  const context = canvas.getContext('2d');
  if (context === null) return false;
  context.drawImage(image, 0, 0);
  if (over !== undefined && second !== undefined) {
    context.globalAlpha = over.alpha;
    context.drawImage(second, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = 1;
  }
  return true;
}
