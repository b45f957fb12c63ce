import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hash } from 'node:crypto';
import type { ArtifactInput, ArtifactKind } from './store-types.ts';

/** For tests: a fresh folder that is removed afterwards. */
export function testFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-store-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For tests: a clock that moves on by one millisecond per reading. */
export function tickingClock(start = 1_000_000): () => number {
  let now = start;
  return () => now++;
}

/** For tests: an artifact whose key and content follow from its name. */
export function testArtifact(kind: ArtifactKind, name: string, size = 1000): ArtifactInput {
  const bytes = Buffer.alloc(size, `${kind} ${name} `);
  return {
    kind,
    key: testKey(name),
    bytes,
    mediaType: 'application/octet-stream',
    meta: { name },
    costMs: 5,
  };
}

export function testKey(name: string): string {
  return hash('sha256', name);
}

/** For tests: names in a folder, sorted. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
