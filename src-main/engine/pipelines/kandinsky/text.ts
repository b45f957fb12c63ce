import type { FrameNote, SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyTokenWeights } from '../../text/apply-token-weights.ts';
import { tokenizeWeighted, type WeightedTokens } from '../../text/tokenize-weighted.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import { graphWithExtraRows, type LearnedVocabulary } from '../learned-rows.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from '../session-io.ts';

/** All text encoders of Kandinsky read so many tokens, whatever their tokenizers say. */
export const CONTEXT_LENGTH = 77;

/** A prompt as a text encoder says it. */
export interface EncodedText {
  /** [1, 77, width], padding included. */
  readonly states: Tensor;
  /** [1, width] */
  readonly pooled: Tensor;
  /** 1 for text, 0 for padding. */
  readonly mask: readonly number[];
}

export function readTokens(tokenizer: Tokenizer, text: string): WeightedTokens {
  return tokenizeWeighted(tokenizer, text, { longPrompts: 'truncate', contextLength: CONTEXT_LENGTH });
}

/** What of a prompt an encoder does not read. */
export function truncationNotes(tokenizer: Tokenizer, text: string): FrameNote[] {
  const { truncated } = readTokens(tokenizer, text);
  if (truncated === null) return [];
  return [
    {
      code: 'prompt-truncated',
      message: `The prompt is longer than the ${CONTEXT_LENGTH} tokens that the text encoder reads; this end was left out: "${truncated}".`,
    },
  ];
}

/** How an encoded text is meant. */
export interface TextReading {
  /** Whether stress in brackets weighs the states. */
  readonly stressed: boolean;
  /**
   * Whether the pooled vector is the one at the greatest token id, as the original implementation has it: a learned word
   * then stands in the place of the end token.
   */
  readonly atGreatestId?: boolean;
}

/** Runs the text encoder in folder `component` on one prompt. */
export async function encodeText(
  source: SessionSource,
  component: string,
  vocabulary: LearnedVocabulary,
  text: string,
  { stressed, atGreatestId = false }: TextReading,
): Promise<EncodedText> {
  const { chunk, output } = await encode(source, component, vocabulary, text);
  // Among the model's own ids the greatest is the end token's: only the graph for learned words tells them apart.
  const pooled = atGreatestId && vocabulary.rows !== null ? 'text_embeds_at_greatest_id' : 'text_embeds';
  const states = output('last_hidden_state');
  return {
    states: stressed ? applyTokenWeights(states, chunk.weights) : states,
    pooled: output(pooled),
    mask: chunk.attentionMask,
  };
}

/** The rows [1, 77, width] of an encoder that has no pooled vector, stress applied. */
export async function encodeRows(
  source: SessionSource,
  component: string,
  vocabulary: LearnedVocabulary,
  text: string,
): Promise<Tensor> {
  const { chunk, output } = await encode(source, component, vocabulary, text);
  return applyTokenWeights(output('last_hidden_state'), chunk.weights);
}

async function encode(
  source: SessionSource,
  component: string,
  { tokenizer, rows }: LearnedVocabulary,
  text: string,
): Promise<{ chunk: WeightedTokens['chunks'][number]; output: (name: string) => Tensor }> {
  const session = await source.session(rows === null ? component : graphWithExtraRows(source, component));
  const chunk = readTokens(tokenizer, text).chunks[0]!;
  const ids = requireTensor(component, 'input', session.inputs, ['input_ids']);
  const mask = session.inputs.find(({ name }) => name === 'attention_mask');
  const dims = [1, CONTEXT_LENGTH];
  const extra =
    rows === null ? null : requireTensor(component, 'input', session.inputs, ['extra_embeddings']);
  const results = await runSession(session, component, 'encoding the prompt', {
    [ids.name]: toPort(ids, dims, chunk.ids),
    ...(mask === undefined ? {} : { [mask.name]: toPort(mask, dims, chunk.attentionMask) }),
    ...(extra === null || rows === null ? {} : { [extra.name]: toPort(extra, rows.dims, rows.data) }),
  });
  const output = (name: string): Tensor => {
    const tensor = fromPort(component, name, results[name]);
    requireFinite(tensor.data, 'The encoded prompt');
    return tensor;
  };
  return { chunk, output };
}
