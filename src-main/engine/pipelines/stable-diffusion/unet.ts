import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { PortTensor, Session, SessionSource, TensorInfo } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { guidanceEmbedding } from './guidance-embedding.ts';
import type { StableDiffusionModel } from './description.ts';
import type { TimeIds } from './time-ids.ts';
import { describeTensor, findTensor, fromPort, requireTensor, runSession, toPort } from '../session-io.ts';

const UNET = 'unet';

/** Exports fix two rows or a few; memory for more is not asked for on a file's word. */
const MOST_FIXED_ROWS = 64;

/** One picture's text conditioning. */
export interface TextContext {
  /** Embeddings [1, tokens, width]. */
  readonly prompt: Tensor;
  /** Null where guidance is off. */
  readonly negative: Tensor | null;
  readonly guidanceScale: number;
  /** Vectors [1, width] of whole prompts, and numbers about the picture: Stable Diffusion XL. */
  readonly pooled?: { readonly prompt: Tensor; readonly negative: Tensor | null };
  readonly timeIds?: TimeIds | null;
}

/** What the model predicts for one picture; `unconditional` only where guidance is active. */
export interface Prediction {
  readonly conditional: Tensor;
  readonly unconditional: Tensor | null;
}

/** A U-Net made ready for one sampling: its embeddings are bound, its buffers are reused from step to step. */
export interface Denoiser {
  /** Whether classifier-free guidance is active: guidance scale > 1 and no distilled guidance input. */
  readonly guided: boolean;
  /** Whether timesteps are cut to whole numbers because the session takes integers. */
  readonly wholeTimesteps: boolean;
  /**
   * Runs the model on one input [1, C, h, w] per context at one timestep. `stage` names the step in errors. The
   * returned tensors are the caller's.
   */
  predict(inputs: readonly Tensor[], timestep: number, stage: string): Promise<Prediction[]>;
}

/** Rows of the model's batch that run in one call: they share the number of text tokens. */
interface Call {
  readonly rows: readonly Row[];
  /** Rows that the call has, at least `rows.length`: a fixed batch is filled up. */
  readonly batch: number;
  readonly buffer: Float32Array;
  readonly constant: Readonly<Record<string, PortTensor>>;
}

interface Row {
  readonly picture: number;
  readonly conditional: boolean;
  readonly embedding: Tensor;
  readonly pooled: Tensor | null;
  readonly timeIds: readonly number[] | null;
  readonly guidanceScale: number;
}

interface Ports {
  readonly sample: TensorInfo;
  readonly timestep: TensorInfo;
  readonly context: TensorInfo;
  readonly guidance: TensorInfo | undefined;
  readonly pooled: TensorInfo | undefined;
  readonly timeIds: TensorInfo | undefined;
  readonly output: TensorInfo;
}

/**
 * Opens the U-Net for latents of `height` x `width` cells. Rows are ordered as in the reference implementation: all
 * unconditional ones first. Where the batch dimension is fixed the rows run in several calls.
 * @throws {AppError} `invalid-model` for inputs that nothing feeds or shapes that do not fit the folder's configs,
 * `invalid-input` naming the size or the prompt length that a fixed shape accepts.
 */
export async function openDenoiser(
  source: SessionSource,
  model: StableDiffusionModel,
  contexts: readonly TextContext[],
  height: number,
  width: number,
): Promise<Denoiser> {
  const session = await source.session(UNET);
  const ports = portsOf(session);
  checkShapes(ports, model, height, width);
  const distilled = model.unet.timeCondDim !== null || ports.guidance !== undefined;
  const guided =
    !distilled && contexts.every(({ guidanceScale, negative }) => guidanceScale > 1 && negative !== null);
  const rows = rowsOf(contexts, guided);
  for (const row of rows) {
    checkContext(ports.context, row.embedding);
    checkAdded(ports, row);
  }
  const channels = model.unet.inChannels;
  const size = channels * height * width;
  const calls = callsOf(rows, ports, size, model);
  const wholeTimesteps = ports.timestep.type === 'int64' || ports.timestep.type === 'int32';

  const predict: Denoiser['predict'] = async (inputs, timestep, stage) => {
    const found = contexts.map((): { conditional: Tensor | null; unconditional: Tensor | null } => ({
      conditional: null,
      unconditional: null,
    }));
    for (const call of calls) {
      for (let i = 0; i < call.batch; i++) {
        // A fixed batch that is larger than the work repeats its last row; the answer is dropped.
        const row = call.rows[Math.min(i, call.rows.length - 1)]!;
        call.buffer.set(inputs[row.picture]!.data, i * size);
      }
      const results = await runSession(session, UNET, stage, {
        ...call.constant,
        [ports.sample.name]: toPort(ports.sample, [call.batch, channels, height, width], call.buffer),
        [ports.timestep.name]: timestepPort(ports.timestep, timestep, call.batch),
      });
      const output = fromPort(UNET, ports.output.name, results[ports.output.name]);
      const each = output.data.length / call.batch;
      const dims = [1, ...output.dims.slice(1)];
      for (const [i, row] of call.rows.entries()) {
        const part = { dims, data: output.data.subarray(i * each, (i + 1) * each) };
        found[row.picture]![row.conditional ? 'conditional' : 'unconditional'] = part;
      }
    }
    return found.map(({ conditional, unconditional }) => ({ conditional: conditional!, unconditional }));
  };
  return { guided, wholeTimesteps, predict };
}

function portsOf(session: Session): Ports {
  const { inputs, outputs } = session;
  const sample = requireTensor(UNET, 'input', inputs, ['sample', 'latent_sample', 'latents'], [4]);
  const timestep = requireTensor(UNET, 'input', inputs, ['timestep', 'timesteps', 't'], [0, 1]);
  const context = requireTensor(UNET, 'input', inputs, ['encoder_hidden_states', 'context'], [3]);
  const guidance = findTensor(inputs, ['timestep_cond']);
  const pooled = findTensor(inputs, ['text_embeds']);
  const timeIds = findTensor(inputs, ['time_ids']);
  const output = requireTensor(UNET, 'output', outputs, ['out_sample', 'sample', 'noise_pred'], [4]);
  const used = new Set([sample, timestep, context, guidance, pooled, timeIds]);
  const unknown = inputs.filter((info) => !used.has(info));
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-model',
      `unet/model.onnx has inputs that this pipeline does not feed: ${unknown.map(describeTensor).join(', ')}. Accepted: sample, timestep, encoder_hidden_states, timestep_cond, text_embeds, time_ids.`,
    );
  }
  if (timestep.dims.length > 1) {
    throw new AppError(
      'invalid-model',
      `unet/model.onnx takes ${describeTensor(timestep)}. Accepted: a scalar or one value per row.`,
    );
  }
  return { sample, timestep, context, guidance, pooled, timeIds, output };
}

function checkShapes({ sample }: Ports, model: StableDiffusionModel, height: number, width: number): void {
  const [rows, channels, fixedHeight, fixedWidth] = sample.dims;
  if (typeof rows === 'number' && (rows < 1 || rows > MOST_FIXED_ROWS)) {
    throw new AppError(
      'invalid-model',
      `unet/model.onnx takes ${rows} rows at once. Accepted: 1 to ${MOST_FIXED_ROWS}, or any number.`,
    );
  }
  if (typeof channels === 'number' && channels !== model.unet.inChannels) {
    throw new AppError(
      'invalid-model',
      `unet/model.onnx takes ${channels} channels, but the folder's configs say ${model.unet.inChannels}.`,
    );
  }
  const fits =
    (typeof fixedHeight !== 'number' || fixedHeight === height) &&
    (typeof fixedWidth !== 'number' || fixedWidth === width);
  if (fits) return;
  const { factor } = model.vae;
  const pixels = (side: number | string | undefined) => (typeof side === 'number' ? side * factor : 'any');
  throw new AppError(
    'invalid-input',
    `This model was exported for pictures of ${pixels(fixedWidth)}x${pixels(fixedHeight)} pixels only, not ${width * factor}x${height * factor}.`,
  );
}

function checkContext(info: TensorInfo, embedding: Tensor): void {
  const [, tokens, columns] = embedding.dims as [number, number, number];
  const [, fixedTokens, fixedColumns] = info.dims;
  if (typeof fixedColumns === 'number' && fixedColumns !== columns) {
    throw new AppError(
      'invalid-model',
      `The text encoder gives rows of ${columns} values, but unet/model.onnx takes ${describeTensor(info)}.`,
    );
  }
  if (typeof fixedTokens === 'number' && fixedTokens !== tokens) {
    throw new AppError(
      'invalid-input',
      `The prompt has ${tokens} tokens, but this model takes exactly ${fixedTokens}. Set long prompts to "truncate".`,
    );
  }
}

/** Stable Diffusion XL's further inputs, and a text encoder that gives what they take. */
function checkAdded(ports: Ports, row: Row): void {
  for (const [info, values] of [
    [ports.pooled, row.pooled?.data],
    [ports.timeIds, row.timeIds],
  ] as const) {
    if (info === undefined) continue;
    if (values === undefined || values === null) {
      throw new AppError(
        'invalid-model',
        `unet/model.onnx takes ${describeTensor(info)}, which the other parts of this model do not give.`,
      );
    }
    const width = info.dims[1];
    if (typeof width !== 'number' || width === values.length) continue;
    throw new AppError(
      'invalid-model',
      `unet/model.onnx takes ${describeTensor(info)}, but this model's other parts give ${values.length} values for it.`,
    );
  }
}

function rowsOf(contexts: readonly TextContext[], guided: boolean): Row[] {
  const rows = (conditional: boolean): Row[] =>
    contexts.map((context, picture) => ({
      picture,
      conditional,
      embedding: conditional ? context.prompt : context.negative!,
      pooled: (conditional ? context.pooled?.prompt : context.pooled?.negative) ?? null,
      timeIds: (conditional ? context.timeIds?.prompt : context.timeIds?.negative) ?? null,
      guidanceScale: context.guidanceScale,
    }));
  return guided ? [...rows(false), ...rows(true)] : rows(true);
}

function callsOf(rows: readonly Row[], ports: Ports, size: number, model: StableDiffusionModel): Call[] {
  const fixed = ports.sample.dims[0];
  const most = typeof fixed === 'number' ? fixed : rows.length;
  const calls: Call[] = [];
  let start = 0;
  while (start < rows.length) {
    const tokens = rows[start]!.embedding.dims[1];
    let end = start + 1;
    while (end < rows.length && end - start < most && rows[end]!.embedding.dims[1] === tokens) end++;
    const group = rows.slice(start, end);
    const batch = typeof fixed === 'number' ? fixed : group.length;
    const buffer = new Float32Array(batch * size);
    calls.push({ rows: group, batch, buffer, constant: constantFeeds(group, batch, ports, model) });
    start = end;
  }
  return calls;
}

/** The feeds that stay the same over all steps: text and distilled guidance. */
function constantFeeds(
  rows: readonly Row[],
  batch: number,
  ports: Ports,
  model: StableDiffusionModel,
): Record<string, PortTensor> {
  const filled = Array.from({ length: batch }, (_, i) => rows[Math.min(i, rows.length - 1)]!);
  const [, tokens, columns] = rows[0]!.embedding.dims as [number, number, number];
  const context = new Float32Array(batch * tokens * columns);
  for (const [i, row] of filled.entries()) context.set(row.embedding.data, i * tokens * columns);
  const feeds: Record<string, PortTensor> = {
    [ports.context.name]: toPort(ports.context, [batch, tokens, columns], context),
  };
  if (ports.guidance !== undefined) {
    const declared = ports.guidance.dims.at(-1);
    const width = model.unet.timeCondDim ?? (typeof declared === 'number' ? declared : 256);
    const values = new Float32Array(batch * width);
    for (const [i, row] of filled.entries())
      values.set(guidanceEmbedding(row.guidanceScale, width), i * width);
    feeds[ports.guidance.name] = toPort(ports.guidance, [batch, width], values);
  }
  for (const [info, valuesOf] of [
    [ports.pooled, (row: Row) => row.pooled!.data],
    [ports.timeIds, (row: Row) => Float32Array.from(row.timeIds!)],
  ] as const) {
    if (info === undefined) continue;
    const each = filled.map(valuesOf);
    const width = each[0]!.length;
    const values = new Float32Array(batch * width);
    for (const [i, part] of each.entries()) values.set(part, i * width);
    feeds[info.name] = toPort(info, [batch, width], values);
  }
  return feeds;
}

function timestepPort(info: TensorInfo, timestep: number, batch: number): PortTensor {
  if (info.dims.length === 0) return toPort(info, [], [timestep]);
  const declared = info.dims[0];
  const count = typeof declared === 'number' ? declared : batch;
  return toPort(info, [count], new Array<number>(count).fill(timestep));
}
