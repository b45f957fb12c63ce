import type { StoredEmbedding } from '../host/models/embeddings.ts';

/** Encoders by the names that files give their parts. */
const ENCODERS: { readonly [part: string]: string } = {
  clip_l: 'Stable Diffusion XL, text_encoder',
  clip_g: 'Stable Diffusion XL, text_encoder_2',
  t1: 'Kandinsky 2.1, text_encoder',
  t2: 'Kandinsky 2.1, prior_text_encoder',
};
/** Of the text encoders whose width is theirs alone, for files that do not say what they are for. */
const WIDTHS: { readonly [width: number]: string } = {
  768: 'Stable Diffusion 1.x',
  1024: 'Stable Diffusion 2.x',
};

interface Listed {
  readonly word: string;
  readonly file: string;
  readonly parts: readonly { readonly vectors: number; readonly width: number; readonly encoder: string }[];
}

export function embeddingsJson(embeddings: readonly StoredEmbedding[]): string {
  return `${JSON.stringify(embeddings.map(listed))}\n`;
}

/** One line for every encoder that a word is for. */
export function embeddingsText(embeddings: readonly StoredEmbedding[]): string {
  if (embeddings.length === 0) {
    return 'No learned words are there; files go to the embeddings folder of your data or of a model, or are named with --embedding.\n';
  }
  return embeddings
    .map(listed)
    .flatMap(({ word, file, parts }) =>
      parts.map(
        ({ vectors, width, encoder }) =>
          `${word}  ${vectors} ${vectors === 1 ? 'vector' : 'vectors'} of ${width}, ${encoder}  ${file}\n`,
      ),
    )
    .join('');
}

function listed({ token, vectors, path }: StoredEmbedding): Listed {
  return {
    word: token,
    file: path,
    parts: vectors.map(({ part, rows }) => {
      const [count, width] = rows.dims as [number, number];
      const encoder = ENCODERS[part] ?? WIDTHS[width] ?? `text encoders ${width} wide`;
      return { vectors: count, width, encoder };
    }),
  };
}
