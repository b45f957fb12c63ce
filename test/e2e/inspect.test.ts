import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import type { InspectionReport } from '../../src-main/host/inspect/report.ts';
import { readNpy } from '../parity/npy.ts';
import { commandLine, doneEvent, tinyProject } from '../support/command-line.ts';

const PROJECT = tinyProject({
  sampler: { scheduler: 'lms', steps: 4, guidanceScale: 7.5 },
  keyframes: [
    { frame: 0, prompt: 'red (cat:1.3)', negativePrompt: 'blurry', seed: 1632 },
    { frame: 4, prompt: 'blue dog' },
  ],
});

test('the loop of a frame becomes a page, a table, tensors and pictures, and is the stored frame', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', PROJECT);
  doneEvent(await cli.run(['render', 'project.json', '--out', 'a.gif', '--json']));
  const run = await cli.run([
    'inspect',
    'project.json',
    '--frame',
    '2',
    '--out',
    'loop',
    '--decode',
    '--json',
  ]);
  doneEvent(run);
  assert.equal(run.events.filter(({ event }) => event === 'step').length, 4);

  const report = JSON.parse(readFileSync(cli.path('loop/inspection.json'), 'utf8')) as InspectionReport;
  const { start, steps, end, decoded } = report;
  assert.equal(end.equalsStored, true);
  assert.deepEqual(start.latents.shape, [1, 4, 8, 8]);
  assert.equal(start.schedule.sigmas.length, start.schedule.timesteps.length + 1);
  assert.equal(start.schedule.initNoiseSigma, start.schedule.sigmas[0]);
  assert.equal(steps.length, 4);
  // Both prompts of the morph and the negative one, each with all of its 77 tokens.
  assert.deepEqual(
    start.texts.map(({ text, uses }) => [text, ...uses]),
    [
      ['red (cat:1.3)', 'prompt'],
      ['blue dog', 'prompt'],
      ['blurry', 'negative'],
    ],
  );
  const [tokens] = start.texts[0]!.encoders[0]!.chunks;
  assert.equal(tokens?.length, 77);
  // The tiny model's tokens are letters.
  const letters = tokens?.filter(({ role }) => role === 'text') ?? [];
  assert.equal(letters.map(({ text }) => text).join(''), 'redcat');
  assert.deepEqual(
    letters.map(({ weight }) => weight),
    [1, 1, 1, 1.3, 1.3, 1.3],
  );
  assert.deepEqual([tokens?.[0]?.role, tokens?.[7]?.role, tokens?.[8]?.role], ['start', 'end', 'padding']);

  // Latents and predicted noise of every step through the decoder, and the starting latents.
  assert.equal(Object.keys(decoded).length, 4 * 3 + 1);
  const tensors = readdirSync(cli.path('loop/tensors'));
  assert.ok(tensors.includes('step-004-latents.npy') && tensors.includes('conditioning-prompt.npy'));
  const tensor = (name: string) => readNpy(readFileSync(cli.path(`loop/tensors/${name}.npy`)));
  const last = tensor('step-004-latents');
  assert.deepEqual(last, tensor('final-latents'));
  for (const picture of [end.picture, steps[2]!.noise.tiles.picture, decoded['step-002-noise']!]) {
    const { width } = await sharp(cli.path(join('loop/pictures', picture))).metadata();
    assert.ok(width !== undefined && width >= 384, picture);
  }
  const plot = await sharp(cli.path('loop/sigmas.png')).metadata();
  assert.deepEqual([plot.width, plot.height], [1280, 640]);
  const page = readFileSync(cli.path('loop/index.html'), 'utf8');
  assert.doesNotMatch(page, /(?:src|href)="(?!data:)/, 'the page needs other files');
  assert.match(page, /bit for bit/);

  // Again over the earlier one, but never over something else.
  doneEvent(await cli.run(['inspect', 'project.json', '--frame', '0', '--out', 'loop', '--json']));
  writeFileSync(cli.path('loop/mine.txt'), 'mine');
  const refused = await cli.run(['inspect', 'project.json', '--frame', '0', '--out', 'loop']);
  assert.equal(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /mine\.txt/);
});

test('what cannot be inspected is told with exit status 2, and nothing is left behind', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', PROJECT);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['project.json', '--frame', '99', '--out', 'loop'], /frames 0-4/],
    [['project.json', '--frame', '-1', '--out', 'loop'], /not an integer/],
    [['project.json', '--frame', 'two', '--out', 'loop'], /not an integer/],
    [['project.json', '--out', 'loop'], /--frame/],
    [['project.json', '--frame', '0'], /--out/],
    [['project.json', '--frame', '0', '--out', 'project.json'], /is a file/],
    [['nowhere.json', '--frame', '0', '--out', 'loop'], /nowhere\.json/],
    [['project.json', '--frame', '0', '--out', 'loop', '--model', 'no-such'], /no-such/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await cli.run(['inspect', ...args]);
    assert.equal(status, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
  }
  assert.deepEqual(
    readdirSync(cli.folder).filter((name) => /loop|part/.test(name)),
    [],
  );
});
