import { belongsToField } from '../../commands/keymap.ts';

/** Enter makes the change, Shift+Enter a new line, Esc takes the typing back; of these the rest of the window hears nothing. */
export function fieldKeys(event: KeyboardEvent, before: string): void {
  const field = event.currentTarget as HTMLTextAreaElement | HTMLInputElement;
  if (event.code === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    field.blur();
  } else if (event.code === 'Escape') {
    field.value = before;
    field.blur();
  }
  if (belongsToField(event)) event.stopPropagation();
}
