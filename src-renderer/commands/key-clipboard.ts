import type { ProjectSession } from '../state/project.svelte.ts';
import type { Studio } from '../state/studio.svelte.ts';
import {
  type CopiedKeys,
  copiedKeys,
  copiedPictures,
  copyText,
  pasteCommands,
  withPictures,
} from '../timeline/edits/clipboard.ts';
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
    this.#last = copyText(project.document, keys, project.file);
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
    const { project } = this.#studio;
    const copied = copiedKeys(text);
    if (project === null || copied === undefined) return false;
    void this.#paste(project, copied);
    return true;
  }

  async #paste(project: ProjectSession, copied: CopiedKeys): Promise<void> {
    const { player, selected } = this.#studio;
    const at = player.frame;
    const wanted = copiedPictures(copied);
    let missing = 0;
    let pasted = copied;
    if (wanted.length > 0 && copied.from !== project.file) {
      // The pictures first: frames must not be planned without them.
      const { from } = copied;
      const answer = await this.#studio.ask((client) =>
        client.call('project.copyAssets', {
          project: project.id,
          assets: wanted,
          ...(from === undefined ? {} : { from }),
        }),
      );
      if (answer === undefined || project !== this.#studio.project) return;
      pasted = withPictures(copied, answer.found);
      missing = wanted.filter((picture) => answer.found[picture] === undefined).length;
    }
    const { commands, keys } = pasteCommands(pasted, at, project.document.fps);
    project.edit(commands, `Paste ${keys.length === 1 ? 'key' : `${keys.length} keys`}`);
    selected.set(keys);
    if (missing === 0) return;
    const what = missing === 1 ? 'A picture' : `${missing} pictures`;
    this.#studio.tell(
      `${what} of the pasted keys could not be found in the project that they come from; choose it again in the keyframe's panel.`,
      'error',
    );
  }
}
