import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { isAssetPath } from '../../src-shared/model/asset-references.ts';
import { analyseSound, type SoundAnalysis } from './audio/analyse.ts';
import { readAnalysis, writeAnalysis } from './audio/analysis-file.ts';
import { ANALYSIS_RATE } from './audio/onset-strength.ts';
import { SOUND_KINDS, soundType } from './audio/sound-kind.ts';
import { decodeSound } from './export/decode-sound.ts';
import { extractSound } from './export/extract-sound.ts';
import { soundStart } from './export/sound-track.ts';
import type { ExportFormat, ExportSound } from './export/types.ts';
import type { Project } from './project.ts';
import type { AssetInput } from './store/store-types.ts';

export interface Sounds {
  /**
   * What the store keeps of a sound file, after it was decoded once.
   * @throws {AppError} invalid-asset when it is no sound or cannot be decoded, ffmpeg-missing
   */
  read(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<AssetInput>;
  /**
   * The sound that an exported film has, as the store keeps one; undefined when it has none.
   * @throws {AppError} ffmpeg-missing, cancelled
   */
  ofFilm(
    film: string,
    signal?: AbortSignal,
  ): Promise<{ readonly asset: AssetInput; readonly seconds: number } | undefined>;
  /**
   * Peaks, onsets and tempo of a project's sound; kept on disk once they are known.
   * @throws {AppError} invalid-asset, ffmpeg-missing, cancelled
   */
  analysis(project: Project, reference: string, signal?: AbortSignal): Promise<SoundAnalysis>;
  /**
   * Gives what an export needs of the project's sound for as long as `use` takes: nothing where the project has none
   * or the format takes none, which is then said.
   */
  withTrack<Value>(
    project: Project,
    film: {
      readonly format: ExportFormat;
      readonly firstFrame: number;
      readonly fps: number;
      readonly onNote?: ((message: string) => void) | undefined;
    },
    use: (track: { readonly sound?: ExportSound }) => Promise<Value>,
  ): Promise<Value>;
}

export interface SoundsOptions {
  /** Folder for what is kept; it may be deleted at any time. */
  readonly cacheFolder: string;
  /** @throws {AppError} ffmpeg-missing */
  ffmpeg(): string;
}

export function createSounds({ cacheFolder, ffmpeg }: SoundsOptions): Sounds {
  const analyse = async (
    name: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<SoundAnalysis> => {
    const kept = join(cacheFolder, `${hash('sha256', bytes)}.json`);
    const known = await readAnalysis(kept);
    if (known !== undefined) return known;
    const made = await withBytes(bytes, (file) =>
      analyseSound(floats(decodeSound(ffmpeg(), file, { rate: ANALYSIS_RATE, channels: 1, signal })), name),
    );
    await writeAnalysis(kept, made);
    return made;
  };

  return {
    async read(name, bytes, signal) {
      const mediaType = soundType(bytes);
      if (mediaType === undefined) {
        throw new AppError(
          'invalid-asset',
          `${name} is no sound that is accepted; accepted are ${SOUND_KINDS}.`,
        );
      }
      await analyse(name, bytes, signal).catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'invalid-asset') throw error;
        throw new AppError('invalid-asset', `${name}: ${error.message}`, { cause: error });
      });
      return soundAsset(name, bytes);
    },
    async ofFilm(film, signal) {
      const folder = await mkdtemp(join(tmpdir(), 'inbetween-film-'));
      try {
        const file = join(folder, 'sound.flac');
        if (!(await extractSound(ffmpeg(), film, file, signal))) return undefined;
        const name = `${basename(film, extname(film))}.flac`;
        const bytes = await readFile(file);
        const { duration } = await analyse(name, bytes, signal);
        return { asset: soundAsset(name, bytes), seconds: duration };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async analysis(project, reference, signal) {
      const { name, bytes } = await soundOf(project, reference);
      return analyse(name, bytes, signal);
    },
    async withTrack(project, { format, firstFrame, fps, onNote }, use) {
      const { audio, fps: own } = project.document;
      if (audio === undefined) return use({});
      if (format !== 'mp4' && format !== 'webm') {
        onNote?.(`${format.toUpperCase()} has no sound; the project's is left out.`);
        return use({});
      }
      const { gain, offset } = audio;
      const withFile = (file: string): ReturnType<typeof use> =>
        use({ sound: { file, gain, start: soundStart(offset, firstFrame, own), speed: fps / own } });
      if (project.store === undefined && isAssetPath(audio.asset)) {
        return withFile(resolve(dirname(project.file), audio.asset));
      }
      const { bytes } = await soundOf(project, audio.asset);
      return withBytes(bytes, withFile);
    },
  };
}

/** A sound as the store keeps it: it has no pixels, so it counts as one. */
export function soundAsset(name: string, bytes: Uint8Array): AssetInput {
  return { name, bytes, mediaType: soundType(bytes) ?? 'application/octet-stream', width: 1, height: 1 };
}

async function soundOf(project: Project, reference: string): Promise<{ name: string; bytes: Uint8Array }> {
  if (project.store === undefined && isAssetPath(reference)) {
    const file = resolve(dirname(project.file), reference);
    return readFile(file).then(
      (bytes) => ({ name: reference, bytes }),
      (error: NodeJS.ErrnoException) => {
        throw new AppError('invalid-asset', `The sound ${reference} cannot be read: ${error.message}`, {
          cause: error,
        });
      },
    );
  }
  const found = project.store?.getAsset(project.assetKeys.get(reference) ?? reference);
  if (found !== undefined) return found;
  throw new AppError(
    'invalid-asset',
    `${project.file} uses a sound that is not in the project (${reference}); add it again, or remove it from the timeline.`,
  );
}

/** ffmpeg reads some kinds only from files that it can move about in. */
async function withBytes<Value>(bytes: Uint8Array, use: (file: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'inbetween-sound-'));
  try {
    const file = join(folder, 'sound');
    await writeFile(file, bytes);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* floats(pieces: AsyncIterable<Int16Array>): AsyncGenerator<Float32Array> {
  for await (const piece of pieces) yield Float32Array.from(piece, (value) => value / 32_768);
}
