import { z } from 'zod';
import { query } from '../method.ts';
import { projectId } from '../values.ts';

export const promptMethods = {
  /** What the text encoder of the project's model makes of prompts, for counting and for marking what is cut. */
  'prompt.tokens': query(
    z.strictObject({
      project: projectId,
      prompts: z.array(z.string().max(20_000)).min(1).max(64),
    }),
    z.object({
      prompts: z
        .array(
          z.object({
            /** Tokens with start and end. */
            tokens: z.int(),
            /** That one run of the encoder takes. */
            limit: z.int(),
            /** The end that the encoder does not see, readable; null when it sees all, if need be in several runs. */
            cut: z.string().nullable(),
            /** Words written as learned ones (`<word>`) that no installed file teaches. */
            missing: z.array(z.string()).readonly(),
            /** Stretches of the prompt with their weight, of `(word:1.3)` and its like. */
            parts: z.array(z.object({ text: z.string(), weight: z.number() })).readonly(),
          }),
        )
        .readonly(),
    }),
  ),
};
