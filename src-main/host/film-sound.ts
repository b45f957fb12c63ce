import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { isAssetPath } from '../../src-shared/model/asset-references.ts';
import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import type { Sounds } from './sounds.ts';
import type { AssetInput } from './store/store-types.ts';

/** A project that comes out of a film, with the sound that the film has. */
export interface FilmProject {
  readonly document: ProjectDocument;
  readonly sounds: readonly AssetInput[];
  /** What the user should know. */
  readonly notes: readonly string[];
}

/** These name their sound themselves. */
const PROJECTS = new Set(['.inbetween', '.json']);
const FILMS = new Set(['.mp4', '.webm']);
/** Encoders fill their last block, seconds. */
const PADDING = 0.1;

/**
 * A film carries its project and is its sound: when the project's own sound is not there, the film's takes its place.
 * Other exports have none; their project opens without.
 * @param film the exported file
 * @param folder where paths of the document start from
 */
export async function withFilmSound(
  sounds: Sounds,
  film: string,
  document: ProjectDocument,
  folder: string,
  signal?: AbortSignal,
): Promise<FilmProject> {
  const { audio } = document;
  const isThere = audio !== undefined && isAssetPath(audio.asset) && existsSync(join(folder, audio.asset));
  const ending = extname(film).toLowerCase();
  if (audio === undefined || isThere || PROJECTS.has(ending)) return { document, sounds: [], notes: [] };
  const name = basename(film);
  const found = FILMS.has(ending)
    ? await sounds.ofFilm(film, signal).catch((error: unknown) => {
        // Without its sound the project is still worth opening.
        if (!(error instanceof AppError) || signal?.aborted) throw error;
        return error;
      })
    : undefined;
  if (found === undefined || found instanceof AppError) {
    const { audio: _missing, ...silent } = document;
    const reason = found === undefined ? 'it has none' : found.message;
    return {
      document: silent,
      sounds: [],
      notes: [`The project's sound could not be taken from ${name}: ${reason}. Add the sound again.`],
    };
  }
  const { asset, seconds } = found;
  const whole = frameCount(document) / document.fps;
  return {
    document: { ...document, audio: { asset: hash('sha256', asset.bytes), offset: 0, gain: 1 } },
    sounds: [asset],
    notes: [
      Math.abs(seconds - whole) <= PADDING
        ? `The sound comes from ${name} itself.`
        : `The sound comes from ${name} itself, which is ${seconds.toFixed(1)} s of a project of ${whole.toFixed(1)} s: check where it begins.`,
    ],
  };
}
