import { uploadAsset, uploadFile } from '../client/upload.ts';
import type { Studio } from './studio.svelte.ts';

/** Files that may carry a project: the endings of exports. Pictures among them are pictures when they do not. */
const CARRIERS = /\.(gif|mp4|webm|webp|png|jpe?g)$/i;
const PICTURES = /\.(png|jpe?g|webp|gif)$/i;
const PROJECTS = /\.(inbetween|json)$/i;

/** What is dropped into the window from outside. */
export class Drop {
  /** Files are being dragged over the window. */
  isOver = $state(false);
  /** A model folder that was dropped, until the page for adding models has taken it over. */
  folder = $state<string | null>(null);
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  async take(transfer: DataTransfer): Promise<void> {
    this.isOver = false;
    const items = [...transfer.items].filter(({ kind }) => kind === 'file');
    // Before the first pause: the list is empty afterwards.
    const dropped = items.map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry() }));
    for (const { file, entry } of dropped) {
      if (file === null) continue;
      try {
        if (entry?.isDirectory === true) this.#takeFolder(file);
        else await this.#takeFile(file);
      } catch (error) {
        this.#studio.fail(error);
      }
    }
  }

  #takeFolder(file: File): void {
    const { desktop } = this.#studio;
    if (desktop === null || !desktop.isLocal) {
      throw new Error(
        `The folder ${file.name} is on this machine, the host is not here: import it there with "inbetween models import".`,
      );
    }
    this.folder = desktop.bridge.pathOf(file);
    this.#studio.dialog = 'models';
  }

  async #takeFile(file: File): Promise<void> {
    const studio = this.#studio;
    if (!PROJECTS.test(file.name) && !CARRIERS.test(file.name)) {
      throw new Error(
        `${file.name} cannot be opened; accepted are projects (.inbetween, .json), exports that carry one (GIF, MP4, WebM, WebP, PNG), pictures and model folders.`,
      );
    }
    const path = await this.#pathOnHost(file);
    if (/\.inbetween$/i.test(file.name)) return void (await studio.open(path));
    const carried = await studio.client.call('project.peek', { file: path }).catch((error: Error) => error);
    if (!(carried instanceof Error)) return void (await studio.openCopy(path));
    if (PICTURES.test(file.name)) return this.#takePicture(file);
    // The place where a host keeps what it was sent is nothing that the user knows.
    throw new Error(carried.message.replaceAll(path, file.name));
  }

  /** Local hosts read the file where it is; others are sent it. */
  async #pathOnHost(file: File): Promise<string> {
    const { desktop } = this.#studio;
    const path = desktop?.isLocal === true ? desktop.bridge.pathOf(file) : '';
    return path === '' ? uploadFile(file) : path;
  }

  /** A picture becomes the init image of the keyframe at the playhead. */
  async #takePicture(file: File): Promise<void> {
    const studio = this.#studio;
    const { project } = studio;
    if (project === null) {
      throw new Error(`${file.name} carries no project; open one first to use it as a picture.`);
    }
    const asset = await uploadAsset(project.id, file);
    const { frame } = studio.player;
    project.edit(
      [{ type: 'setChannel', frame, channel: 'initImage', value: asset.sha256 }],
      `Put ${file.name} at frame ${frame}`,
    );
    studio.tell(`${file.name} is the picture that frame ${frame} starts from; its strength is in the panel.`);
  }
}
