/**
 * Projects that the window opens, several before the first has come: the one that was asked for last shows, and the
 * host is told to close what no longer does. It keeps one hold a window on a project however often that was opened, so
 * nothing is closed before the last has come and is known to be another one.
 */
export class Openings {
  #last = 0;
  #isOpening = false;
  readonly #unwanted = new Set<string>();

  /** Another project is asked for. Returns its turn. */
  begin(): number {
    this.#isOpening = true;
    this.#last += 1;
    return this.#last;
  }

  /**
   * An opening has come to its end.
   * @param turn what {@link begin} returned
   * @param opened id of the project; null where it could not be opened
   * @param shown id of the project that shows now; null where none does
   * @returns whether the project shows from now on, and the ids of those to close
   */
  end(
    turn: number,
    opened: string | null,
    shown: string | null,
  ): { readonly shows: boolean; readonly close: readonly string[] } {
    const isLast = turn === this.#last;
    if (isLast) this.#isOpening = false;
    const shows = isLast && opened !== null;
    for (const id of [opened, shown]) if (id !== null) this.#unwanted.add(id);
    const wanted = shows ? opened : shown;
    if (wanted !== null) this.#unwanted.delete(wanted);
    if (this.#isOpening) return { shows, close: [] };
    const close = [...this.#unwanted];
    this.#unwanted.clear();
    return { shows, close };
  }
}
