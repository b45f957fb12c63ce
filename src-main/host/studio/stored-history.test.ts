import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseDocument } from '../../../src-shared/model/document.ts';
import { TINY_SD } from '../../../test/support/model-folder.ts';
import { importDocument, openProject, type Project } from '../project.ts';
import { createEditSession, type EditSession } from './edit-session.ts';

const DOCUMENT = parseDocument({
  format: 'inbetween/1',
  model: TINY_SD,
  keyframes: [
    { frame: 0, prompt: 'red cat' },
    { frame: 10, prompt: 'blue dog' },
  ],
});

type Step = (session: EditSession) => void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(4), fc.constantFrom('', 'drag', 'type'))
      .map(([seed, gesture]): Step => (session) => {
        session.apply({
          commands: [{ type: 'setChannel', frame: 0, channel: 'seed', value: seed }],
          revision: session.revision,
          client: 'c1',
          ...(gesture === '' ? {} : { gesture }),
        });
      }),
  },
  { weight: 2, arbitrary: fc.constant<Step>((session) => void session.undo('c1')) },
  { weight: 2, arbitrary: fc.constant<Step>((session) => void session.redo('c1')) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('drag', 'type'), fc.boolean()).map(
      ([gesture, cancel]): Step =>
        (session) =>
          void session.endGesture(gesture, 'c1', cancel),
    ),
  },
);

async function withProject(use: (open: () => Promise<Project>) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-history-'));
  const file = join(folder, 'a.inbetween');
  try {
    await importDocument(DOCUMENT, folder, file, Date.now);
    await use(() =>
      openProject(file, {
        clock: Date.now,
        sharedCache: join(folder, 'cache.inbetween'),
        maxCacheBytes: 1e9,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sessionOf = (project: Project): EditSession =>
  createEditSession(
    project,
    () => {},
    (message) => assert.fail(message),
  );

/** All documents that undo and redo lead through, with their labels. */
function walk(session: EditSession): unknown[] {
  while (session.history.undo !== null) session.undo('walk');
  const seen: unknown[] = [session.document];
  while (session.history.redo !== null) {
    const { redo } = session.history;
    session.redo('walk');
    seen.push([redo, session.document]);
  }
  return seen;
}

describe('the stored undo history', () => {
  it('is after any changes, gestures, undos and redos the one in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (list) => {
        await withProject(async (open) => {
          const project = await open();
          const session = sessionOf(project);
          for (const step of list) step(session);
          // As after a crash: the file is opened again while the first process still has it.
          const other = await open();
          const again = sessionOf(other);
          assert.deepEqual(again.document, session.document);
          assert.deepEqual(again.history, session.history);
          other.close();
          const expected = walk(session);
          project.close();
          const third = await open();
          assert.deepEqual(walk(sessionOf(third)), expected);
          third.close();
        });
      }),
      { numRuns: 25 },
    );
  });

  it('goes on beyond the number of steps that are kept', async () => {
    await withProject(async (open) => {
      const project = await open();
      const session = sessionOf(project);
      for (let seed = 1; seed <= 1010; seed++) {
        session.apply({
          commands: [{ type: 'setChannel', frame: 0, channel: 'seed', value: seed }],
          revision: session.revision,
          client: 'c1',
        });
      }
      for (let i = 0; i < 3; i++) session.undo('c1');
      project.close();
      const other = await open();
      const again = sessionOf(other);
      let undone = 0;
      while (again.history.undo !== null) {
        again.undo('c1');
        undone++;
      }
      assert.equal(undone, 997);
      assert.equal(again.document.keyframes[0]?.seed, 10);
      other.close();
    });
  });

  it('is read again, and told of, when another process has changed the document', async () => {
    await withProject(async (open) => {
      const mine = await open();
      const causes: string[] = [];
      const session = createEditSession(mine, ({ cause }) => void causes.push(cause), assert.fail);
      const theirs = await open();
      const seed = (value: number) => ({
        commands: [{ type: 'setChannel', frame: 0, channel: 'seed', value } as const],
        client: 'c1',
      });
      sessionOf(theirs).apply({ ...seed(5), revision: 1 });
      theirs.close();
      assert.throws(() => session.apply({ ...seed(6), revision: 1 }), /changed by another/);
      assert.deepEqual(causes, ['reload']);
      assert.equal(session.document.keyframes[0]?.seed, 5);
      session.apply({ ...seed(6), revision: session.revision });
      session.undo('c1');
      session.undo('c1');
      assert.deepEqual(session.document, DOCUMENT);
      mine.close();
    });
  });
});
