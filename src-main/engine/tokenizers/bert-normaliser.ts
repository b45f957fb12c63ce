import { lowerCase } from './lower-case.ts';
import type { JsonObject } from './tokenizer-files.ts';

/**
 * BERT's clean-up as the `tokenizers` library (0.23) orders it: control characters out, white space to blanks, blanks
 * around Chinese characters (those beyond the BMP too), accents off, lower case character by character.
 */
export function bertNormaliser(config: JsonObject): (text: string) => string {
  const lower = config.lowercase === true;
  const strip = typeof config.strip_accents === 'boolean' ? config.strip_accents : lower;
  return (text) => {
    let out = text;
    if (config.clean_text === true) {
      out = out.replace(/(?![\t\n\r])[\0\uFFFD\p{Cc}\p{Cf}\p{Co}]/gu, '').replace(/\p{White_Space}/gu, ' ');
    }
    if (config.handle_chinese_chars === true) out = out.replace(CHINESE, ' $& ');
    if (strip) out = out.normalize('NFD').replace(/\p{Mn}/gu, '');
    return lower ? lowerCase(out) : out;
  };
}

const CHINESE =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
