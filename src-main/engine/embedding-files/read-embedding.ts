import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readSafetensors } from './safetensors.ts';
import { readTorchFile, type TorchValue } from './torch-file.ts';

/** What a textual-inversion file teaches a text encoder: a name, and vectors for it. */
export interface LearnedToken {
  /** The word that stands for the vectors in prompts. */
  readonly token: string;
  /**
   * float32 [vectors, width], one for each text encoder that the file is for. `part` is the file's own name for it
   * (`clip_l`, `t1`), or empty.
   */
  readonly vectors: readonly { readonly part: string; readonly rows: Tensor }[];
}

/** Parts of files that serve several encoders: Stable Diffusion XL's, and Kandinsky's. */
const PARTS = ['clip_l', 'clip_g', 't1', 't2'];
/** More vectors than this leave no room for a prompt. */
const MAX_VECTORS = 75;

/**
 * Reads a `.safetensors`, `.bin` or `.pt` file of textual inversion: diffusers' {token: vectors}, the web UI's
 * {string_to_param, name} and {emb_params}, Stable Diffusion XL's {clip_l, clip_g}, Kandinsky's {t1: {token: vector},
 * t2}, or one bare tensor. Files are never executed.
 * @param name the file's name without its ending: the token where the file has none of its own
 * @param token the token to use instead
 * @throws {AppError} invalid-asset saying what is wrong
 */
export function readEmbedding(bytes: Uint8Array, name: string, token?: string): LearnedToken {
  try {
    const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    const content = isZip || bytes[0] === 0x80 ? readTorchFile(bytes) : readSafetensors(bytes);
    const found = learnedToken(content, name);
    const learned = token === undefined ? found : { ...found, token };
    check(learned);
    return learned;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(
      error.code,
      error.message.replace('The embedding file', `The embedding file "${name}"`),
      {
        cause: error,
      },
    );
  }
}

function learnedToken(content: TorchValue, name: string): LearnedToken {
  if (isTensor(content)) return { token: name, vectors: [{ part: '', rows: asRows(content) }] };
  if (!(content instanceof Map)) throw unknown();
  const map = content as ReadonlyMap<string, TorchValue>;
  const params = map.get('string_to_param');
  if (params instanceof Map) {
    const [rows] = [...params.values()].filter(isTensor);
    if (rows === undefined) throw unknown();
    const own = map.get('name');
    return {
      token: typeof own === 'string' && own !== '' ? own : name,
      vectors: [{ part: '', rows: asRows(rows) }],
    };
  }
  if ([...map.keys()].some((key) => PARTS.includes(key))) return inParts(map, name);
  const tensors = [...map].filter((entry): entry is [string, Tensor] => isTensor(entry[1]));
  if (tensors.length !== 1) throw unknown();
  const [key, rows] = tensors[0]!;
  // The web UI's name for the tensor says nothing; its users call the embedding by the file's name.
  return { token: key === 'emb_params' ? name : key, vectors: [{ part: '', rows: asRows(rows) }] };
}

function inParts(map: ReadonlyMap<string, TorchValue>, name: string): LearnedToken {
  const vectors: { part: string; rows: Tensor }[] = [];
  const tokens = new Set<string>();
  for (const [part, value] of map) {
    if (!PARTS.includes(part)) continue;
    if (isTensor(value)) {
      vectors.push({ part, rows: asRows(value) });
    } else if (value instanceof Map && value.size === 1) {
      const [token, rows] = [...(value as ReadonlyMap<string, TorchValue>)][0]!;
      if (!isTensor(rows)) throw unknown();
      tokens.add(token);
      vectors.push({ part, rows: asRows(rows) });
    } else {
      throw unknown();
    }
  }
  if (tokens.size > 1) throw bad(`names several tokens: ${[...tokens].join(', ')}.`);
  return { token: [...tokens][0] ?? name, vectors };
}

function asRows(tensor: Tensor): Tensor {
  if (tensor.dims.length === 1) return { dims: [1, tensor.dims[0]!], data: tensor.data };
  if (tensor.dims.length === 2) return tensor;
  throw bad(`holds a tensor [${tensor.dims.join(', ')}]. Accepted: [width], or [vectors, width].`);
}

function check({ token, vectors }: LearnedToken): void {
  if (!/\S/.test(token) || /\s/.test(token)) {
    throw bad(`has the token ${JSON.stringify(token)}. Accepted: a word without spaces.`);
  }
  for (const { rows } of vectors) {
    const [count, width] = rows.dims as [number, number];
    if (count < 1 || count > MAX_VECTORS || width < 1) {
      throw bad(`holds vectors [${count}, ${width}]. Accepted: 1 to ${MAX_VECTORS} vectors.`);
    }
    if (!rows.data.every(Number.isFinite)) throw bad('holds numbers that are not finite.');
  }
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'dims' in value;
}

function unknown(): AppError {
  return bad(
    'has none of the known layouts: {token: vectors}, {string_to_param, name}, {emb_params}, {clip_l, clip_g}, {t1, t2}, or one tensor.',
  );
}

function bad(problem: string): AppError {
  return new AppError('invalid-asset', `The embedding file ${problem}`);
}
