import { isClipClass } from '../clip/description.ts';
import type { SessionSource } from '../ports.ts';
import { CLASS_CONDITIONAL } from './class-conditional/family.ts';
import type { Family, FamilyModel } from './family.ts';
import { type FolderContent, invalidModel, readObject } from './folder-json.ts';
import type { ModelDescription } from './model-description.ts';
import type { Pipeline } from './pipeline.ts';
import { KANDINSKY_2_0, KANDINSKY_2_1, KANDINSKY_2_2 } from './kandinsky/family.ts';
import { STABLE_DIFFUSION, STABLE_DIFFUSION_XL } from './stable-diffusion/family.ts';

/** The kinds of pipelines there are. To add one, write a module with a `Family` and list it here. */
const FAMILIES: readonly Family[] = [
  STABLE_DIFFUSION,
  STABLE_DIFFUSION_XL,
  KANDINSKY_2_0,
  KANDINSKY_2_1,
  KANDINSKY_2_2,
  CLASS_CONDITIONAL,
];

/** What most folders are. */
export const USUAL_FAMILY = STABLE_DIFFUSION;

/**
 * The family of a model folder, from its model_index.json.
 * @throws {AppError} `invalid-model` when there is no such file, or its class is of no family
 */
export function familyOf(files: FolderContent['files']): Family {
  const index = readObject(files, 'model_index.json');
  if (index === undefined) {
    throw invalidModel(
      'The model folder has no model_index.json. A folder written by diffusers or Optimum (ONNX export) has one.',
    );
  }
  const className = typeof index['_class_name'] === 'string' ? index['_class_name'] : '';
  const family = FAMILIES.find((candidate) => candidate.reads(className));
  if (family !== undefined) return family;
  if (isClipClass(className)) {
    throw invalidModel(
      `The model is a CLIP: it compares pictures with words and makes none. "rank", "classify" and the order of takes use it.`,
    );
  }
  const accepted = FAMILIES.map(({ classNames }) => classNames).join('; ');
  throw invalidModel(
    `model_index.json names the pipeline class "${className}", which is not supported. Accepted: ${accepted}.`,
  );
}

/**
 * Reads a model folder.
 * @throws {AppError} `invalid-model` naming every missing file at once, a file that is no JSON object, a pipeline
 * class or scheduler class that is not supported, or a value that makes no sense.
 */
export function readFamilyModel(folder: FolderContent): FamilyModel {
  return familyOf(folder.files).read(folder);
}

/** What a model folder's JSON files say about it; see {@link readFamilyModel}. */
export function describeModel(
  files: FolderContent['files'],
  components: FolderContent['components'],
): ModelDescription {
  return readFamilyModel({ files, components }).description;
}

/**
 * The pipeline of a model folder. No session is opened yet.
 * @throws {AppError} `invalid-model` for a folder that is incomplete, damaged or of no family.
 */
export function createPipeline(source: SessionSource, files: FolderContent['files']): Pipeline {
  const folders = new Set(Object.keys(files).map((path) => path.split('/')[0]!));
  const { required, optional } = familyOf(files).layout({ files, components: {} });
  for (const name of [...required, ...Object.keys(optional)]) folders.add(name);
  const components = Object.fromEntries([...folders].map((name) => [name, source.has(name)]));
  return readFamilyModel({ files, components }).createPipeline(source);
}
