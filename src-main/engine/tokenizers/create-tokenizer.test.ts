import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { createTokenizer } from './create-tokenizer.ts';
import type { TokenizerFiles } from './tokenizer.ts';

const root = new URL('../../../', import.meta.url);
const fixtures = new URL('test/fixtures/tokenizers/', root);
const read = (path: string): string | undefined => {
  const url = new URL(path, fixtures);
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
};
const charsmap = gunzipSync(readFileSync(new URL('nmt_nfkc.charsmap.gz', fixtures))).toString();
const files = (folder: string, ...names: string[]): TokenizerFiles =>
  Object.fromEntries(names.map((name) => [name, read(`${folder}/${name}`)?.replace('@nmt_nfkc', charsmap)]));
const saved = (folder: string): TokenizerFiles => files(folder, 'tokenizer.json', 'tokenizer_config.json');

interface Golden {
  text: string;
  ids: number[];
  tokens: string[];
  fixed: number[];
  mask: number;
}
const goldens = (name: string): Golden[] =>
  JSON.parse(readFileSync(new URL(`test/goldens/tokenizer-${name}.json`, root), 'utf8'));

const sets: [name: string, files: TokenizerFiles, golden: string][] = [
  ['CLIP from tokenizer.json', saved('clip'), 'clip'],
  [
    'CLIP from vocab.json and merges.txt',
    files('clip', 'vocab.json', 'merges.txt', 'tokenizer_config.json'),
    'clip',
  ],
  ['CLIP without settings', files('clip', 'vocab.json', 'merges.txt'), 'clip'],
  [
    'SD 2 CLIP, padded with "!"',
    { ...files('clip', 'vocab.json', 'merges.txt'), ...files('clip-sd2', 'tokenizer_config.json') },
    'clip-sd2',
  ],
  ['BERT', saved('bert'), 'bert'],
  ['BERT from vocab.txt', files('bert', 'vocab.txt', 'tokenizer_config.json'), 'bert'],
  ['XLM-R', saved('xlmr'), 'xlmr'],
  ['T5', saved('t5'), 't5'],
];

describe('tokenizers give the ids of transformers', () => {
  for (const [name, tokenizerFiles, golden] of sets) {
    const tokenizer = createTokenizer(tokenizerFiles);
    const rows = goldens(golden);
    it(`${name}: ${rows.length} prompts`, () => {
      for (const row of rows) {
        const encoding = tokenizer.encode(row.text);
        const label = JSON.stringify(row.text.slice(0, 60));
        assert.deepEqual(encoding.tokens, row.tokens, `tokens of ${label}`);
        assert.deepEqual(encoding.ids, row.ids, `ids of ${label}`);
        const fixed = tokenizer.encodeFixed(row.text);
        assert.deepEqual(fixed.ids, row.fixed, `padded ids of ${label}`);
        assert.equal(
          fixed.attentionMask.reduce((a, b) => a + b, 0),
          row.mask,
          `mask of ${label}`,
        );
        assert.equal(fixed.tokens.length, fixed.ids.length);
        const room = tokenizer.contextLength - tokenizer.prefix.length - tokenizer.suffix.length;
        assert.equal(fixed.truncated !== null, row.ids.length > room, `truncation of ${label}`);
      }
    });
    it(`${name}: any string is accepted`, () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), loneSurrogates),
          (text) => {
            const fixed = tokenizer.encodeFixed(text);
            assert.equal(fixed.ids.length, tokenizer.contextLength);
            assert.ok(fixed.ids.every((id) => Number.isInteger(id) && id >= 0));
          },
        ),
        { numRuns: 100 },
      );
    });
  }
});

const loneSurrogates = fc
  .array(fc.integer({ min: 0xd700, max: 0xe0ff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

describe('special tokens and lengths', () => {
  it('CLIP pads with its end token, SD 2 with id 0', () => {
    const clip = createTokenizer(saved('clip'));
    assert.equal(clip.kind, 'clip');
    assert.equal(clip.padId, clip.eosId);
    const sd2 = createTokenizer(sets[3]![1]);
    assert.equal(sd2.padId, 0);
    assert.equal(sd2.encodeFixed('cat').ids.at(-1), 0);
  });

  it('reads the context length from the settings and falls back when there is no limit', () => {
    const vocabulary = files('clip', 'vocab.json', 'merges.txt');
    const unlimited = {
      ...vocabulary,
      'tokenizer_config.json': '{"model_max_length": 1000000000000000019884624838656}',
    };
    assert.equal(createTokenizer(vocabulary).contextLength, 77);
    assert.equal(createTokenizer(unlimited).contextLength, 77);
    assert.equal(createTokenizer(unlimited, { defaultContextLength: 248 }).contextLength, 248);
    assert.equal(createTokenizer(files('xlmr', 'tokenizer.json')).contextLength, 512);
    assert.equal(createTokenizer(saved('xlmr')).contextLength, 64);
    assert.equal(createTokenizer(saved('xlmr')).encodeFixed('cat', 77).ids.length, 77);
  });

  it('knows what stands around a text', () => {
    const t5 = createTokenizer(saved('t5'));
    assert.deepEqual([t5.prefix, t5.suffix, t5.padId, t5.kind], [[], [1], 0, 'unigram']);
    const xlmr = createTokenizer(saved('xlmr'));
    assert.deepEqual([xlmr.prefix, xlmr.suffix, xlmr.padId, xlmr.bosId, xlmr.eosId], [[0], [2], 1, 0, 2]);
    assert.equal(createTokenizer(saved('bert')).kind, 'wordpiece');
  });

  it('names the text that was cut', () => {
    const clip = createTokenizer(saved('clip'));
    const fixed = clip.encodeFixed('a photo of a red cat, café и кот', 8);
    assert.equal(fixed.ids.length, 8);
    assert.equal(fixed.ids.at(-1), clip.eosId);
    assert.match(fixed.truncated!, /café и кот$/);
    const bert = createTokenizer(saved('bert'));
    assert.match(bert.encodeFixed('a photo of a red cat', 5).truncated!, /red cat$/);
  });

  it('refuses a length without room for content', () => {
    const clip = createTokenizer(saved('clip'));
    assert.throws(() => clip.encodeFixed('cat', 2), { code: 'invalid-input' });
  });

  it('takes added tokens of textual inversion from added_tokens_decoder', () => {
    const clip = createTokenizer({
      ...saved('clip'),
      'tokenizer_config.json': JSON.stringify({
        added_tokens_decoder: { 2000: { content: '<sapsan>', special: false, normalized: true } },
      }),
    });
    assert.deepEqual(clip.encode('<SAPSAN>').ids, [2000]);
  });

  it('encodes a very long word in reasonable time', () => {
    const clip = createTokenizer(saved('clip'));
    assert.ok(clip.encode('abcdefghij'.repeat(2000)).ids.length > 1000);
  });
});

describe('broken tokenizer files are named', () => {
  const clip = files('clip', 'vocab.json', 'merges.txt');
  const cases: [string, TokenizerFiles, RegExp][] = [
    ['nothing there', {}, /no tokenizer\.json/],
    ['garbled tokenizer.json', { 'tokenizer.json': '{"model": ' }, /tokenizer\.json is not JSON/],
    ['tokenizer.json that is a list', { 'tokenizer.json': '[]' }, /tokenizer\.json must hold a JSON object/],
    ['tokenizer.json without a model', { 'tokenizer.json': '{}' }, /tokenizer\.json has no model/],
    [
      'unknown model type',
      { 'tokenizer.json': '{"model":{"type":"WordLevel","vocab":{"a":0}}}' },
      /WordLevel/,
    ],
    ['empty vocabulary', { 'tokenizer.json': '{"model":{"type":"Unigram","vocab":[]}}' }, /no vocabulary/],
    [
      'broken row',
      { 'tokenizer.json': '{"model":{"type":"Unigram","vocab":[["a"]]}}' },
      /no \[token, score\]/,
    ],
    ['merges.txt missing', { 'vocab.json': clip['vocab.json'] }, /merges\.txt is missing/],
    ['vocab.json missing', { 'merges.txt': clip['merges.txt'] }, /vocab\.json is missing/],
    [
      'vocab.json cut',
      { ...clip, 'vocab.json': clip['vocab.json']!.slice(0, 9000) },
      /vocab\.json is not JSON/,
    ],
    [
      'merges garbled',
      { ...clip, 'merges.txt': 'a b c\n' },
      /merges\.txt has a merge that is no pair of symbols at 1/,
    ],
    ['not CLIP', { ...clip, 'vocab.json': '{"a": 0}' }, /not a CLIP vocabulary/],
    ['no end token', { ...clip, 'vocab.json': '{"a</w>": 0}' }, /start token/],
    ['id twice', { ...clip, 'vocab.json': '{"a</w>": 0, "b": 0}' }, /id 0 to two tokens/],
    ['id not a number', { ...clip, 'vocab.json': '{"a</w>": "0"}' }, /ids are integers/],
    ['settings garbled', { ...clip, 'tokenizer_config.json': 'null' }, /tokenizer_config\.json must hold/],
    [
      'length garbled',
      { ...clip, 'tokenizer_config.json': '{"model_max_length": "77"}' },
      /model_max_length "77"/,
    ],
    ['vocab.txt of no BERT', { 'vocab.txt': 'a\nb\n' }, /vocab\.txt has no line \[UNK\]/],
    [
      'cut character map',
      { ...saved('xlmr'), 'tokenizer.json': read('xlmr/tokenizer.json')!.replace('@nmt_nfkc', 'AAAA') },
      /tokenizer\.json cannot be used \(the precompiled character map/,
    ],
  ];
  for (const [name, broken, message] of cases) {
    it(name, () => {
      assert.throws(
        () => createTokenizer(broken),
        (error: unknown) =>
          error instanceof AppError && error.code === 'invalid-model' && message.test(error.message),
      );
    });
  }
});

describe('the embedded model', () => {
  const folder = new URL('models/fluent-world/tokenizer/', root);
  it(
    'has a tokenizer that works',
    {
      skip: existsSync(folder) ? false : 'the model folder is not here',
    },
    () => {
      const names = [
        'tokenizer.json',
        'tokenizer_config.json',
        'special_tokens_map.json',
        'vocab.json',
        'merges.txt',
        'vocab.txt',
      ];
      const own = Object.fromEntries(
        names.map((name) => {
          const url = new URL(name, folder);
          return [name, existsSync(url) ? readFileSync(url, 'utf8') : undefined];
        }),
      );
      const tokenizer = createTokenizer(own);
      const fixed = tokenizer.encodeFixed('red cat, 4k photo');
      assert.equal(fixed.ids.length, tokenizer.contextLength);
      assert.equal(fixed.truncated, null);
      assert.notDeepEqual(fixed.ids, tokenizer.encodeFixed('blue dog at the beach').ids);
    },
  );
});
