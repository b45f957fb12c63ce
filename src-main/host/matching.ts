import { AppError } from '../../src-shared/kernel/errors.ts';
import type { ClipEmbeddings } from '../engine/clip/clip.ts';
import { type ClipDescription, describeClip } from '../engine/clip/description.ts';
import {
  classVector,
  contrastiveLoss,
  type ContrastiveLoss,
  cosines,
  type Matrix,
  softmaxRows,
  unitRows,
} from '../engine/clip/scores.ts';
import { sentencesOf } from '../engine/clip/templates.ts';
import type { RgbImage } from '../engine/ports.ts';
import type { InstalledModel } from './models/discover.ts';
import type { ReadModel } from './models/read-model.ts';

/** A CLIP folder that has been read. */
export interface ClipModel extends ReadModel {
  readonly description: ClipDescription;
}

/** Pictures and words compared by a CLIP model. */
export interface Matching {
  /** The one that is used where none is named: the user's, else the one that comes with the studio; null without any. */
  usual(): Promise<InstalledModel | null>;
  /**
   * @param ref an installed name, or a folder relative to `cwd`; undefined: the usual one
   * @throws {AppError} not-found, invalid-model
   */
  load(ref: string | undefined, cwd: string): Promise<ClipModel>;
  /** Rows as the encoders give them. */
  embed(
    model: ClipModel,
    texts: readonly string[],
    pictures: readonly RgbImage[],
    signal?: AbortSignal,
  ): Promise<ClipEmbeddings>;
  /** Cosines, a row for each picture and a column for each text; -1 to 1. */
  similarities(
    model: ClipModel,
    pictures: readonly RgbImage[],
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<Matrix>;
  /** How likely each picture shows each class, given that it shows one of them; rows add up to 1. */
  classify(
    model: ClipModel,
    pictures: readonly RgbImage[],
    classes: readonly string[],
    templates: readonly string[],
    signal?: AbortSignal,
  ): Promise<Matrix>;
  /** The loss of training for pictures and texts that belong together in order. */
  contrast(
    model: ClipModel,
    pictures: readonly RgbImage[],
    texts: readonly string[],
    lambda?: number,
    signal?: AbortSignal,
  ): Promise<{ readonly similarity: Matrix; readonly loss: ContrastiveLoss }>;
}

export interface MatchingOptions {
  installed(): Promise<readonly InstalledModel[]>;
  read(ref: string, cwd: string): Promise<ReadModel>;
  embed(
    folder: string,
    texts: readonly string[],
    pictures: readonly RgbImage[],
    signal?: AbortSignal,
  ): Promise<ClipEmbeddings>;
  onNote(message: string): void;
}

export function createMatching(options: MatchingOptions): Matching {
  const usual = async (): Promise<InstalledModel | null> => {
    const clips = (await options.installed()).filter(({ kind }) => kind === 'clip');
    return clips.find(({ origin }) => origin === 'user') ?? clips[0] ?? null;
  };
  const embed: Matching['embed'] = async (model, texts, pictures, signal) => {
    const embeddings = await options.embed(model.folder, texts, pictures, signal);
    for (const [number, end] of Object.entries(embeddings.cut)) {
      options.onNote(
        `"${texts[Number(number)]}" is longer than the ${model.description.contextLength} tokens that the model reads; this end was left out: "${end}".`,
      );
    }
    return embeddings;
  };
  const similarities: Matching['similarities'] = async (model, pictures, texts, signal) => {
    const embeddings = await embed(model, texts, pictures, signal);
    return cosines(unitRows(embeddings.pictures), unitRows(embeddings.texts));
  };
  return {
    usual,
    async load(ref, cwd) {
      const folder = ref ?? (await usual())?.name;
      if (folder === undefined) {
        throw new AppError(
          'not-found',
          'No CLIP model is installed, and none was named. "models import FOLDER" installs one that models/export/export.py wrote.',
        );
      }
      const model = await options.read(folder, cwd);
      return { ...model, description: describeClip(model) };
    },
    embed,
    similarities,
    async classify(model, pictures, classes, templates, signal) {
      const sentences = classes.flatMap((name) => sentencesOf(name, templates));
      const embeddings = await embed(model, sentences, pictures, signal);
      const rows = unitRows(embeddings.texts);
      const vectors = classes.map((_, i) =>
        classVector(rows.slice(i * templates.length, (i + 1) * templates.length)),
      );
      const { logitScale } = model.description;
      const scores = cosines(unitRows(embeddings.pictures), vectors);
      return softmaxRows(scores.map((row) => row.map((value) => value * logitScale)));
    },
    async contrast(model, pictures, texts, lambda, signal) {
      if (pictures.length !== texts.length) {
        throw new AppError(
          'invalid-input',
          `There are ${pictures.length} pictures and ${texts.length} texts; one text for each picture is needed, in the same order.`,
        );
      }
      const similarity = await similarities(model, pictures, texts, signal);
      return { similarity, loss: contrastiveLoss(similarity, model.description.logitScale, lambda) };
    },
  };
}
