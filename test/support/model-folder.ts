import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  describeStableDiffusion,
  type StableDiffusionModel,
} from '../../src-main/engine/pipelines/stable-diffusion/description.ts';

/** A Stable Diffusion folder of a few kilobytes with random weights; a frame takes milliseconds. */
export const TINY_SD = fileURLToPath(new URL('../fixtures/onnx/tiny-sd', import.meta.url));

/** A component in another exporter's form: test/fixtures/onnx-variants/{name}.onnx. */
export function variant(name: string): string {
  return fileURLToPath(new URL(`../fixtures/onnx-variants/${name}.onnx`, import.meta.url));
}

/** The folder's JSON and text files by path relative to it. */
export function readModelFiles(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(json|txt)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1).replaceAll('\\', '/')] = readFileSync(path, 'utf8');
  }
  return files;
}

/** Which of the folder's component folders hold a model.onnx. */
export function readComponents(folder: string): Record<string, boolean> {
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => [entry.name, readdirSync(join(folder, entry.name)).includes('model.onnx')]),
  );
}

/** What {@link TINY_SD}'s files say. */
export function tinySd(): StableDiffusionModel {
  return describeStableDiffusion({ files: readModelFiles(TINY_SD), components: readComponents(TINY_SD) });
}
