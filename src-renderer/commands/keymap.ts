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

/** The action of a key press; what the user has rebound goes before the defaults. */
export function actionFor(
  press: KeyPress,
  actions: readonly Action[],
  rebound: Readonly<Record<string, string>>,
): Action | undefined {
  const wanted = combination(press);
  return actions.find((action) => keysOf(action, rebound).includes(wanted));
}

export function keysOf(action: Action, rebound: Readonly<Record<string, string>>): readonly string[] {
  const own = rebound[action.id];
  return own === undefined ? action.keys : [own];
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Comma: ',',
  Period: '.',
  Slash: '/',
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

/** Keys that belong to a field that is being typed in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type))
  );
}
