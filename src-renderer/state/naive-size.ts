export type FilmFormat = 'gif' | 'mp4' | 'webm' | 'webp' | 'png';

/** Bytes a pixel of a frame at quality 80, as morphs of the examples came out. */
const BYTES_A_PIXEL: Readonly<Record<FilmFormat, number>> = {
  gif: 0.45,
  mp4: 0.045,
  webm: 0.03,
  webp: 0.07,
  png: 1.5,
};
/** How many points of quality double the size. */
const DOUBLING: Readonly<Record<FilmFormat, number>> = {
  gif: 90,
  mp4: 28,
  webm: 28,
  webp: 30,
  png: Number.POSITIVE_INFINITY,
};

/** A first guess of an export's size, before anything was encoded. */
export function naiveSize(
  format: FilmFormat,
  film: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly quality: number;
  },
): number {
  const pixels = film.width * film.height * film.frames;
  return pixels * BYTES_A_PIXEL[format] * 2 ** ((film.quality - 80) / DOUBLING[format]);
}

/** What one quality means to the encoder of a format, for those who know them. */
export function encoderWords(format: FilmFormat, quality: number): string {
  switch (format) {
    case 'gif':
      return `${Math.round(32 + (quality / 100) * 224)} colours`;
    case 'mp4':
      return `H.264, CRF ${Math.round(34 - (quality / 100) * 20)}`;
    case 'webm':
      return 'VP9, constant quality';
    case 'webp':
      return quality >= 100 ? 'WebP, lossless' : `WebP, quality ${quality}`;
    case 'png':
      return 'lossless, bit for bit';
  }
}
