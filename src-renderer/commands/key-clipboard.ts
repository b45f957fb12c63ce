import { documentAssets } from '../../src-shared/model/asset-references.ts';
import type { Studio } from '../state/studio.svelte.ts';
import { copiedKeys, copyText, pasteCommands } from '../timeline/edits/clipboard.ts';
import { named } from '../timeline/edits/move.ts';
import { removeCommands } from '../timeline/edits/remove.ts';

/**
 * Keys on the system's clipboard, as JSON text: they go from project to project and from window to window. Where the
 * system lets no page read it unasked, what this window copied last is pasted.
 */
export class KeyClipboard {
  readonly #studio: Studio;
  #last = '';

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** The selected keys as text; undefined when there are none. */
  text(): string | undefined {
    const { project, selected } = this.#studio;
    const keys = project === null ? [] : selected.resolve(project.document);
    if (project === null || keys.length === 0) return undefined;
    this.#last = copyText(project.document, keys);
    return this.#last;
  }

  copy(): void {
    const text = this.text();
    if (text !== undefined) navigator.clipboard?.writeText(text).catch(() => {});
  }

  /** Takes out what {@link text} has given. */
  removeSelected(verb: 'Cut' | 'Remove'): void {
    const { project, selected } = this.#studio;
    if (project === null) return;
    const keys = selected.resolve(project.document);
    project.edit(removeCommands(project.document, keys), `${verb} ${named(project.document, keys)}`);
    selected.clear();
  }

  cut(): void {
    this.copy();
    this.removeSelected('Cut');
  }

  paste(): void {
    const read = navigator.clipboard?.readText?.() ?? Promise.reject(new Error('not readable'));
    read.then(
      (text) => this.pasteText(copiedKeys(text) === undefined ? this.#last : text),
      () => this.pasteText(this.#last),
    );
  }

  /** Puts the keys of a text at the playhead and selects them. Answers whether it held any. */
  pasteText(text: string): boolean {
    const { project, player, selected } = this.#studio;
    const copied = copiedKeys(text);
    if (project === null || copied === undefined) return false;
    const { commands, keys } = pasteCommands(copied, player.frame, project.document.fps);
    project.edit(commands, `Paste ${keys.length === 1 ? 'key' : `${keys.length} keys`}`);
    selected.set(keys);
    void this.#tellMissingPictures();
    return true;
  }

  /** A picture of another project comes along by name only. */
  async #tellMissingPictures(): Promise<void> {
    const { project } = this.#studio;
    if (project === null) return;
    const used = documentAssets(project.document);
    if (used.length === 0) return;
    const answer = await this.#studio.ask((client) => client.call('project.assets', { project: project.id }));
    if (answer === undefined) return;
    const there = new Set(answer.assets.flatMap(({ sha256, name }) => [sha256, name]));
    const missing = used.filter((asset) => !there.has(asset)).length;
    if (missing > 0) {
      const what = missing === 1 ? 'A picture' : `${missing} pictures`;
      this.#studio.tell(
        `${what} of the pasted keys is in another project; choose it again in the keyframe's panel.`,
        'error',
      );
    }
  }
}
