import { parentPort } from 'node:worker_threads';
import { tokenizeWeighted } from '../../engine/text/tokenize-weighted.ts';
import { createTokenizer } from '../../engine/tokenizers/create-tokenizer.ts';
import type { Tokenizer, TokenizerFiles } from '../../engine/tokenizers/tokenizer.ts';
import { toWire } from '../sessions/protocol.ts';
import type { CountRequest, FromTokenThread, TokenCount, ToTokenThread } from './token-messages.ts';

/* Entry of the thread that counts tokens: reading a vocabulary takes a tenth of a second to seconds. */

const vocabularies = new Map<string, TokenizerFiles>();
const tokenizers = new Map<string, Tokenizer>();

parentPort?.on('message', (message: ToTokenThread) => {
  switch (message.type) {
    case 'vocabulary':
      vocabularies.set(message.name, message.files);
      return;
    case 'forget':
      vocabularies.delete(message.name);
      tokenizers.delete(message.name);
      return;
    case 'count':
      parentPort?.postMessage(answer(message.id, message.name, message));
  }
});

function answer(id: number, name: string, request: CountRequest): FromTokenThread {
  try {
    return {
      id,
      counts: request.prompts.map((prompt) => count(tokenizerOf(name), prompt, request.longPrompts)),
    };
  } catch (error) {
    return { id, error: toWire(error) };
  }
}

function tokenizerOf(name: string): Tokenizer {
  let tokenizer = tokenizers.get(name);
  if (tokenizer === undefined) {
    tokenizer = createTokenizer(vocabularies.get(name) ?? {});
    tokenizers.set(name, tokenizer);
    // What it was made of is in it.
    vocabularies.delete(name);
  }
  return tokenizer;
}

function count(tokenizer: Tokenizer, prompt: string, longPrompts: CountRequest['longPrompts']): TokenCount {
  const { chunks, truncated, cut } = tokenizeWeighted(tokenizer, prompt, { longPrompts });
  const content = chunks.reduce((sum, chunk) => sum + chunk.content, cut.ids.length);
  return {
    tokens: content + tokenizer.prefix.length + tokenizer.suffix.length,
    limit: tokenizer.contextLength,
    cut: truncated,
  };
}
