import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';
import { messageOf } from '../../../src-shared/kernel/errors.ts';
import { familyOf, USUAL_FAMILY } from '../../engine/pipelines/families.ts';
import { isClipClass } from '../../engine/clip/description.ts';
import { readObject } from '../../engine/pipelines/folder-json.ts';
import type { FolderLayout } from '../../engine/pipelines/family.ts';
import { tokenizerFilesOf } from '../../engine/pipelines/folder-tokenizer.ts';
import type { TensorInfo } from '../../engine/ports.ts';
import { createTokenizer } from '../../engine/tokenizers/create-tokenizer.ts';
import { CLIP_FOLDER, type FolderReader } from './folder-reader.ts';
import { checkGraphFiles } from './check-graph-files.ts';
import { sessionCheckOf } from './session-checks/session-checks.ts';
import { isModelText, listModelFiles, readModelText } from './model-files.ts';
import { componentsOf } from './read-model.ts';

export interface ModelProblem {
  /** A model with an error is not rendered with; a warning names something that will not be possible. */
  readonly severity: 'error' | 'warning';
  /** The file, relative to the model folder; null when it is about the folder. */
  readonly path: string | null;
  readonly message: string;
}

/** Inputs and outputs of every component that has a graph, or why it cannot be opened. */
export type Inspection = Readonly<
  Record<
    string,
    | { readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] }
    | { readonly error: string }
  >
>;

export interface ModelCheckOptions {
  /** Opens these components and says what each takes and gives. */
  readonly inspect: (folder: string, components: readonly string[]) => Promise<Inspection>;
}

/** Sets of files that each make a tokenizer. */
const TOKENIZERS = [['tokenizer.json'], ['vocab.json', 'merges.txt'], ['vocab.txt']];

/** Finds everything that is missing or wrong in a model folder, at once; an empty list means that it can render. */
export async function checkModel(folder: string, options: ModelCheckOptions): Promise<ModelProblem[]> {
  const problems: ModelProblem[] = [];
  const report = (severity: ModelProblem['severity'], path: string | null, message: string): void => {
    problems.push({ severity, path, message });
  };
  let paths: string[];
  try {
    paths = await listModelFiles(folder);
  } catch (error) {
    report('error', null, messageOf(error));
    return problems;
  }
  const texts = await readJsonTexts(folder, paths, report);
  const family = familyIn(paths, texts, problems, report);
  const components = componentsOf(paths);
  const layout = family.layout({ files: texts, components });
  checkPresence(layout, paths, family !== CLIP_FOLDER, report);
  checkGraphFiles(folder, paths, report);
  // Nothing is said twice: what was found wanting is not looked at again.
  const wanting = new Set(problems.filter(({ severity }) => severity === 'error').map(({ path }) => path));
  const attempt = (path: string | null, work: () => void): void => {
    try {
      work();
    } catch (error) {
      report('error', path, messageOf(error));
    }
  };
  for (const tokenizer of layout.tokenizers) {
    if ([...wanting].some((path) => path === tokenizer || path?.startsWith(`${tokenizer}/`))) continue;
    attempt(tokenizer, () => createTokenizer(tokenizerFilesOf(texts, tokenizer)));
  }
  if (wanting.size === 0) attempt(null, () => family.read({ files: texts, components }));
  const sound = [...layout.required, ...Object.keys(layout.optional)].filter((name) => {
    const graph = `${name}/model.onnx`;
    return paths.includes(graph) && ![...wanting].some((path) => path?.startsWith(`${name}/`));
  });
  try {
    const inspection = sound.length === 0 ? {} : await options.inspect(folder, sound);
    sessionCheckOf(family)({ inspection, components: sound, texts }, report);
  } catch (error) {
    report('error', null, `The components could not be opened: ${messageOf(error)}`);
  }
  return problems;
}

/** The family that reads the folder; when none does, the usual one, so that everything else that is missing is told too. */
function familyIn(
  paths: readonly string[],
  texts: Readonly<Record<string, string>>,
  problems: readonly ModelProblem[],
  report: Report,
): FolderReader {
  const index = 'model_index.json';
  if (!paths.includes(index)) {
    report('error', index, 'model_index.json is missing: it names the pipeline.');
    return USUAL_FAMILY;
  }
  if (problems.some(({ path }) => path === index)) return USUAL_FAMILY;
  try {
    return isClipClass(readObject(texts, index)?.['_class_name']) ? CLIP_FOLDER : familyOf(texts);
  } catch (error) {
    report('error', index, messageOf(error));
    return USUAL_FAMILY;
  }
}

export type Report = (severity: ModelProblem['severity'], path: string | null, message: string) => void;

function checkPresence(
  layout: FolderLayout,
  paths: readonly string[],
  isSampled: boolean,
  report: Report,
): void {
  const has = (path: string): boolean => paths.includes(path);
  for (const component of layout.required) {
    const path = `${component}/model.onnx`;
    if (!has(path)) report('error', path, `${path} is missing.${otherGraphs(paths, component)}`);
  }
  for (const [component, without] of Object.entries(layout.optional)) {
    const path = `${component}/model.onnx`;
    if (!has(path)) report('warning', path, `${path} is missing: ${without}.`);
  }
  const scheduler = 'scheduler/scheduler_config.json';
  if (isSampled && !has(scheduler)) report('error', scheduler, `${scheduler} is missing.`);
  for (const tokenizer of layout.tokenizers) {
    const sets = TOKENIZERS.map((files) => files.map((file) => `${tokenizer}/${file}`));
    if (sets.some((files) => files.every(has))) continue;
    const accepted = sets.map((files) => files.join(' + ')).join(', or ');
    report('error', tokenizer, `The ${tokenizer} is missing. Accepted: ${accepted}.`);
  }
}

function otherGraphs(paths: readonly string[], component: string): string {
  const others = paths.filter((path) => path.startsWith(`${component}/`) && path.endsWith('.onnx'));
  return others.length > 0 ? ` There is ${others.join(', ')}; the file must be named model.onnx.` : '';
}

async function readJsonTexts(
  folder: string,
  paths: readonly string[],
  report: Report,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const path of paths.filter(isModelText)) {
    try {
      const text = await readModelText(folder, path);
      if (path.endsWith('.json')) parsePythonJson(text);
      texts[path] = text;
    } catch (error) {
      report('error', path, `${path} cannot be read: ${messageOf(error)}`);
    }
  }
  return texts;
}
