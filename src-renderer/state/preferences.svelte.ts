import { z } from 'zod';
import type { Bindings } from '../commands/keymap.ts';
import { KEY_MAP_NAMES, KEY_MAPS } from '../commands/key-maps.ts';
import { CHANNEL_NAMES, type ChannelName } from '../../src-shared/model/channels.ts';
import { namePattern } from '../../src-shared/contract/preset.ts';
import { DEFAULT_NAME_PATTERN } from '../../src-shared/model/export-name.ts';
import { formatPath } from '../../src-shared/model/parse-errors.ts';

const channel = z.enum(CHANNEL_NAMES as [ChannelName, ...ChannelName[]]);

const schema = z.strictObject({
  version: z.literal(1),
  theme: z.enum(['dark', 'light', 'system']).default('dark'),
  timeUnit: z.enum(['frames', 'seconds', 'beats']).default('frames'),
  snap: z.boolean().default(true),
  autoRender: z.boolean().default(true),
  /** Drafts of all frames before the final ones. */
  drafts: z.boolean().default(true),
  /** What playback shows where a frame is missing: the nearest one, or its neighbours blended. */
  holes: z.enum(['nearest', 'cross-fade']).default('nearest'),
  /** Of the text, percent. */
  scale: z.number().min(50).max(300).default(100),
  /** Whether they are shown. */
  firstSteps: z.boolean().default(true),
  timelineHeight: z.number().min(120).max(1200).default(284),
  /** Lanes that were switched on or off; the others follow the document. */
  lanes: z.partialRecord(channel, z.boolean()).default({}),
  /** Pixels. */
  laneHeights: z
    .partialRecord(z.union([channel, z.literal('sound')]), z.number().min(20).max(400))
    .default({}),
  /** What exports are called where neither the preset nor the user names them. */
  exportName: namePattern.default(DEFAULT_NAME_PATTERN),
  keyMap: z.enum(KEY_MAP_NAMES).default('default'),
  /** Action id -> key combinations, none to unbind it; what is missing has those of the key map. */
  keys: z
    .record(z.string(), z.union([z.array(z.string()), z.string().transform((keys) => [keys])]))
    .default({}),
});
export type Preferences = z.infer<typeof schema>;

const KEY = 'inbetween.preferences';

/** Choices of this window on this machine. Malformed ones are refused with a message and replaced when one is made. */
export class PreferenceStore {
  #value = $state.raw<Preferences>(schema.parse({ version: 1 }));
  problem = $state('');
  readonly #bindings = $derived<Bindings>({ ...KEY_MAPS[this.#value.keyMap], ...this.#value.keys });
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
    const text = storage.getItem(KEY);
    if (text === null) return;
    try {
      this.#value = schema.parse(JSON.parse(text));
    } catch (error) {
      const what =
        error instanceof z.ZodError
          ? error.issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ')
          : (error as Error).message;
      this.problem = `The preferences of this window cannot be read, so defaults are used: ${what}`;
    }
  }

  get value(): Preferences {
    return this.#value;
  }

  /** The bindings that hold: the key map's, and before those the user's own. */
  get bindings(): Bindings {
    return this.#bindings;
  }

  set(patch: Partial<Omit<Preferences, 'version'>>): void {
    this.#value = schema.parse({ ...this.#value, ...patch });
    this.problem = '';
    this.#storage.setItem(KEY, JSON.stringify(this.#value));
  }
}
