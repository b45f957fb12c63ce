import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePromptWeights } from './prompt-weights.ts';

/** Parts as [text, weight to 6 digits]. */
const parse = (prompt: string): [string, number][] =>
  parsePromptWeights(prompt).map(({ text, weight }) => [text, Number(weight.toFixed(6))]);

describe('prompt weights', () => {
  const cases: [string, [string, number][]][] = [
    ['red cat, 4k photo', [['red cat, 4k photo', 1]]],
    ['', [['', 1]]],
    [
      'a (word) b',
      [
        ['a ', 1],
        ['word', 1.1],
        [' b', 1],
      ],
    ],
    ['((word))', [['word', 1.21]]],
    ['(word:1.3)', [['word', 1.3]]],
    ['(word: 1.3 )', [['word', 1.3]]],
    ['(word:.5)', [['word', 0.5]]],
    ['(word:2)', [['word', 2]]],
    ['(word:-1)', [['word', -1]]],
    ['[word]', [['word', 0.909091]]],
    ['[[word]]', [['word', 0.826446]]],
    ['[(word)]', [['word', 1]]],
    ['([word:1.5])', [['word:1.5', 1]]],
    [
      '(a (b:1.5) c:2)',
      [
        ['a ', 2],
        ['b', 3],
        [' c', 2],
      ],
    ],
    ['((a:1.2):1.5)', [['a', 1.8]]],
    ['\\(word\\) \\[x\\]', [['(word) [x]', 1]]],
    ['(a \\) b:1.2)', [['a ) b', 1.2]]],
    ['C:\\dir \\n \\\\', [['C:\\dir \\n \\', 1]]],
    ['(unbalanced', [['(unbalanced', 1]]],
    ['unbalanced)', [['unbalanced)', 1]]],
    ['smile :) ok', [['smile :) ok', 1]]],
    ['(a [b)', [['a [b', 1.1]]],
    ['[a (b]', [['a (b', 0.909091]]],
    ['(a] b)', [['a] b', 1.1]]],
    ['(a:b)', [['a:b', 1.1]]],
    ['(a:1.3:1.2)', [['a:1.3', 1.2]]],
    ['()', [['', 1]]],
    ['(:1.3)', [['', 1]]],
    ['a () b', [['a  b', 1]]],
    [
      '(кот:1.2) 🐱 (🐶)',
      [
        ['кот', 1.2],
        [' 🐱 ', 1],
        ['🐶', 1.1],
      ],
    ],
    ['ratio 16:9', [['ratio 16:9', 1]]],
  ];
  for (const [prompt, expected] of cases) {
    it(JSON.stringify(prompt), () => assert.deepEqual(parse(prompt), expected));
  }

  it('a prompt without brackets and backslashes is one plain part', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = text.replace(/[()[\]\\]/g, '');
        assert.deepEqual(parsePromptWeights(plain), [{ text: plain, weight: 1 }]);
      }),
    );
  });

  it('escaping gives every text back as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = text.replace(/[()[\]\\]/g, '\\$&');
        assert.deepEqual(parsePromptWeights(escaped), [{ text, weight: 1 }]);
      }),
    );
  });

  it('any text gives finite weights and loses nothing but syntax', () => {
    const syntax = fc.string({ unit: fc.constantFrom('(', ')', '[', ']', ':', '\\', '1', '.', 'a', ' ') });
    fc.assert(
      fc.property(syntax, (text) => {
        const parts = parsePromptWeights(text);
        assert.ok(parts.length > 0 && parts.every((part) => Number.isFinite(part.weight)));
        const letters = (value: string) => value.replace(/[^a]/g, '');
        assert.equal(letters(parts.map((part) => part.text).join('')), letters(text));
      }),
    );
  });

  it('survives thousands of brackets', () => {
    assert.equal(parsePromptWeights(`${'['.repeat(20_000)}a${']'.repeat(20_000)}`).length, 1);
    assert.equal(parsePromptWeights('('.repeat(100_000)).length, 1);
  });
});
