import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { SchedulerConfig } from './scheduler.ts';

/**
 * Typed access to a scheduler configuration. A missing key takes the fallback, which is the default of the scheduler
 * class that is asked for; `null` does too, except for switches, where it means false (as in Python).
 */
export interface ConfigReader {
  /** A finite number. */
  number(key: string, fallback: number): number;
  /** A whole number within the range. */
  integer(key: string, fallback: number, range?: { readonly min?: number; readonly max?: number }): number;
  boolean(key: string, fallback: boolean): boolean;
  /** One of the accepted words; `aliases` maps words of sibling classes to the word used here. */
  choice<Word extends string>(
    key: string,
    fallback: Word,
    accepted: readonly Word[],
    aliases?: Readonly<Record<string, Word>>,
  ): Word;
  /** A finite number, or null when missing. */
  optionalNumber(key: string): number | null;
  /** Finite numbers, or null when missing. */
  numbers(key: string): readonly number[] | null;
  /** @throws {AppError} always: the key's value cannot be used. */
  refuse(key: string, accepted: string): never;
  /** Refuses features that this studio does not have: the key must be missing, null or false. */
  requireUnset(key: string): void;
}

/** @param scheduler the name used in messages */
export function readConfig(config: SchedulerConfig, scheduler: string): ConfigReader {
  const present = (key: string): Json | undefined => {
    const value = config[key];
    return value === null ? undefined : value;
  };
  const refuse = (key: string, accepted: string): never => {
    throw new AppError(
      'invalid-model',
      `Scheduler ${scheduler}: ${key} is ${JSON.stringify(config[key]) ?? 'missing'}; accepted: ${accepted}.`,
      { data: { key, scheduler } },
    );
  };
  const number = (key: string, fallback: number): number => {
    const value = present(key);
    if (value === undefined) return fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : refuse(key, 'a number');
  };
  return {
    number,
    integer(key, fallback, { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}) {
      const value = number(key, fallback);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      const upper = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
      return refuse(key, `a whole number from ${min}${upper}`);
    },
    boolean(key, fallback) {
      const value = config[key];
      if (value === undefined) return fallback;
      if (value === null) return false;
      return typeof value === 'boolean' ? value : refuse(key, 'true, false');
    },
    choice<Word extends string>(
      key: string,
      fallback: Word,
      accepted: readonly Word[],
      aliases: Readonly<Record<string, Word>> = {},
    ): Word {
      const value = present(key);
      if (value === undefined) return fallback;
      const word = accepted.find((candidate) => candidate === value);
      if (word !== undefined) return word;
      const alias = typeof value === 'string' && Object.hasOwn(aliases, value) ? aliases[value] : undefined;
      return alias ?? refuse(key, accepted.join(', '));
    },
    optionalNumber: (key) => (present(key) === undefined ? null : number(key, 0)),
    numbers(key) {
      const value = present(key);
      if (value === undefined) return null;
      const valid = (item: unknown): item is number => typeof item === 'number' && Number.isFinite(item);
      return Array.isArray(value) && value.every(valid) ? value : refuse(key, 'a list of numbers');
    },
    refuse,
    requireUnset(key) {
      const value = present(key);
      if (value !== undefined && value !== false) refuse(key, 'not set (this feature is not supported)');
    },
  };
}
