import { BLOB_PATH, THUMBNAIL_WIDTHS } from '../../src-shared/contract/protocol.ts';

/** Address of a picture; with `width` of a thumbnail at least that wide (the widest there is above 512). */
export function pictureUrl(key: string, width?: number): string {
  if (width === undefined) return `${BLOB_PATH}${key}`;
  const step = THUMBNAIL_WIDTHS.find((candidate) => candidate >= width) ?? THUMBNAIL_WIDTHS.at(-1);
  return `${BLOB_PATH}${key}?width=${step}`;
}

/** Decoded pictures that were shown lately, so that playback does not wait for the decoder. */
export class PictureCache {
  readonly #pictures = new Map<string, HTMLImageElement>();
  readonly #limit: number;

  constructor(limit = 240) {
    this.#limit = limit;
  }

  /** The picture when it is decoded already; otherwise it is being fetched and `onReady` is called once. */
  get(key: string, onReady?: () => void): HTMLImageElement | undefined {
    const known = this.#pictures.get(key);
    if (known !== undefined) {
      this.#pictures.delete(key);
      this.#pictures.set(key, known);
      if (known.complete && known.naturalWidth > 0) return known;
      if (onReady !== undefined) known.addEventListener('load', onReady, { once: true });
      return undefined;
    }
    const image = new Image();
    image.decoding = 'async';
    if (onReady !== undefined) image.addEventListener('load', onReady, { once: true });
    image.addEventListener('error', () => this.#pictures.delete(key), { once: true });
    image.src = pictureUrl(key);
    this.#pictures.set(key, image);
    const oldest = this.#pictures.keys().next().value;
    if (this.#pictures.size > this.#limit && oldest !== undefined) this.#pictures.delete(oldest);
    return undefined;
  }
}
