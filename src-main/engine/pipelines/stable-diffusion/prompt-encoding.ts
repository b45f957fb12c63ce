import type { TextSettings } from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyTokenWeights } from '../../text/apply-token-weights.ts';
import { tokenizeWeighted } from '../../text/tokenize-weighted.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import { describeTokens, type PromptTokens } from '../prompt-tokens.ts';
import type { StableDiffusionModel } from './description.ts';
import { openTextEncoder } from './text-encoder.ts';

/**
 * A prompt's embedding [1, tokens, width]; long prompts in chunks have a multiple of the context's tokens, each chunk
 * encoded by itself.
 */
export async function encodePrompt(
  source: SessionSource,
  model: StableDiffusionModel,
  tokenizer: Tokenizer,
  text: string,
  settings: TextSettings,
): Promise<Tensor> {
  const encoder = await openTextEncoder(source, model, contextLengthOf(model, tokenizer), settings.clipSkip);
  const { contextLength } = encoder;
  const { chunks } = tokenizeWeighted(tokenizer, text, { longPrompts: settings.longPrompts, contextLength });
  const parts: Tensor[] = [];
  for (const chunk of chunks) parts.push(applyTokenWeights(await encoder.encode(chunk), chunk.weights));
  return joined(parts);
}

/** What of the prompt does not fit the text encoder. */
export function promptNotes(
  model: StableDiffusionModel,
  tokenizer: Tokenizer,
  text: string,
  settings: TextSettings,
): FrameNote[] {
  const contextLength = contextLengthOf(model, tokenizer);
  const { truncated } = tokenizeWeighted(tokenizer, text, {
    longPrompts: settings.longPrompts,
    contextLength,
  });
  if (truncated === null) return [];
  return [
    {
      code: 'prompt-truncated',
      message: `The prompt is longer than the ${contextLength} tokens that the text encoder reads; this end was left out: "${truncated}".`,
    },
  ];
}

/** The prompt as the text encoder reads it, token by token. */
export function promptTokens(
  model: StableDiffusionModel,
  tokenizer: Tokenizer,
  text: string,
  settings: TextSettings,
): PromptTokens[] {
  const contextLength = contextLengthOf(model, tokenizer);
  const read = tokenizeWeighted(tokenizer, text, { longPrompts: settings.longPrompts, contextLength });
  return [describeTokens('text_encoder', tokenizer, read, contextLength)];
}

function contextLengthOf(model: StableDiffusionModel, tokenizer: Tokenizer): number {
  return Math.min(tokenizer.contextLength, model.text.contextLength ?? tokenizer.contextLength);
}

function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const [, , width] = first!.dims as [number, number, number];
  const tokens = parts.reduce((sum, part) => sum + part.dims[1]!, 0);
  const data = new Float32Array(tokens * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dims: [1, tokens, width], data };
}
