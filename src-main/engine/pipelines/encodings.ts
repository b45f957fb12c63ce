import type { Tensor } from '../tensor/tensor.ts';

/** Encodings (prompts, pictures, a prior's results) of one frame by key: stored ones, and those made on the way. */
export interface Encodings {
  /**
   * The tensors under `keys`; where one is not known all are computed, and kept for whoever asks next. What takes
   * several tensors to say (rows of tokens and a pooled vector) has a key for each.
   */
  get<Part extends string>(
    keys: Readonly<Record<Part, string>>,
    compute: () => Promise<Readonly<Record<Part, Tensor>>>,
  ): Promise<Readonly<Record<Part, Tensor>>>;
}

/** The frame's encodings that were computed rather than known, by key. */
export interface RecordedEncodings extends Encodings {
  readonly computed: Readonly<Record<string, Tensor>>;
}

/** @param shared encodings that other frames of the same batch have computed; grows */
export function recordEncodings(
  known: Readonly<Record<string, Tensor>>,
  shared: Map<string, Tensor>,
): RecordedEncodings {
  const computed: Record<string, Tensor> = {};
  return {
    computed,
    async get(keys, compute) {
      type Part = keyof typeof keys & string;
      const parts = Object.entries(keys) as [Part, string][];
      const found = parts.map(([part, key]) => [part, known[key] ?? shared.get(key)] as const);
      if (found.every(([, tensor]) => tensor !== undefined))
        return Object.fromEntries(found) as Record<Part, Tensor>;
      const made = await compute();
      for (const [part, key] of parts) {
        shared.set(key, made[part]);
        computed[key] = made[part];
      }
      return made;
    },
  };
}
