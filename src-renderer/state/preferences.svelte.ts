import { z } from 'zod';

const schema = z.strictObject({
  version: z.literal(1),
  theme: z.enum(['dark', 'light', 'system']).default('dark'),
  timeUnit: z.enum(['frames', 'seconds', 'beats']).default('frames'),
  snap: z.boolean().default(true),
  autoRender: z.boolean().default(true),
  timelineHeight: z.number().min(120).max(1200).default(320),
  /** Action id -> key combination; what is missing has its default. */
  keys: z.record(z.string(), z.string()).default({}),
});
export type Preferences = z.infer<typeof schema>;

const KEY = 'inbetween.preferences';

/** Choices of this window on this machine. Malformed ones are refused with a message and replaced when one is made. */
export class PreferenceStore {
  #value = $state.raw<Preferences>(schema.parse({ version: 1 }));
  problem = $state('');
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
    const text = storage.getItem(KEY);
    if (text === null) return;
    try {
      this.#value = schema.parse(JSON.parse(text));
    } catch (error) {
      const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
      this.problem = `The preferences of this window cannot be read, so defaults are used: ${what}`;
    }
  }

  get value(): Preferences {
    return this.#value;
  }

  set(patch: Partial<Omit<Preferences, 'version'>>): void {
    this.#value = schema.parse({ ...this.#value, ...patch });
    this.problem = '';
    this.#storage.setItem(KEY, JSON.stringify(this.#value));
  }
}
