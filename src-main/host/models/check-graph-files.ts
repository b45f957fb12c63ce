import { statSync } from 'node:fs';
import { isAbsolute, join, posix, win32 } from 'node:path';
import type { Report } from './check.ts';
import { type ExternalTensor, readOnnxFile } from './onnx-file.ts';

/** A component's graph, and the one that takes learned words. */
const GRAPH = /^[^/]+\/model(_embeddings)?\.onnx$/;

/**
 * Reports graphs that cannot be read and weights in other files that are missing, too short, or outside the model
 * folder, without loading anything.
 */
export function checkGraphFiles(folder: string, paths: readonly string[], report: Report): void {
  for (const path of paths) {
    if (!GRAPH.test(path)) continue;
    let tensors: readonly ExternalTensor[];
    try {
      tensors = readOnnxFile(join(folder, path)).externalData;
    } catch (error) {
      report('error', path, `${path} is no readable ONNX file: ${(error as Error).message}.`);
      continue;
    }
    const component = posix.dirname(path);
    for (const [location, needed] of neededBytes(tensors)) {
      checkWeights({ folder, graph: path, component, location, needed }, report);
    }
  }
}

/** Bytes that a weight file must at least have, by its location as the graph writes it. */
function neededBytes(tensors: readonly ExternalTensor[]): Map<string, number> {
  const needed = new Map<string, number>();
  for (const { location, offset, length } of tensors) {
    needed.set(location, Math.max(needed.get(location) ?? 0, offset + (length ?? 0)));
  }
  return needed;
}

interface Weights {
  readonly folder: string;
  readonly graph: string;
  readonly component: string;
  readonly location: string;
  readonly needed: number;
}

function checkWeights({ folder, graph, component, location, needed }: Weights, report: Report): void {
  const relative = location.replaceAll('\\', '/');
  const inside = posix.join(component, relative);
  if (
    relative === '' ||
    isAbsolute(location) ||
    win32.isAbsolute(location) ||
    inside.split('/')[0] !== component
  ) {
    report(
      'error',
      graph,
      `${graph} keeps weights in "${location}", outside of its folder. Accepted: a file beside it.`,
    );
    return;
  }
  let size: number;
  try {
    size = statSync(join(folder, inside)).size;
  } catch {
    report('error', inside, `${inside} is missing: ${graph} keeps weights in it.`);
    return;
  }
  if (!Number.isFinite(needed) || size < needed) {
    report('error', inside, `${inside} is cut short: it has ${size} bytes, ${graph} needs ${needed}.`);
  }
}
