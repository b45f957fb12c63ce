import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { TOKENIZER_FILES } from '../../engine/tokenizers/create-tokenizer.ts';
import type { TokenizerFiles } from '../../engine/tokenizers/tokenizer.ts';
import { createTokenCounter, type TokenCounter } from './token-counter.ts';

const fixtures = new URL('../../../test/fixtures/tokenizers/', import.meta.url);

function filesOf(name: string): TokenizerFiles {
  const read = (file: string): string | undefined => {
    const url = new URL(`${name}/${file}`, fixtures);
    return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
  };
  return Object.fromEntries(TOKENIZER_FILES.map((file) => [file, read(file)]));
}

function counting(t: TestContext): TokenCounter {
  const counter = createTokenCounter();
  t.after(() => counter.close());
  return counter;
}

test('counts start, content and end, and tells what is cut', async (t) => {
  const counter = counting(t);
  const long = 'cat '.repeat(90).trim();
  const counts = await counter.count('clip', () => filesOf('clip'), {
    prompts: ['cat', long],
    longPrompts: 'truncate',
  });
  assert.deepEqual(counts[0], { tokens: 3, limit: 77, cut: null });
  assert.equal(counts[1]?.tokens, 92);
  assert.equal(counts[1]?.cut?.split(' ').length, 15);
  const chunked = await counter.count('clip', () => filesOf('clip'), {
    prompts: [long],
    longPrompts: 'chunk',
  });
  assert.equal(chunked[0]?.cut, null);
});

test('asks for a vocabulary once, and again when two others were used since', async (t) => {
  const counter = counting(t);
  const asked: string[] = [];
  const count = (name: string) =>
    counter.count(
      name,
      () => {
        asked.push(name);
        return filesOf('clip');
      },
      { prompts: ['cat'], longPrompts: 'truncate' },
    );
  for (const name of ['a', 'a', 'b', 'a', 'c', 'b', 'a']) assert.equal((await count(name))[0]?.tokens, 3);
  assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
});

test('refuses a broken vocabulary and goes on with others', async (t) => {
  const counter = counting(t);
  const request = { prompts: ['cat'], longPrompts: 'truncate' } as const;
  await assert.rejects(
    counter.count('broken', () => ({ 'tokenizer.json': '{' }), request),
    (error: unknown) => error instanceof AppError && error.message.includes('tokenizer.json'),
  );
  assert.equal((await counter.count('clip', () => filesOf('clip'), request))[0]?.limit, 77);
});

test('what is asked when it is closed fails, and the next question starts anew', async (t) => {
  const counter = counting(t);
  const request = { prompts: ['cat'], longPrompts: 'truncate' } as const;
  const pending = counter.count('clip', () => filesOf('clip'), request);
  const failed = assert.rejects(pending, /The thread that counts tokens has ended/);
  await counter.close();
  await failed;
  assert.equal((await counter.count('clip', () => filesOf('clip'), request))[0]?.tokens, 3);
});
