import type { z } from 'zod';

/** One method of the host. */
export interface MethodSchema<Params extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  readonly params: Params;
  readonly result: Result;
  /** It changes something: a client whose connection broke may repeat only calls that do not. */
  readonly mutates: boolean;
}

export function query<Params extends z.ZodType, Result extends z.ZodType>(
  params: Params,
  result: Result,
): MethodSchema<Params, Result> {
  return { params, result, mutates: false };
}

export function mutation<Params extends z.ZodType, Result extends z.ZodType>(
  params: Params,
  result: Result,
): MethodSchema<Params, Result> {
  return { params, result, mutates: true };
}
