import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { retime } from '../../src-shared/model/retime.ts';
import { parseDocument } from '../../src-shared/model/document.ts';
import { commandLine, doneEvent, hashesOf, storedKeys, tinyProject } from '../support/command-line.ts';

const GAP = 4;
const LAST = 9 * GAP;
const THINGS = ['cat', 'dog', 'ship', 'lake', 'house', 'fox', 'tree', 'moon', 'star', 'river'];

/** Ten keyframes, one of them changed. */
function tenKeyframes(changed?: number): Record<string, unknown> {
  return tinyProject({
    keyframes: THINGS.map((thing, at) => ({
      frame: at * GAP,
      prompt: at === changed ? `a golden ${thing}` : `a ${thing}`,
      ...(at === 0 ? { seed: 7 } : {}),
      ...(at === 3 ? { easing: 'ease-in-out' } : {}),
    })),
  });
}

for (const kind of ['json', 'inbetween'] as const) {
  test(`only what an edit of a ${kind} project changes is rendered again`, async (context) => {
    const cli = commandLine(context);
    const counts = async (out: string, ...flags: string[]) => {
      const done = doneEvent(await cli.run(['render', 'ten.json', '--out', out, '--json', ...flags]));
      return [done.frames, done.rendered, done.cached];
    };
    cli.write('ten.json', tenKeyframes());
    if (kind === 'inbetween') {
      // The file's own cache: a second render and other formats are there at once, and travel with the file.
      const made = await cli.run(['project', 'from-json', 'ten.json', 'ten.inbetween']);
      assert.equal(made.status, 0, made.stderr);
      const render = async (out: string, ...flags: string[]) => {
        const done = doneEvent(await cli.run(['render', 'ten.inbetween', '--out', out, '--json', ...flags]));
        return [done.frames, done.rendered, done.cached];
      };
      assert.deepEqual(await render('some.gif', '--frames', '30-36'), [7, 7, 0]);
      assert.deepEqual(await render('all.gif'), [37, 30, 7]);
      assert.deepEqual(await render('all.mp4'), [37, 0, 37]);
      assert.deepEqual(await render('all.webp', '--preset', 'loop'), [37, 0, 37]);
      return;
    }
    assert.deepEqual(await counts('first.gif'), [37, 37, 0]);
    assert.deepEqual(await counts('second.gif'), [37, 0, 37]);
    assert.deepEqual(readFileSync(cli.path('first.gif')), readFileSync(cli.path('second.gif')));
    for (const name of ['other.mp4', 'other.webm', 'other.webp', 'pngs']) {
      assert.deepEqual(await counts(name), [37, 0, 37], name);
    }
    const before = hashesOf(cli.path('pngs'));

    cli.write('ten.json', tenKeyframes(5));
    const edited = await cli.run(['render', 'ten.json', '--out', 'edited.gif', '--json']);
    const done = doneEvent(edited);
    const rendered = edited.events
      .filter(({ event }) => event === 'frame')
      .map(({ frame }) => frame as number);
    const expected = Array.from({ length: 2 * GAP - 1 }, (_, i) => 4 * GAP + 1 + i);
    assert.deepEqual([done.frames, done.rendered, done.cached], [37, expected.length, 37 - expected.length]);
    assert.deepEqual(
      rendered.sort((a, b) => a - b),
      expected,
    );
    // The first and the last keyframe have one segment each.
    cli.write('ten.json', tenKeyframes(9));
    assert.deepEqual(await counts('end.gif'), [37, GAP, 37 - GAP]);

    cli.write('ten.json', tenKeyframes());
    assert.deepEqual(await counts('pngs'), [37, 0, 37]);
    assert.deepEqual(hashesOf(cli.path('pngs')), before);

    const doubled = retime(parseDocument(tenKeyframes()), 24);
    cli.write('ten.json', doubled);
    assert.deepEqual(await counts('smooth.gif'), [2 * LAST + 1, LAST, LAST + 1]);
  });
}

test('a frame does not depend on order, neighbours or the run that made it', async (context) => {
  const document = tinyProject({
    name: 'Order',
    noise: 'fresh',
    keyframes: [
      { frame: 0, prompt: 'red cat', seed: 3 },
      { frame: 6, prompt: 'blue (dog:1.3)', seed: 9 },
      { frame: 11, prompt: 'a ship' },
    ],
  });
  const runs = [
    [['0-11', 'a']],
    [
      ['7-9', 'b'],
      ['0-3', 'c'],
      ['4-11', 'd'],
    ],
    [
      ['11', 'e'],
      ['5', 'f'],
      ['0-11', 'g'],
    ],
  ];
  const pictures: Record<string, string>[] = [];
  for (const parts of runs) {
    const cli = commandLine(context);
    cli.write('order.json', document);
    const keys: string[] = [];
    for (const [frames = '', out = ''] of parts) {
      const result = await cli.run(['render', 'order.json', '--frames', frames, '--out', out, '--json']);
      doneEvent(result);
      keys.push(...storedKeys(result.events));
    }
    assert.equal(new Set(keys).size, 12);
    assert.equal(keys.length, 12);
    const done = doneEvent(await cli.run(['render', 'order.json', '--out', 'all', '--json']));
    assert.deepEqual([done.rendered, done.cached], [0, 12]);
    pictures.push(hashesOf(cli.path('all')));
    const [frames = '', out = ''] = parts[0] as string[];
    const first = Number(frames.split('-')[0]);
    for (const [at, name] of readdirSync(cli.path(out)).sort().entries()) {
      const same = `frame-${String(first + at).padStart(5, '0')}.png`;
      assert.deepEqual(readFileSync(join(cli.path(out), name)), readFileSync(join(cli.path('all'), same)));
    }
  }
  assert.deepEqual(pictures[1], pictures[0]);
  assert.deepEqual(pictures[2], pictures[0]);
});

test('the same picture comes from "image" on every run, whatever was rendered before', async (context) => {
  const cli = commandLine(context);
  cli.write('p.json', tinyProject());
  const model = tinyProject().model as string;
  const args = ['image', '--model', model, '--prompt', 'red cat', '--seed', '5', '--steps', '3'];
  const first = await cli.run([...args, '--out', 'a.png', '--latents-out', 'a.npy']);
  assert.equal(first.status, 0, first.stderr);
  doneEvent(await cli.run(['render', 'p.json', '--out', 'p.gif', '--json']));
  const second = await cli.run([...args, '--out', 'b.png', '--latents-out', 'b.npy'], {
    through: 'launcher',
  });
  assert.equal(second.status, 0, second.stderr);
  assert.deepEqual(readFileSync(cli.path('a.npy')), readFileSync(cli.path('b.npy')));
  assert.deepEqual(readFileSync(cli.path('a.png')), readFileSync(cli.path('b.png')));
});
