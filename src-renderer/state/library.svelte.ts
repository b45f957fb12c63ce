import type { FileFilter } from '../../src-shared/contract/desktop.ts';
import { DOWNLOAD_PATH } from '../../src-shared/contract/protocol.ts';
import type { Result } from '../../src-shared/contract/methods.ts';
import { saveAddress } from '../client/save-address.ts';
import type { Studio } from './studio.svelte.ts';

export type RecentProject = Result<'library.recent'>['projects'][number];

const PROJECTS: FileFilter = { name: 'Inbetween projects', endings: ['inbetween', 'json'] };
const EXPORTS: FileFilter = {
  name: 'Exports that carry a project',
  endings: ['gif', 'mp4', 'webm', 'webp', 'png'],
};
const COPIES: FileFilter = { name: 'Inbetween project', endings: ['inbetween'] };

/** Project files: those of late, opening, copies. Native dialogs where the host is this machine's own. */
export class Library {
  recent = $state.raw<readonly RecentProject[]>([]);
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  async refresh(): Promise<void> {
    const found = await this.#studio.ask((client) => client.call('library.recent', {}));
    if (found !== undefined) this.recent = found.projects;
  }

  async forget(file: string): Promise<void> {
    await this.#studio.ask((client) => client.call('library.forget', { file }));
    await this.refresh();
  }

  /** Opens a file of the host's: a project itself; of JSON projects and exports what they hold, as a copy. */
  openFile(file: string): Promise<boolean> {
    return /\.inbetween$/i.test(file) ? this.#studio.open(file) : this.#studio.openCopy(file);
  }

  /** Asks which project to open. */
  async chooseProject(): Promise<void> {
    const { desktop } = this.#studio;
    if (desktop === null || !desktop.isLocal) {
      this.#studio.dialog = 'open';
      return;
    }
    const file = await desktop.ask('dialog.open', {
      title: 'Open a project',
      kind: 'file',
      filters: [
        { name: 'Projects and exports', endings: [...PROJECTS.endings, ...EXPORTS.endings] },
        PROJECTS,
        EXPORTS,
      ],
    });
    if (file) await this.openFile(file);
  }

  /** A copy with everything in it, where the user says. */
  async saveCopy(): Promise<void> {
    const studio = this.#studio;
    const { project, desktop } = studio;
    if (project === null) return;
    const name = `${project.document.name.replace(/[\\/:*?"<>|]+/g, ' ')} copy.inbetween`;
    if (desktop?.isLocal === true) {
      const file = await desktop.ask('dialog.save', { title: 'Save a copy', name, filters: [COPIES] });
      if (!file) return;
      const target = /\.inbetween$/i.test(file) ? file : `${file}.inbetween`;
      const saved = await studio.ask((client) =>
        client.call('library.saveCopy', { project: project.id, file: target }),
      );
      if (saved?.file) studio.tell(`The copy is saved: ${saved.file}`);
      return;
    }
    const saved = await studio.ask((client) => client.call('library.saveCopy', { project: project.id }));
    if (saved?.download) saveAddress(`${DOWNLOAD_PATH}${saved.download}`, saved.name);
  }
}
