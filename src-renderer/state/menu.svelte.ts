/** A line, an action of the action table, or something that only this menu does. */
export type MenuItem =
  | 'line'
  | { readonly action: string }
  | {
      readonly label: string;
      readonly checked?: boolean;
      readonly disabled?: boolean;
      run(): void;
    };

export interface OpenMenu {
  /** What it is a menu of, for those who do not see where it opened. */
  readonly label: string;
  /** Pixels of the window. */
  readonly x: number;
  readonly y: number;
  readonly items: readonly MenuItem[];
}

/** The one menu that can be open. */
export class MenuState {
  open = $state.raw<OpenMenu | null>(null);

  /** Below a button, or where the pointer is; a menu asked for by keyboard opens at the focused element. */
  show(event: MouseEvent, label: string, items: readonly MenuItem[]): void {
    event.preventDefault();
    event.stopPropagation();
    const byKeyboard = event.clientX === 0 && event.clientY === 0;
    const target = event.currentTarget as HTMLElement;
    const below = byKeyboard || event.type === 'click';
    const bounds = target.getBoundingClientRect();
    const [x, y] = below ? [bounds.left, bounds.bottom + 2] : [event.clientX, event.clientY];
    this.open = { label, x, y, items };
  }

  close(): void {
    this.open = null;
  }
}
