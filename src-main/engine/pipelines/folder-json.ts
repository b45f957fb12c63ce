import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** What is known of a model folder without opening a session. */
export interface FolderContent {
  /** Texts of its JSON and text files by path relative to the folder. */
  readonly files: { readonly [relativePath: string]: string | undefined };
  /** For each component folder whether its `model.onnx` exists. */
  readonly components: { readonly [name: string]: boolean | undefined };
}

export function invalidModel(message: string): AppError {
  return new AppError('invalid-model', message);
}

/**
 * A JSON object of the folder; undefined when the folder has no such file.
 * @throws {AppError} `invalid-model` for text that is no JSON object
 */
export function readObject(files: FolderContent['files'], path: string): JsonObject | undefined {
  const text = files[path];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (cause) {
    throw new AppError('invalid-model', `${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw invalidModel(`${path} holds no JSON object.`);
  return value;
}

export function integer(object: JsonObject, key: string, file: string, fallback: number): number {
  return optionalInteger(object, key, file) ?? fallback;
}

export function optionalInteger(object: JsonObject, key: string, file: string): number | null {
  const value = object[key];
  if (value === undefined || value === null) return null;
  if (!isPositiveInteger(value)) {
    throw invalidModel(`${file}: ${key} is ${JSON.stringify(value)}. Accepted: a whole number of 1 or more.`);
  }
  return value;
}

export function number(object: JsonObject, key: string, fallback: number): number {
  const value = object[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalidModel(`The model folder's ${key} is ${JSON.stringify(value)}. Accepted: a finite number.`);
  }
  return value;
}

export function positive(object: JsonObject, key: string, fallback: number): number {
  const value = number(object, key, fallback);
  if (value <= 0) throw invalidModel(`The model folder's ${key} is ${value}. Accepted: a number above 0.`);
  return value;
}

export function optionalString(object: JsonObject, key: string): string | null {
  const value = object[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function arrayLength(value: unknown): number | undefined {
  return Array.isArray(value) && value.length > 0 ? value.length : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}
