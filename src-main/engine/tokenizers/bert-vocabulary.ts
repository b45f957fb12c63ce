import type { JsonObject } from './tokenizer-files.ts';
import { fileError } from './tokenizer-files.ts';

/**
 * A `tokenizer.json` for older BERT folders that hold only `vocab.txt` (one token a line), with the settings of
 * `tokenizer_config.json`, as transformers' BertTokenizer builds it.
 * @throws {AppError} invalid-model when a token that BERT needs is missing.
 */
export function bertTokenizerJson(vocabTxt: string, config: JsonObject): JsonObject {
  const lines = vocabTxt.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const vocab: Record<string, number> = {};
  lines.forEach((token, id) => {
    vocab[token] = id;
  });
  for (const token of ['[UNK]', '[CLS]', '[SEP]']) {
    if (vocab[token] === undefined) throw fileError('vocab.txt', `has no line ${token}`);
  }
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const entry = (id: string) => ({ id, ids: [vocab[id]], tokens: [id] });
  return {
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
      .filter((content) => vocab[content] !== undefined)
      .map((content) => ({ id: vocab[content], content, special: true, normalized: false })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars !== false,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case !== false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
      pair: [],
      special_tokens: { '[CLS]': entry('[CLS]'), '[SEP]': entry('[SEP]') },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
