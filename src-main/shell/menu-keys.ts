/** `event.code` names -> what Electron calls the key. */
const KEYS: Readonly<Record<string, string>> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Enter: 'Return',
  Space: 'Space',
  Tab: 'Tab',
  Escape: 'Esc',
  Backspace: 'Backspace',
  Delete: 'Delete',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
  Comma: ',',
  Period: '.',
  Slash: '/',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Equal: '=',
  Minus: '-',
  BracketLeft: '[',
  BracketRight: ']',
  Backquote: '`',
};
const MODIFIERS: Readonly<Record<string, string>> = { Mod: 'CmdOrCtrl', Alt: 'Alt', Shift: 'Shift' };

/** `Mod+Shift+KeyName` of the action table as an accelerator; undefined for keys that a menu cannot show. */
export function acceleratorOf(keys: string): string | undefined {
  const parts = keys.split('+');
  const key = parts.pop() ?? '';
  const name = KEYS[key] ?? (/^([A-Z0-9]|F\d{1,2})$/.test(key) ? key : undefined);
  const modifiers = parts.map((part) => MODIFIERS[part]);
  if (name === undefined || modifiers.includes(undefined)) return undefined;
  return [...modifiers, name].join('+');
}
