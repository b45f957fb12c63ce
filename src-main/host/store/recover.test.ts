import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { openStore } from './project-store.ts';
import { type RecoveryReport, recoverInto } from './recover.ts';
import { namesIn, testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

const FRAMES = 60;
const PAGE = 8192;
const clock = tickingClock();

interface Sample {
  readonly folder: string;
  readonly file: string;
  readonly bytes: Buffer;
  /** First page of a table or index. */
  readonly root: Readonly<Record<string, number>>;
}

function sampleProject(context: TestContext): Sample {
  const folder = testFolder(context);
  const file = join(folder, 'a.inbetween');
  const store = openStore(file, { create: true, clock });
  store.saveDocument('{"name":"precious"}', { expectedRevision: 0 });
  for (let step = 1; step <= 4; step += 1) {
    const history = { label: `step ${step}`, diff: `${step}` };
    store.saveDocument(`{"name":"precious","step":${step}}`, { expectedRevision: step, history });
  }
  const bytes = Buffer.alloc(40_000, 'mask');
  store.putAsset({ mediaType: 'image/png', name: 'mask.png', bytes, width: 8, height: 8 });
  store.setSetting('view', 1);
  for (let frame = 0; frame < FRAMES; frame += 1)
    store.putArtifacts([testArtifact('frame', `${frame}`, 20_000)]);
  store.close();
  const database = new Database(file, { readonly: true });
  const rows = database.prepare('SELECT name, rootpage FROM sqlite_schema').all() as {
    name: string;
    rootpage: number;
  }[];
  database.close();
  return {
    folder,
    file,
    bytes: readFileSync(file),
    root: Object.fromEntries(rows.map((r) => [r.name, r.rootpage])),
  };
}

/** Damages a copy, recovers it, and checks what must hold in any case. */
function recoverDamaged(sample: Sample, damage: (bytes: Buffer) => Buffer): RecoveryReport {
  const damaged = join(sample.folder, 'damaged.inbetween');
  const rescued = join(sample.folder, `rescued-${namesIn(sample.folder).length}.inbetween`);
  const bytes = damage(Buffer.from(sample.bytes));
  writeFileSync(damaged, bytes);
  const report = recoverInto(damaged, rescued);
  assert.ok(bytes.equals(readFileSync(damaged)), 'the damaged file was touched');
  const store = openStore(rescued, { clock });
  assert.deepEqual(store.verify(), []);
  assert.equal(store.document() !== undefined, report.document);
  if (report.document)
    assert.deepEqual(store.document(), { revision: 5, json: '{"name":"precious","step":4}' });
  assert.equal(store.history().entries.length, report.history.recovered);
  assert.equal(store.listAssets().length, report.assets.recovered);
  const frames = Array.from({ length: FRAMES }, (_, frame) => testKey(`${frame}`));
  assert.equal(store.hasArtifacts('frame', frames).size, report.artifacts.recovered);
  store.close();
  assert.ok(!namesIn(sample.folder).some((name) => /-wal$|recovering|damaged-copy/.test(name)));
  return report;
}

const fillPage = (bytes: Buffer, page: number | undefined, from = 0): Buffer =>
  bytes.fill(0xa5, (page! - 1) * PAGE + from, page! * PAGE);

test('a sound project is recovered whole', (context) => {
  const report = recoverDamaged(sampleProject(context), (bytes) => bytes);
  assert.deepEqual(report, {
    document: true,
    history: { recovered: 4, lost: 0 },
    assets: { recovered: 1, lost: 0 },
    artifacts: { recovered: FRAMES, lost: 0 },
    settings: { recovered: 1, lost: 0 },
  });
});

test('a project that lost its end keeps its document and the frames before the cut', (context) => {
  const report = recoverDamaged(sampleProject(context), (bytes) =>
    bytes.subarray(0, Math.floor(bytes.length * 0.75)),
  );
  assert.equal(report.document, true);
  assert.equal(report.history.recovered, 4);
  assert.ok(report.artifacts.recovered > FRAMES / 4, JSON.stringify(report));
  assert.ok(report.artifacts.recovered < FRAMES);
  assert.equal(report.artifacts.recovered + report.artifacts.lost, FRAMES);
});

test('a project whose first page is gone is recovered whole, also after slimming', (context) => {
  const sample = sampleProject(context);
  const report = recoverDamaged(sample, (bytes) => fillPage(bytes, 1));
  assert.equal(report.document, true);
  assert.equal(report.artifacts.recovered, FRAMES);
  assert.deepEqual(report.history, { recovered: 4, lost: 0 });

  const store = openStore(sample.file, { clock });
  store.slim();
  store.close();
  const slim = { ...sample, bytes: readFileSync(sample.file) };
  const slimReport = recoverDamaged(slim, (bytes) => fillPage(bytes, 1));
  assert.equal(slimReport.document, true);
  assert.equal(slimReport.assets.recovered, 1);
});

test('a lost document leaves the pictures and frames, and no undo steps that lead nowhere', (context) => {
  const sample = sampleProject(context);
  const report = recoverDamaged(sample, (bytes) => fillPage(bytes, sample.root.document));
  assert.equal(report.document, false);
  assert.equal(report.history.recovered, 0);
  assert.equal(report.assets.recovered, 1);
  assert.equal(report.artifacts.recovered, FRAMES);
});

test('a flipped byte in a frame costs that frame', (context) => {
  const sample = sampleProject(context);
  const report = recoverDamaged(sample, (bytes) => {
    const at = bytes.indexOf('frame 30 frame 30 ') + 2000;
    bytes[at] = bytes[at]! ^ 1;
    return bytes;
  });
  assert.deepEqual(report.artifacts, { recovered: FRAMES - 1, lost: 1 });
});

test('a lost index costs nothing', (context) => {
  const sample = sampleProject(context);
  const report = recoverDamaged(sample, (bytes) => fillPage(bytes, sample.root.artifact_by_use));
  assert.equal(report.artifacts.recovered, FRAMES);
});

test('whatever is damaged, recovery ends with a sound file or says that nothing was found', (context) => {
  const sample = sampleProject(context);
  const damages = fc.array(
    fc.record({ at: fc.nat({ max: sample.bytes.length - 1 }), length: fc.integer({ min: 1, max: 20_000 }) }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(damages, fc.nat({ max: 255 }), (list, value) => {
      try {
        recoverDamaged(sample, (bytes) => {
          for (const { at, length } of list) bytes.fill(value, at, Math.min(at + length, bytes.length));
          return bytes;
        });
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'project-damaged') throw error;
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

test('work that a killed process left in the log is recovered, and the log not touched', (context) => {
  const sample = sampleProject(context);
  const store = openStore(sample.file, { clock });
  store.saveDocument('{"name":"from the log"}', { expectedRevision: 5 });
  const killed = join(sample.folder, 'killed.inbetween');
  copyFileSync(sample.file, killed);
  copyFileSync(`${sample.file}-wal`, `${killed}-wal`);
  store.close();
  const log = readFileSync(`${killed}-wal`);
  const rescued = join(sample.folder, 'rescued.inbetween');
  recoverInto(killed, rescued);
  assert.ok(log.equals(readFileSync(`${killed}-wal`)));
  const again = openStore(rescued, { clock });
  assert.equal(again.document()?.json, '{"name":"from the log"}');
  again.close();
});

test('recovery never writes over a file and refuses what it cannot know', (context) => {
  const sample = sampleProject(context);
  assert.throws(() => recoverInto(sample.file, sample.file), {
    code: 'invalid-input',
    message: /exists already/,
  });
  assert.throws(() => recoverInto(join(sample.folder, 'none'), join(sample.folder, 'b')), {
    code: 'not-found',
  });
  const text = join(sample.folder, 'notes.txt');
  writeFileSync(text, 'nothing '.repeat(5000));
  assert.throws(() => recoverInto(text, join(sample.folder, 'b')), {
    code: 'project-damaged',
    message: /Nothing/,
  });
  const database = new Database(sample.file);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  assert.throws(() => recoverInto(sample.file, join(sample.folder, 'b')), { code: 'project-newer' });
  assert.deepEqual(namesIn(sample.folder), ['a.inbetween', 'notes.txt']);
});
