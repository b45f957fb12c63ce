import type { Result } from '../../src-shared/contract/methods.ts';
import type { AssetInfo } from '../../src-shared/contract/values.ts';
import type { HeardOnset } from '../timeline/edits/rhythm.ts';
import { audible } from '../timeline/edits/rhythm.ts';
import type { ProjectSession } from './project.svelte.ts';
import type { Studio } from './studio.svelte.ts';

export type SoundAnalysis = Omit<Result<'audio.analysis'>, 'peaks'> & { readonly peaks: Uint8Array };

/** The project's sound as the window knows it. */
export class SoundState {
  readonly #studio: Studio;
  analysis = $state.raw<SoundAnalysis | null>(null);
  name = $state('');
  /** Why there is nothing to see. */
  problem = $state('');
  /** A sound is being sent or looked at. */
  isBusy = $state(false);
  muted = $state(false);
  /** 0 shows only the strongest onsets, 1 all. */
  sensitivity = $state(0.5);
  readonly onsets: readonly HeardOnset[] = $derived(
    this.analysis === null ? [] : audible(this.analysis.onsets, this.sensitivity),
  );
  #shown = '';

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Gets what there is to see of a sound, once. */
  async show(project: ProjectSession, sound: string | undefined): Promise<void> {
    const wanted = `${project.id} ${sound ?? ''}`;
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    this.analysis = null;
    this.problem = '';
    this.name = '';
    if (sound === undefined) return;
    this.isBusy = true;
    try {
      const { client } = this.#studio.connection;
      if (client === null) throw new Error('The host is not connected.');
      const [{ peaks, ...rest }, { assets }] = await Promise.all([
        client.call('audio.analysis', { project: project.id, sound }),
        client.call('project.assets', { project: project.id }),
      ]);
      if (wanted !== this.#shown) return;
      this.analysis = { ...rest, peaks: Uint8Array.from(atob(peaks), (letter) => letter.charCodeAt(0)) };
      this.name = assets.find((asset) => asset.sha256 === sound || asset.name === sound)?.name ?? sound;
    } catch (error) {
      if (wanted !== this.#shown) return;
      this.problem = (error as Error).message;
      // Another look asks again.
      this.#shown = '';
    } finally {
      this.isBusy = false;
    }
  }

  /** Puts a sound file into the project and onto its timeline. */
  async import(send: (project: ProjectSession) => Promise<AssetInfo>): Promise<void> {
    const { project } = this.#studio;
    if (project === null) return;
    this.isBusy = true;
    try {
      const { sha256 } = await send(project);
      const { offset = 0, gain = 1 } = project.document.audio ?? {};
      project.edit(
        [{ type: 'setSettings', settings: { audio: { asset: sha256, offset, gain } } }],
        'Add sound',
      );
    } catch (error) {
      this.#studio.fail(error);
    } finally {
      this.isBusy = false;
    }
  }
}
