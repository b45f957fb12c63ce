export interface Followed {
  move(event: PointerEvent): void;
  /** Let go, or taken back by Esc, the other button or the system. */
  end(cancelled: boolean, event: PointerEvent): void;
}

/** What is being typed belongs to what was selected: it is finished before a press selects something else. */
export function finishTyping(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/**
 * Follows the pointer until it is let go, at most once a frame of the screen. The listeners are on the window: a key
 * that is dragged is drawn anew at its new place and would take its own along.
 */
export function follow(event: PointerEvent, handlers: Followed): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus({ preventScroll: true });
  let waiting = 0;
  let latest = event;
  const move = (moved: PointerEvent): void => {
    latest = moved;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      handlers.move(latest);
    });
  };
  const finish = (cancelled: boolean): void => {
    if (waiting !== 0) {
      cancelAnimationFrame(waiting);
      if (!cancelled) handlers.move(latest);
    }
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', up);
    window.removeEventListener('pointercancel', cancel);
    window.removeEventListener('pointerdown', otherButton, true);
    window.removeEventListener('keydown', key, true);
    handlers.end(cancelled, latest);
  };
  const up = (): void => finish(false);
  const cancel = (): void => finish(true);
  const otherButton = (pressed: PointerEvent): void => {
    if (pressed !== event && pressed.button !== event.button) finish(true);
  };
  const key = (pressed: KeyboardEvent): void => {
    if (pressed.code !== 'Escape') return;
    pressed.stopPropagation();
    finish(true);
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', up);
  window.addEventListener('pointercancel', cancel);
  window.addEventListener('pointerdown', otherButton, true);
  window.addEventListener('keydown', key, true);
}
