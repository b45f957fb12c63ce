/** How the tokenizer cuts words: CLIP's byte-level BPE, BERT's WordPiece, XLM-R's and T5's Unigram, or another BPE. */
export type TokenizerKind = 'clip' | 'wordpiece' | 'unigram' | 'bpe';

/** Content tokens of a text: no start, end or padding tokens. `ids` and `tokens` have equal length. */
export interface Encoding {
  readonly ids: number[];
  /** The tokens as the vocabulary spells them (`cat</w>`, `##ing`, `▁cat`). */
  readonly tokens: string[];
}

/** A text in a fixed number of tokens, as a text encoder wants it. All arrays have the asked-for length. */
export interface FixedEncoding extends Encoding {
  /** 1 for content, start and end tokens; 0 for padding. */
  readonly attentionMask: number[];
  /** The end of the text that did not fit, readable; null when everything fits. */
  readonly truncated: string | null;
}

/** Turns prompts into the token ids of one text encoder. Immutable; any string is accepted, even ill-formed UTF-16. */
export interface Tokenizer {
  readonly kind: TokenizerKind;
  /** Tokens that the text encoder takes at once, start and end tokens included. */
  readonly contextLength: number;
  readonly padId: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** Ids put before and after the content of every text (CLIP: start, end; T5: nothing, end). */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  encode(text: string): Encoding;
  /** Content ids back to readable text; only for people's eyes. */
  decode(ids: readonly number[]): string;
  /**
   * Start + content + end, cut and padded to `length` (default {@link contextLength}). The end tokens stay when the
   * content is cut, as in transformers' `truncation=True, padding="max_length"`.
   * @throws {AppError} invalid-input when `length` has no room for the start and end tokens.
   */
  encodeFixed(text: string, length?: number): FixedEncoding;
  /** The same for content ids that are already there (textual inversion, weighted prompts, chunks). */
  wrap(content: readonly number[], length?: number): FixedEncoding;
}

/** Texts of the files of a model's tokenizer folder by file name; what the folder lacks is absent or undefined. */
export type TokenizerFiles = { readonly [name: string]: string | undefined };

export interface TokenizerOptions {
  /**
   * Context length where `tokenizer_config.json` gives none or transformers' "no limit" (1e30).
   * Default 77 for CLIP, 512 for the others.
   */
  readonly defaultContextLength?: number;
}
