import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';

/** Tiny graphs and a tiny Stable Diffusion folder, written by make_tiny_onnx.py. */
export const ONNX_FIXTURES = fileURLToPath(new URL('../fixtures/onnx', import.meta.url));

/** An empty folder that is deleted after the test. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A copy of the tiny Stable Diffusion folder that a test may damage. */
export function tinyModel(context: TestContext, name = 'tiny-sd'): string {
  const folder = join(temporaryFolder(context), name);
  cpSync(join(ONNX_FIXTURES, 'tiny-sd'), folder, { recursive: true });
  return folder;
}
