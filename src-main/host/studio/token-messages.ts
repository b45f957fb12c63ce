import type { TokenizerFiles } from '../../engine/tokenizers/tokenizer.ts';
import type { WireError } from '../sessions/protocol.ts';

/** What the thread that counts tokens is told. */
export type ToTokenThread =
  /** Files of a tokenizer, known by `name` from now on. */
  | { readonly type: 'vocabulary'; readonly name: string; readonly files: TokenizerFiles }
  | { readonly type: 'forget'; readonly name: string }
  | ({ readonly type: 'count'; readonly id: number; readonly name: string } & CountRequest);

export interface CountRequest {
  readonly prompts: readonly string[];
  readonly longPrompts: 'truncate' | 'chunk';
}

export interface TokenCount {
  /** Tokens of the whole prompt, start and end included. */
  readonly tokens: number;
  /** That one run of the encoder takes. */
  readonly limit: number;
  /** The end that the encoder does not see, readable; null when it sees all. */
  readonly cut: string | null;
}

/** One answer a count. */
export type FromTokenThread =
  | { readonly id: number; readonly counts: readonly TokenCount[] }
  | { readonly id: number; readonly error: WireError };
