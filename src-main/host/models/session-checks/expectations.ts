import { parsePythonJson } from '../../../../src-shared/kernel/python-json.ts';
import type { TensorInfo } from '../../../engine/ports.ts';
import type { Inspection, Report } from '../check.ts';

/** What the sessions of a model folder say, and the texts beside them. */
export interface Inspected {
  readonly inspection: Inspection;
  /** Those that were inspected. */
  readonly components: readonly string[];
  readonly texts: Readonly<Record<string, string>>;
}

/** Reports what of an expected component is missing or of the wrong type or rank; undefined where it was not inspected. */
export function finder(
  { inspection, components }: Inspected,
  report: Report,
): (component: string, expected: ExpectedComponent) => Found | undefined {
  return (component, expected) =>
    components.includes(component) ? findIn(component, inspection, report, expected) : undefined;
}

/** A number of a JSON file of the folder, where both are there. */
export function configNumber(texts: Inspected['texts'], path: string, key: string): number | undefined {
  const value = (parsePythonJson(texts[path] ?? '{}') as Record<string, unknown> | null)?.[key];
  return typeof value === 'number' ? value : undefined;
}

export const FLOAT = ['float32', 'float16', 'float64'];
export const WHOLE = ['int64', 'int32'];

export interface Expected {
  /** The first is the usual one. */
  readonly names: readonly string[];
  readonly ranks: readonly number[];
  readonly types: readonly string[];
}

export interface ExpectedComponent {
  readonly inputs: readonly Expected[];
  readonly optional: readonly string[];
  readonly outputs: readonly Expected[];
}

export interface Found {
  /** In the order of what was expected. */
  readonly inputs: readonly (TensorInfo | undefined)[];
  readonly outputs: readonly (TensorInfo | undefined)[];
}

function findIn(
  component: string,
  inspection: Inspection,
  report: Report,
  expected: ExpectedComponent,
): Found | undefined {
  const path = `${component}/model.onnx`;
  const inspected = inspection[component];
  if (!inspected) {
    report('error', path, `${path} could not be opened.`);
    return undefined;
  }
  if ('error' in inspected) {
    report('error', path, `ONNX Runtime cannot open ${path}: ${inspected.error}`);
    return undefined;
  }
  const find = (
    kind: 'input' | 'output',
    infos: readonly TensorInfo[],
    wanted: Expected,
  ): TensorInfo | undefined => {
    const named = wanted.names.map((name) => infos.find((info) => info.name === name)).find(Boolean);
    const fitting = infos.filter((info) => fits(info, wanted));
    const found = named ?? (fitting.length === 1 ? fitting[0] : undefined);
    if (!found) {
      report('error', path, `${path} has no ${kind} "${wanted.names[0]}". It has: ${listOf(infos)}.`);
    } else if (!fits(found, wanted)) {
      report(
        'error',
        path,
        `${path}: the ${kind} ${describe(found)} should have ${wanted.ranks.join(' or ')} dimensions of ${wanted.types.join(' or ')}.`,
      );
      return undefined;
    }
    return found;
  };
  const inputs = expected.inputs.map((wanted) => find('input', inspected.inputs, wanted));
  const outputs = expected.outputs.map((wanted) => find('output', inspected.outputs, wanted));
  const unknown = inspected.inputs.filter(
    (info) => !inputs.includes(info) && !expected.optional.includes(info.name),
  );
  if (unknown.length > 0 && inputs.every(Boolean)) {
    report('error', path, `${path} asks for inputs that nothing provides: ${listOf(unknown)}.`);
  }
  return { inputs, outputs };
}

function fits(info: TensorInfo, { ranks, types }: Expected): boolean {
  return types.includes(info.type) && ranks.includes(info.dims.length);
}

function describe(info: TensorInfo): string {
  return `${info.name} ${info.type}[${info.dims.join(', ')}]`;
}

function listOf(infos: readonly TensorInfo[]): string {
  return infos.map(describe).join(', ') || 'none';
}

export function size(info: TensorInfo | undefined, axis: number): number | undefined {
  const dim = info?.dims[axis];
  return typeof dim === 'number' ? dim : undefined;
}

export function expectSize(
  info: TensorInfo | undefined,
  axis: number,
  accepted: readonly number[],
  component: string,
  what: string,
  report: Report,
): void {
  const found = size(info, axis);
  if (!info || found === undefined || accepted.includes(found)) return;
  report(
    'error',
    `${component}/model.onnx`,
    `${component}/model.onnx: ${describe(info)} has ${found} ${what}. Accepted: ${accepted.join(' or ')}.`,
  );
}
