import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { PortTensor, Session, SessionSource, TensorInfo } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { graphWithExtraRows } from '../learned-rows.ts';
import type { TextEncoderDescription } from './description.ts';
import {
  describeTensor,
  findTensor,
  fromPort,
  requireFinite,
  requireTensor,
  runSession,
  toPort,
} from '../session-io.ts';

/** Token ids of one encoder run and which of them are text (1) or padding (0). */
export interface TokenRow {
  readonly ids: readonly number[];
  readonly attentionMask: readonly number[];
}

/** A text encoder made ready for one clip skip. */
export interface TextEncoder {
  /** Tokens of one run, start and end included. */
  readonly contextLength: number;
  encode(row: TokenRow): Promise<EncodedRow>;
}

export interface EncodedRow {
  /** [1, tokens, width]. */
  readonly states: Tensor;
  /** [1, width]; null where the encoder gives no vector for the whole text. */
  readonly pooled: Tensor | null;
}

/** Which of an encoder's outputs are wanted. */
export interface TextReading {
  /** Layers to leave out at the end. */
  readonly clipSkip: number;
  /** Stable Diffusion XL reads the layer before the last, without the final layer norm. */
  readonly penultimate: boolean;
  /** Rows [rows, width] for token ids from the vocabulary's size on: textual inversion. */
  readonly extra?: Tensor | null;
}

/**
 * Opens the text encoder. `tokenizerLength` is the tokenizer's own context length. `clipSkip` 0 takes `last_hidden_state`. For k > 0 the state of k layers earlier passes the
 * encoder's final layer norm (diffusers 0.42 encode_prompt), whose weights only the graph holds: the export must offer
 * it as an output `normed_hidden_states.{layer}`.
 * @throws {AppError} `invalid-input` when the clip skip is not exported, `invalid-model` for unknown inputs.
 */
export async function openTextEncoder(
  source: SessionSource,
  description: TextEncoderDescription,
  tokenizerLength: number,
  reading: TextReading,
): Promise<TextEncoder> {
  const { component } = description;
  const extra = reading.extra ?? null;
  const session = await source.session(extra === null ? component : graphWithExtraRows(source, component));
  const ids = requireTensor(component, 'input', session.inputs, ['input_ids', 'tokens'], []);
  const mask = findTensor(session.inputs, ['attention_mask']);
  const rows =
    extra === null ? undefined : requireTensor(component, 'input', session.inputs, ['extra_embeddings']);
  const unknown = session.inputs.filter((info) => info !== ids && info !== mask && info !== rows);
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-model',
      `${component}/model.onnx has inputs that this pipeline does not feed: ${unknown.map(describeTensor).join(', ')}. Accepted: input_ids, attention_mask.`,
    );
  }
  const output = outputFor(session, description, reading);
  // The pooled vector of Stable Diffusion XL is the projected one; `pooler_output` is another.
  const pooled = reading.penultimate ? findTensor(session.outputs, ['text_embeds']) : undefined;
  const fixed = ids.dims[1];
  return {
    contextLength:
      typeof fixed === 'number'
        ? fixed
        : Math.min(tokenizerLength, description.contextLength ?? tokenizerLength),
    async encode(row) {
      checkIds(row, fixed, description, extra?.dims[0] ?? 0);
      const feeds: Record<string, PortTensor> = { [ids.name]: toPort(ids, [1, row.ids.length], row.ids) };
      if (mask !== undefined) {
        // Encoders that were trained without a mask see all tokens, padding included.
        const values = description.useAttentionMask ? row.attentionMask : row.ids.map(() => 1);
        feeds[mask.name] = toPort(mask, [1, row.ids.length], values);
      }
      if (rows !== undefined && extra !== null) feeds[rows.name] = toPort(rows, extra.dims, extra.data);
      const results = await runSession(session, component, 'encoding the prompt', feeds);
      const embedding = fromPort(component, output.name, results[output.name]);
      if (embedding.dims.length !== 3 || embedding.dims[0] !== 1) {
        throw new AppError(
          'invalid-model',
          `${component}/model.onnx returned ${output.name} as [${embedding.dims.join(', ')}]. Accepted: [1, tokens, width].`,
        );
      }
      requireFinite(embedding.data, 'The encoded prompt');
      return {
        states: embedding,
        pooled: pooled === undefined ? null : fromPort(component, pooled.name, results[pooled.name]),
      };
    },
  };
}

function outputFor(
  session: Session,
  { component, layers }: TextEncoderDescription,
  { clipSkip, penultimate }: TextReading,
): TensorInfo {
  const { outputs } = session;
  if (penultimate) return hiddenState(session, component, layers, clipSkip);
  if (clipSkip === 0) {
    const named = findTensor(outputs, ['last_hidden_state', 'hidden_states'], [3]);
    const first = outputs[0];
    if (named !== undefined) return named;
    // Exports without names keep the order of the reference's output tuple.
    if (first !== undefined && first.dims.length === 3) return first;
    return requireTensor(component, 'output', outputs, ['last_hidden_state']);
  }
  if (layers === null) {
    throw new AppError(
      'invalid-input',
      `Clip skip ${clipSkip} needs num_hidden_layers in ${component}/config.json, which is not there. Accepted: 0.`,
    );
  }
  if (!Number.isInteger(clipSkip) || clipSkip < 0 || clipSkip >= layers) {
    throw new AppError(
      'invalid-input',
      `Clip skip is ${clipSkip}, but the text encoder has ${layers} layers. Accepted: 0 to ${layers - 1}.`,
    );
  }
  const layer = layers - clipSkip;
  const normed = findTensor(outputs, [`normed_hidden_states.${layer}`]);
  if (normed !== undefined) return normed;
  const raw = findTensor(outputs, [`hidden_states.${layer}`]);
  const why =
    raw === undefined
      ? 'this model was exported with its last hidden state only'
      : `this model exports hidden_states.${layer} without the final layer norm, which these models need`;
  throw new AppError(
    'invalid-input',
    `Clip skip ${clipSkip} is not possible: ${why}. Accepted: 0, or an export with the output normed_hidden_states.${layer}.`,
  );
}

/** Layer L - 1 - clipSkip of L; the final layer norm is not applied. */
function hiddenState(
  session: Session,
  component: string,
  layers: number | null,
  clipSkip: number,
): TensorInfo {
  const known = session.outputs
    .map(({ name }) => /^hidden_states\.(\d+)$/.exec(name)?.[1])
    .filter((index) => index !== undefined)
    .map(Number);
  const count = layers ?? Math.max(0, ...known);
  const layer = count - 1 - clipSkip;
  const found = session.outputs.find(({ name }) => name === `hidden_states.${layer}`);
  if (found !== undefined) return found;
  throw new AppError(
    layer < 1 ? 'invalid-input' : 'invalid-model',
    layer < 1
      ? `Clip skip is ${clipSkip}, but ${component} has ${count} layers. Accepted: 0 to ${count - 2}.`
      : `${component}/model.onnx has no output hidden_states.${layer}, which Stable Diffusion XL reads. Export it with its hidden states.`,
  );
}

function checkIds(
  row: TokenRow,
  fixed: number | string | undefined,
  { component, vocabularySize }: TextEncoderDescription,
  extra: number,
): void {
  if (typeof fixed === 'number' && row.ids.length !== fixed) {
    throw new AppError(
      'invalid-model',
      `The tokenizer gave ${row.ids.length} tokens, but ${component}/model.onnx takes exactly ${fixed}.`,
    );
  }
  if (vocabularySize === null) return;
  const beyond = row.ids.find((id) => id < 0 || id >= vocabularySize + extra);
  if (beyond === undefined) return;
  throw new AppError(
    'invalid-model',
    `The tokenizer gave the token id ${beyond}, but the text encoder knows 0 to ${vocabularySize - 1}: tokenizer and text encoder belong to different models.`,
  );
}
