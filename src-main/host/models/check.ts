import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { COMPONENTS } from '../../engine/pipelines/create-pipeline.ts';
import { describeModel } from '../../engine/pipelines/model-description.ts';
import type { TensorInfo } from '../../engine/ports.ts';
import { createTokenizer, TOKENIZER_FILES } from '../../engine/tokenizers/create-tokenizer.ts';
import { checkGraphFiles } from './check-graph-files.ts';
import { checkSessions } from './check-sessions.ts';
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

const REQUIRED_COMPONENTS = ['text_encoder', 'unet', 'vae_decoder'];

/** Sets of files that each make a tokenizer. */
const TOKENIZERS = [
  ['tokenizer/tokenizer.json'],
  ['tokenizer/vocab.json', 'tokenizer/merges.txt'],
  ['tokenizer/vocab.txt'],
];

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
  checkPresence(paths, report);
  const texts = await readJsonTexts(folder, paths, report);
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
  if (![...wanting].some((path) => path?.startsWith('tokenizer'))) {
    attempt('tokenizer', () => createTokenizer(tokenizerFiles(texts)));
  }
  if (wanting.size === 0) attempt(null, () => describeModel(texts, componentsOf(paths)));
  const sound = COMPONENTS.filter((name) => {
    const graph = `${name}/model.onnx`;
    return paths.includes(graph) && ![...wanting].some((path) => path?.startsWith(`${name}/`));
  });
  try {
    checkSessions(sound.length === 0 ? {} : await options.inspect(folder, sound), sound, texts, report);
  } catch (error) {
    report('error', null, `The components could not be opened: ${messageOf(error)}`);
  }
  return problems;
}

function tokenizerFiles(texts: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return Object.fromEntries(TOKENIZER_FILES.map((name) => [name, texts[`tokenizer/${name}`]]));
}

export type Report = (severity: ModelProblem['severity'], path: string | null, message: string) => void;

function checkPresence(paths: readonly string[], report: Report): void {
  const has = (path: string): boolean => paths.includes(path);
  if (!has('model_index.json')) {
    report('error', 'model_index.json', 'model_index.json is missing: it names the pipeline.');
  }
  for (const component of REQUIRED_COMPONENTS) {
    const path = `${component}/model.onnx`;
    if (!has(path)) report('error', path, `${path} is missing.${otherGraphs(paths, component)}`);
  }
  if (!has('vae_encoder/model.onnx')) {
    report(
      'warning',
      'vae_encoder/model.onnx',
      'vae_encoder/model.onnx is missing: images and masks cannot be used.',
    );
  }
  if (!has('scheduler/scheduler_config.json')) {
    report('error', 'scheduler/scheduler_config.json', 'scheduler/scheduler_config.json is missing.');
  }
  if (!TOKENIZERS.some((files) => files.every(has))) {
    const accepted = TOKENIZERS.map((files) => files.join(' + ')).join(', or ');
    report('error', 'tokenizer', `The tokenizer is missing. Accepted: ${accepted}.`);
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

export function messageOf(error: unknown): string {
  if (error instanceof AppError || error instanceof Error) return error.message;
  return String(error);
}
