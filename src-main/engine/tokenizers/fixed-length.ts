import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Encoding, FixedEncoding, Tokenizer, TokenizerKind } from './tokenizer.ts';

/** What a tokenizer has to bring; {@link completeTokenizer} adds the fixed-length forms. */
export interface TokenizerCore {
  readonly kind: TokenizerKind;
  readonly contextLength: number;
  readonly padId: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  encode(text: string): Encoding;
  decode(ids: readonly number[]): string;
  tokenOf(id: number): string;
}

/** Adds cutting, wrapping in start and end tokens, and padding to the right. */
export function completeTokenizer(core: TokenizerCore): Tokenizer {
  const wrap = (content: readonly number[], length = core.contextLength): FixedEncoding => {
    const room = length - core.prefix.length - core.suffix.length;
    if (!Number.isInteger(length) || room < 1) {
      throw new AppError(
        'invalid-input',
        `A text of ${length} tokens has no room for content: at least ${core.prefix.length + core.suffix.length + 1} ` +
          'tokens are needed.',
      );
    }
    const kept = content.slice(0, room);
    const ids = [...core.prefix, ...kept, ...core.suffix];
    const used = ids.length;
    while (ids.length < length) ids.push(core.padId);
    return {
      ids,
      tokens: ids.map((id) => core.tokenOf(id)),
      attentionMask: ids.map((_, i) => (i < used ? 1 : 0)),
      truncated: content.length > room ? core.decode(content.slice(room)) : null,
    };
  };
  return {
    kind: core.kind,
    contextLength: core.contextLength,
    padId: core.padId,
    bosId: core.bosId,
    eosId: core.eosId,
    prefix: core.prefix,
    suffix: core.suffix,
    encode: (text) => core.encode(text),
    decode: (ids) => core.decode(ids),
    encodeFixed: (text, length) => wrap(core.encode(text).ids, length),
    wrap,
  };
}
