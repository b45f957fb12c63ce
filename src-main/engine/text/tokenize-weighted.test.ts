import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createTokenizer } from '../tokenizers/create-tokenizer.ts';
import { applyTokenWeights } from './apply-token-weights.ts';
import { tokenizeWeighted } from './tokenize-weighted.ts';

const root = new URL('../../../test/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const clip = createTokenizer({
  'vocab.json': text('fixtures/tokenizers/clip/vocab.json'),
  'merges.txt': text('fixtures/tokenizers/clip/merges.txt'),
});
const prompts: { text: string }[] = JSON.parse(text('goldens/tokenizer-clip.json'));
const content = (chunk: { ids: readonly number[] }): number[] =>
  chunk.ids.slice(1).filter((id) => id !== clip.eosId);

describe('weighted tokens', () => {
  it('a prompt without syntax has the ids of the plain tokenizer', () => {
    let compared = 0;
    for (const { text: prompt } of prompts) {
      if (/[()[\]\\]/.test(prompt)) continue;
      const plain = clip.encodeFixed(prompt);
      const result = tokenizeWeighted(clip, prompt, { longPrompts: 'truncate' });
      assert.equal(result.chunks.length, 1);
      assert.deepEqual(result.chunks[0]!.ids, plain.ids);
      assert.deepEqual(result.chunks[0]!.attentionMask, plain.attentionMask);
      assert.ok(result.chunks[0]!.weights.every((weight) => weight === 1));
      assert.equal(result.truncated, plain.truncated);
      compared++;
    }
    assert.ok(compared > 60);
  });

  it('weights stand on the tokens of their part and nowhere else', () => {
    const { chunks } = tokenizeWeighted(clip, 'a (red cat:1.5) [dog]', { longPrompts: 'truncate' });
    const tokens = clip.wrap(chunks[0]!.ids.slice(1, 20)).tokens.slice(1);
    const { weights, attentionMask, ids } = chunks[0]!;
    assert.equal(weights.length, 77);
    assert.deepEqual([weights[0], weights[1]], [1, 1]);
    const red = clip.encode('red cat').ids.length;
    const dog = clip.encode('dog').ids.length;
    assert.deepEqual(weights.slice(2, 2 + red), Array(red).fill(1.5));
    assert.deepEqual(weights.slice(2 + red, 2 + red + dog), Array(dog).fill(1 / 1.1));
    assert.equal(ids[2 + red + dog], clip.eosId);
    assert.ok(weights.slice(2 + red + dog).every((weight) => weight === 1));
    assert.equal(
      attentionMask.reduce((a, b) => a + b, 0),
      3 + red + dog,
    );
    assert.equal(tokens[0], 'a</w>');
  });

  it('a cut prompt says what was cut', () => {
    const { chunks, truncated } = tokenizeWeighted(clip, `${'a '.repeat(75)}(red cat:1.2)`, {
      longPrompts: 'truncate',
    });
    assert.equal(chunks.length, 1);
    assert.match(truncated!, /^red cat$/);
  });

  it('chunks hold every token once, each wrapped and padded', () => {
    const prompt = 'very '.repeat(200);
    const all = clip.encode(prompt).ids;
    const { chunks, truncated } = tokenizeWeighted(clip, prompt, { longPrompts: 'chunk' });
    assert.equal(truncated, null);
    assert.equal(chunks.length, Math.ceil(all.length / 75));
    assert.deepEqual(chunks.flatMap(content), all);
    for (const chunk of chunks) {
      assert.equal(chunk.ids.length, 77);
      assert.equal(chunk.ids[0], clip.bosId);
      assert.equal(chunk.ids.at(-1), clip.eosId);
    }
  });

  it('chunks break after a comma among the last 20 tokens, else at the full length', () => {
    const comma = clip.encode(',').ids[0];
    const near = tokenizeWeighted(clip, `${'a '.repeat(60)}, ${'a '.repeat(40)}`, { longPrompts: 'chunk' });
    assert.deepEqual(
      near.chunks.map((chunk) => content(chunk).length),
      [61, 40],
    );
    assert.equal(content(near.chunks[0]!).at(-1), comma);
    const far = tokenizeWeighted(clip, `${'a '.repeat(40)}, ${'a '.repeat(60)}`, { longPrompts: 'chunk' });
    assert.deepEqual(
      far.chunks.map((chunk) => content(chunk).length),
      [75, 26],
    );
    const last = tokenizeWeighted(clip, `${'a '.repeat(74)}, ${'a '.repeat(3)}`, { longPrompts: 'chunk' });
    assert.deepEqual(
      last.chunks.map((chunk) => content(chunk).length),
      [75, 3],
    );
  });

  it('the empty prompt is one chunk of start, end and padding', () => {
    const { chunks } = tokenizeWeighted(clip, '', { longPrompts: 'chunk' });
    assert.deepEqual(
      chunks.map((chunk) => chunk.ids),
      [clip.encodeFixed('').ids],
    );
  });

  it('a full chunk is not followed by an empty one', () => {
    assert.equal(tokenizeWeighted(clip, 'a '.repeat(75), { longPrompts: 'chunk' }).chunks.length, 1);
    assert.equal(tokenizeWeighted(clip, 'a '.repeat(76), { longPrompts: 'chunk' }).chunks.length, 2);
  });

  it('a context without room is refused', () => {
    assert.throws(() => tokenizeWeighted(clip, 'a', { longPrompts: 'chunk', contextLength: 2 }), {
      code: 'invalid-input',
    });
  });
});

describe('applying token weights', () => {
  const embedding = { dims: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };

  it('weights of 1 give the same tensor', () => {
    assert.equal(applyTokenWeights(embedding, [1, 1, 1]), embedding);
  });

  it('rows are weighted and the mean is kept', () => {
    const { data } = applyTokenWeights(embedding, [1, 2, 1]);
    const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
    assert.ok(Math.abs(mean(data) - 3.5) < 1e-6);
    assert.ok(Math.abs(data[2]! / data[0]! - 6) < 1e-5);
    assert.ok(Math.abs(data[0]! - 21 / 28) < 1e-6);
  });

  it('a mean of 0 leaves the scale alone', () => {
    const balanced = { dims: [1, 2, 1], data: Float32Array.of(1, -2) };
    assert.deepEqual([...applyTokenWeights(balanced, [2, 1]).data], [2, -2]);
  });

  it('refuses another number of weights', () => {
    assert.throws(() => applyTokenWeights(embedding, [1, 2]), RangeError);
  });
});
