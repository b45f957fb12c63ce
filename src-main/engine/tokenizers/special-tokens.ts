import type { TokenizerFiles } from './tokenizer.ts';
import { fileError, isObject, type JsonObject, readJsonObject } from './tokenizer-files.ts';

const ROLES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
export type SpecialRole = (typeof ROLES)[number];

/** A token that is found in the text before any splitting, as in the `tokenizers` library. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Looked for in the normalised text instead of the raw one. */
  readonly normalized: boolean;
  /** Takes the white space on its left (right) with it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly special: boolean;
}

/** The settings files of a tokenizer folder, read once. */
export interface TokenizerSettings {
  readonly config: JsonObject;
  readonly specialTokensMap: JsonObject;
}

/** @throws {AppError} invalid-model when a file is no JSON object. */
export function readSettings(files: TokenizerFiles): TokenizerSettings {
  return {
    config: readJsonObject(files, 'tokenizer_config.json') ?? {},
    specialTokensMap: readJsonObject(files, 'special_tokens_map.json') ?? {},
  };
}

/** Spelling of a special token: `tokenizer_config.json` first, then `special_tokens_map.json`. */
export function specialToken(settings: TokenizerSettings, role: SpecialRole): string | undefined {
  for (const source of [settings.config, settings.specialTokensMap]) {
    const value = source[role];
    if (typeof value === 'string') return value;
    if (isObject(value) && typeof value.content === 'string') return value.content;
  }
  return undefined;
}

/**
 * All added tokens: those of `tokenizer.json`, of the settings' `added_tokens_decoder`, and the special tokens of the
 * settings (and of `defaults`) that the vocabulary knows. The last ones matter: SD 2's pad token is "!", so every "!"
 * of a prompt becomes a token of its own there, as transformers does it.
 * @throws {AppError} invalid-model
 */
export function readAddedTokens(
  fromTokenizerJson: unknown,
  settings: TokenizerSettings,
  idOf: (token: string) => number | undefined,
  defaults: readonly string[] = [],
): AddedToken[] {
  const found = new Map<string, AddedToken>();
  const add = (value: unknown, id: unknown, file: string): void => {
    if (!isObject(value) || typeof value.content !== 'string' || value.content === '') {
      throw fileError(file, `has an added token without content: ${JSON.stringify(value)}`);
    }
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw fileError(file, `has the added token ${JSON.stringify(value.content)} without a valid id`);
    }
    found.set(value.content, {
      id,
      content: value.content,
      normalized: value.normalized === true,
      lstrip: value.lstrip === true,
      rstrip: value.rstrip === true,
      special: value.special === true,
    });
  };
  if (fromTokenizerJson !== undefined && fromTokenizerJson !== null) {
    if (!Array.isArray(fromTokenizerJson))
      throw fileError('tokenizer.json', 'has added_tokens that are no list');
    for (const token of fromTokenizerJson)
      add(token, isObject(token) ? token.id : undefined, 'tokenizer.json');
  }
  const decoder = settings.config.added_tokens_decoder;
  if (isObject(decoder)) {
    for (const [id, token] of Object.entries(decoder)) add(token, Number(id), 'tokenizer_config.json');
  }
  for (const content of [...ROLES.map((role) => specialToken(settings, role)), ...defaults]) {
    if (content === undefined || content === '' || found.has(content)) continue;
    const id = idOf(content);
    if (id === undefined) continue;
    found.set(content, { id, content, normalized: false, lstrip: false, rstrip: false, special: true });
  }
  return [...found.values()];
}
