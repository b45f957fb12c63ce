import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openStore } from '../../src-main/host/store/project-store.ts';
import { readHistory } from '../../src-main/host/studio/stored-history.ts';
import { commandLine, doneEvent, tinyProject } from '../support/command-line.ts';

/** Hardly anything happens until the last frames, where everything does. */
const UNEVEN = [0.9, 0, 1, 0.1];
const uneven = tinyProject({
  sampler: { scheduler: 'ddim', steps: 3, guidanceScale: 2 },
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1632, easing: UNEVEN },
    { frame: 15, prompt: 'blue dog', seed: 7 },
  ],
});
const easingOf = (json: string): unknown => JSON.parse(json).keyframes[0].easing;

test('a morph that leaps is evened out; its frames are there, and the project that it came from is left alone', async (context) => {
  const cli = commandLine(context);
  cli.write('leaps.json', uneven);
  const before = readFileSync(cli.path('leaps.json'), 'utf8');
  const told = doneEvent(await cli.run(['even', 'leaps.json', '--out', 'even.json', '--json']));
  const { before: first, after } = told as unknown as Record<'before' | 'after', number>;
  assert.ok(first > 3, `the film leaps: ${first}`);
  assert.ok(after < first / 2, `expected half of ${first} at most, it is ${after}`);
  assert.equal(readFileSync(cli.path('leaps.json'), 'utf8'), before);
  assert.notDeepEqual(easingOf(readFileSync(cli.path('even.json'), 'utf8')), UNEVEN);
  const film = doneEvent(await cli.run(['render', 'even.json', '--out', 'even.gif', '--json']));
  assert.deepEqual([film.rendered, film.cached], [0, 16]);
  const again = await cli.run(['even', 'even.json', '--out', 'again.json', '--rounds', '1']);
  assert.equal(again.status, 0, again.stderr);
});

test('a project file is evened out itself, as one step of undo', async (context) => {
  const cli = commandLine(context);
  cli.write('leaps.json', uneven);
  assert.equal((await cli.run(['project', 'from-json', 'leaps.json', 'leaps.inbetween'])).status, 0);
  const done = await cli.run(['even', 'leaps.inbetween']);
  assert.equal(done.status, 0, done.stderr);
  assert.match(
    done.stdout,
    /the fastest frame was \d+\.\d x the middle one and is \d\.\d x; \d+ frames rendered/,
  );
  const store = openStore(cli.path('leaps.inbetween'), { clock: Date.now, readonly: true });
  try {
    assert.notDeepEqual(easingOf(store.document()!.json), UNEVEN);
    assert.deepEqual(
      readHistory(store).undo.map(({ label }) => label),
      ['Even out the motion'],
    );
  } finally {
    store.close();
  }
});

test('what cannot be evened out, or written, is told before anything is rendered', async (context) => {
  const cli = commandLine(context);
  cli.write('leaps.json', uneven);
  cli.write('one.json', tinyProject({ keyframes: [{ frame: 0, prompt: 'red cat' }], length: 8 }));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['even', 'leaps.json'], /left as it is: --out FILE\.json/],
    [['even', 'leaps.json', '--out', 'even.gif'], /even\.gif ends in \.gif; accepted is \.json/],
    [['even', 'one.json', '--out', 'even.json'], /Frames 0-7 hold fewer than two keyframes/],
    [['even', 'leaps.json', '--out', 'even.json', '--frames', '3-9'], /Frames 3-9 hold fewer than two/],
    [['even', 'leaps.json', '--out', 'even.json', '--rounds', '0'], /0/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr, events } = await cli.run(args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.deepEqual(events, []);
  }
});
