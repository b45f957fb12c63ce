import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from './project-store.ts';
import { namesIn, testFolder, testKey, tickingClock } from './test-folder.ts';

const WRITER = fileURLToPath(new URL('kill-writer.ts', import.meta.url));

interface Saved {
  readonly name: string;
  readonly revision: number;
}

/** Starts a writer, kills it after it has reported `count` saves, and returns all that it reported. */
async function runAndKill(file: string, writer: string, count: number): Promise<Saved[]> {
  const child: ChildProcess = spawn(process.execPath, [WRITER, file, writer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const saved: Saved[] = [];
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) {
    // The last line may have been cut by the kill.
    if (line.endsWith('}')) saved.push(JSON.parse(line) as Saved);
    if (saved.length === count) child.kill('SIGKILL');
  }
  const [, signal] = (await ended) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  return saved;
}

test(
  'a writer killed at any moment loses nothing that it had saved',
  { timeout: 120_000 },
  async (context) => {
    const folder = testFolder(context);
    const file = join(folder, 'a.inbetween');
    // Random moments; the count only spreads them over opening, writing, checkpoints, eviction and closing.
    for (let round = 0; round < 8; round += 1) {
      const saved = await runAndKill(file, `writer ${round}`, 1 + Math.floor(Math.random() * 40));
      const last = saved.at(-1)!;
      const store = openStore(file, { clock: tickingClock() });
      const document = store.document()!;
      assert.ok(
        document.revision >= last.revision,
        `revision ${document.revision} after ${last.revision} was saved`,
      );
      assert.equal(store.history().entries.at(-1)?.revision, document.revision);
      assert.equal(store.history().cursor, document.revision);
      assert.deepEqual(store.verify(), []);
      // The newest of each kind is never evicted by later puts of less than the limit.
      assert.ok(store.getArtifact('frame', testKey(last.name)));
      assert.equal(store.close(), true);
      assert.deepEqual(namesIn(folder), ['a.inbetween']);
    }
  },
);

test(
  'writers that share a file and are killed leave it whole for the others',
  { timeout: 120_000 },
  async (context) => {
    const file = join(testFolder(context), 'a.inbetween');
    const counts = [15, 30, 45];
    const saved = await Promise.all(counts.map((count, index) => runAndKill(file, `writer ${index}`, count)));
    const revisions = saved.flat().map(({ revision }) => revision);
    assert.equal(new Set(revisions).size, revisions.length, 'two writers were given the same revision');
    const store = openStore(file, { clock: tickingClock() });
    assert.ok(store.document()!.revision >= Math.max(...revisions));
    assert.deepEqual(store.verify(), []);
    store.close();
  },
);
