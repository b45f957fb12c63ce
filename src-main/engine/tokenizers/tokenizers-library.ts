import * as library from '@huggingface/tokenizers';

/**
 * The part of `@huggingface/tokenizers` 0.2.0 that is used here. Its own declarations import each other without file
 * endings, which Node's module resolution does not accept, so they are written down once more.
 */
export interface LibraryNormaliser {
  normalize(text: string): string;
  /** Only of a sequence. */
  normalizers?: (LibraryNormaliser | null)[];
}

export interface LibraryTokenizer {
  normalizer: LibraryNormaliser | null;
  encode(text: string, options?: { add_special_tokens?: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options?: { clean_up_tokenization_spaces?: boolean }): string;
}

interface Library {
  /** Its instances are functions: calling one calls `normalize`. */
  readonly Normalizer: abstract new (config: object) => LibraryNormaliser;
  readonly Tokenizer: new (tokenizerJson: object, config: object) => LibraryTokenizer;
}

export const { Normalizer, Tokenizer: HuggingFaceTokenizer } = library as unknown as Library;
