import { bertNormaliser } from './bert-normaliser.ts';
import { lowerCase } from './lower-case.ts';
import { precompiledCharsmap } from './precompiled-charsmap.ts';
import { isObject, type JsonObject } from './tokenizer-files.ts';
import { type LibraryNormaliser, Normalizer } from './tokenizers-library.ts';

class ExactNormaliser extends Normalizer {
  readonly apply: (text: string) => string;
  constructor(apply: (text: string) => string) {
    super({});
    this.apply = apply;
  }
  override normalize(text: string): string {
    return this.apply(text);
  }
}

/**
 * The library's normaliser with the parts replaced that differ from the `tokenizers` library: it has NFKC for
 * sentencepiece's character map, misses Chinese characters beyond the BMP, lower-cases with context, and its white
 * space splitter does not know U+0085.
 * @throws {RangeError} when a character map is broken
 */
export function exactNormaliser(
  given: LibraryNormaliser | null,
  tokenizerJson: JsonObject,
): LibraryNormaliser | null {
  const exact = replaceParts(given, tokenizerJson.normalizer);
  if (!JSON.stringify(tokenizerJson.pre_tokenizer ?? null).includes('"WhitespaceSplit"')) return exact;
  return new ExactNormaliser((text) => (exact ? exact.normalize(text) : text).replaceAll('\u0085', ' '));
}

function replaceParts(given: LibraryNormaliser | null, config: unknown): LibraryNormaliser | null {
  if (given === null || !isObject(config)) return given;
  switch (config.type) {
    case 'Lowercase':
      return new ExactNormaliser(lowerCase);
    case 'BertNormalizer':
      return new ExactNormaliser(bertNormaliser(config));
    case 'Precompiled':
      return typeof config.precompiled_charsmap === 'string'
        ? new ExactNormaliser(precompiledCharsmap(config.precompiled_charsmap))
        : given;
    case 'Sequence': {
      const parts: unknown[] = Array.isArray(config.normalizers) ? config.normalizers : [];
      given.normalizers = (given.normalizers ?? []).map((part, i) => replaceParts(part, parts[i]));
      return given;
    }
    default:
      return given;
  }
}
