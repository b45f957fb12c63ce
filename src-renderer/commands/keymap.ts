import type { Action } from './actions.ts';

export interface KeyPress {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** `KeyZ` with Ctrl held -> `Mod+Z`. Codes name places on the keyboard, so that shortcuts survive other layouts. */
export function combination(press: KeyPress): string {
  const key = press.code.replace(/^Key|^Digit/, '').replace(/^NumpadEnter$/, 'Enter');
  return [
    press.ctrlKey || press.metaKey ? 'Mod+' : '',
    press.altKey ? 'Alt+' : '',
    press.shiftKey ? 'Shift+' : '',
    key,
  ].join('');
}

/** What the user (or a key map) has bound: action id -> combinations; actions that are missing have their defaults. */
export type Bindings = Readonly<Record<string, readonly string[]>>;

/** The action of a key press; what the user has rebound goes before the defaults. */
export function actionFor(
  press: KeyPress,
  actions: readonly Action[],
  bindings: Bindings,
): Action | undefined {
  const wanted = combination(press);
  const matching = actions.filter((action) => keysOf(action, bindings).includes(wanted));
  return matching.find(({ id }) => bindings[id] !== undefined) ?? matching[0];
}

export function keysOf(action: Action, bindings: Bindings): readonly string[] {
  return bindings[action.id] ?? action.keys;
}

/** The system turns this press into a copy, cut or paste event, which does the action. */
export function isSystems(press: KeyPress, action: Action): boolean {
  return action.isSystems === true && action.keys.includes(combination(press));
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Comma: ',',
  Period: '.',
  Slash: '/',
  Backslash: '\\',
  Equal: '=',
  Minus: '-',
  NumpadAdd: 'Num +',
  NumpadSubtract: 'Num -',
  NumpadMultiply: 'Num *',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
};

/** `Mod+Shift+Z` -> `Ctrl+Shift+Z`, `⌘⇧Z` on a Mac. */
export function shownKeys(keys: string, isMac: boolean): string {
  const parts = keys.split('+').map((part) => {
    if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
    if (isMac && part === 'Shift') return '⇧';
    if (isMac && part === 'Alt') return '⌥';
    return NAMES[part] ?? part;
  });
  return parts.join(isMac ? '' : '+');
}

/** What edits or moves through text when Ctrl or Command is held. */
const EDITING = /^(Key[ACVXYZ]|Arrow\w+|Home|End|Backspace|Delete|Enter)$/;

/** Whether a press is for the field that is being typed in; the others (Ctrl+O, Ctrl+E) are actions there, too. */
export function belongsToField(press: KeyPress): boolean {
  // Ctrl with Alt is AltGr, which writes.
  const isCommand = (press.ctrlKey || press.metaKey) && !press.altKey;
  return !isCommand || EDITING.test(press.code);
}

/** Whether a field is being typed in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type))
  );
}
