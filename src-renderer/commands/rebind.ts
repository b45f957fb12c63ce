import { z } from 'zod';
import type { Action } from './actions.ts';
import { KEY_MAP_NAMES, KEY_MAPS, type KeyMapName } from './key-maps.ts';
import { type Bindings, keysOf } from './keymap.ts';

/** Actions that do something else at a combination which several have. */
export function conflicts(
  actions: readonly Action[],
  bindings: Bindings,
): ReadonlyMap<string, readonly Action[]> {
  const users = new Map<string, Action[]>();
  for (const action of actions) {
    for (const keys of keysOf(action, bindings)) users.set(keys, [...(users.get(keys) ?? []), action]);
  }
  return new Map([...users].filter(([, some]) => some.length > 1));
}

/**
 * The user's own bindings after an action was given a combination, in the place of `replaced` (undefined adds one).
 * Whatever else had the combination loses it.
 */
export function rebound(
  actions: readonly Action[],
  own: Bindings,
  map: KeyMapName,
  id: string,
  keys: string,
  replaced: string | undefined,
): Bindings {
  const bindings: Bindings = { ...KEY_MAPS[map], ...own };
  const result: Record<string, readonly string[]> = { ...own };
  for (const action of actions) {
    const before = keysOf(action, bindings);
    if (action.id === id) {
      const kept = before.filter((other) => other !== keys);
      const at = replaced === undefined ? -1 : kept.indexOf(replaced);
      result[id] = at < 0 ? [...kept, keys] : kept.map((other, i) => (i === at ? keys : other));
    } else if (before.includes(keys)) {
      result[action.id] = before.filter((other) => other !== keys);
    }
  }
  return result;
}

/** The user's own bindings after one combination of an action was taken away. */
export function unbound(own: Bindings, map: KeyMapName, action: Action, keys: string): Bindings {
  const before = keysOf(action, { ...KEY_MAPS[map], ...own });
  return { ...own, [action.id]: before.filter((other) => other !== keys) };
}

/** An action has what its key map gives it again. */
export function reset(own: Bindings, id: string): Bindings {
  const { [id]: _own, ...rest } = own;
  return rest;
}

const fileSchema = z.strictObject({
  format: z.literal('inbetween-keys-map/1'),
  keyMap: z.enum(KEY_MAP_NAMES),
  keys: z.record(z.string(), z.array(z.string().max(60)).max(8)),
});

/** Bindings as a file to take to another machine. */
export function keyMapText(keyMap: KeyMapName, keys: Bindings): string {
  return `${JSON.stringify({ format: 'inbetween-keys-map/1', keyMap, keys }, null, 2)}\n`;
}

/** @throws {Error} saying what is wrong with the file */
export function readKeyMapText(text: string): { keyMap: KeyMapName; keys: Record<string, string[]> } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`The file is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = fileSchema.safeParse(json);
  if (!result.success) throw new Error(`The file holds no key map: ${z.prettifyError(result.error)}`);
  const { keyMap, keys } = result.data;
  return { keyMap, keys };
}
