import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { commandLine, type CommandLine } from '../support/command-line.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../resources/examples/pictures/red-cat.png', import.meta.url));
const MODEL = join(MODELS, 'fluent-world-prior');
const CLIP = join(MODELS, 'fluent-world-clip');
const skip = !(existsSync(MODEL) && existsSync(CLIP)) && 'the small Kandinsky or the small CLIP is not here';

const LABELS = [
  'a ship in ice',
  'a castle on green hills',
  'a car at night in the city',
  'a lion in the desert',
];

async function draw(cli: CommandLine, name: string, prompt: string, ...further: string[]): Promise<string> {
  const fixed = ['--steps', '15', '--seed', '7', '--out', name];
  const run = await cli.run(['image', '--model', MODEL, '--prompt', prompt, ...fixed, ...further]);
  assert.equal(run.status, 0, run.stderr);
  const spread = await spreadOf(cli.path(name));
  assert.ok(
    spread > 15,
    `${prompt}: a flat picture, its widest channel has a standard deviation of ${spread}`,
  );
  return name;
}

/** The standard deviation of a picture's widest channel, of 255. */
async function spreadOf(file: string): Promise<number> {
  const { channels } = await sharp(file).stats();
  return Math.max(...channels.map(({ stdev }) => stdev));
}

/** Which label the small CLIP finds in each picture. */
async function labelsOf(
  cli: CommandLine,
  pictures: readonly string[],
  labels: readonly string[],
): Promise<string[]> {
  const run = await cli.run([
    'classify',
    ...pictures,
    '--clip',
    CLIP,
    '--labels',
    labels.join(','),
    '--template',
    '{}',
    '--json',
  ]);
  assert.equal(run.status, 0, run.stderr);
  const { results } = JSON.parse(run.stdout) as { results: { label: string }[] };
  return results.map(({ label }) => label);
}

test('the small Kandinsky paints what English and Russian prompts say', { skip }, async (context) => {
  const cli = commandLine(context);
  const pictures = [
    await draw(cli, 'ship.png', 'a ship in ice'),
    await draw(cli, 'ship-ru.png', 'корабль во льдах'),
    await draw(cli, 'car-ru.png', 'машина ночью в городе'),
  ];
  assert.deepEqual(await labelsOf(cli, pictures, LABELS), [LABELS[0], LABELS[0], LABELS[2]]);
});

test(
  'the small Kandinsky keeps its colours with the original p_sampler, which bounds latents',
  { skip },
  async (context) => {
    const cli = commandLine(context);
    const prompt = 'a red cat on the beach';
    const usual = await spreadOf(cli.path(await draw(cli, 'usual.png', prompt)));
    const original = await spreadOf(
      cli.path(await draw(cli, 'original.png', prompt, '--scheduler', 'p_sampler')),
    );
    assert.ok(original > 0.75 * usual, `${original} beside ${usual}`);
  },
);

test('the small Kandinsky starts from a picture as well', { skip }, async (context) => {
  const cli = commandLine(context);
  const picture = await draw(cli, 'again.png', 'красный кот', '--image', PICTURE, '--strength', '0.5');
  assert.deepEqual(await labelsOf(cli, [picture], ['red cat', 'a ship in ice', 'a galaxy full of stars']), [
    'red cat',
  ]);
});

test('the small Kandinsky repaints under a mask, and the rest stays', { skip }, async (context) => {
  const cli = commandLine(context);
  const black = sharp({ create: { width: 256, height: 256, channels: 3, background: '#000' } });
  const white = await sharp({ create: { width: 256, height: 128, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  cli.write(
    'upper.png',
    await black
      .composite([{ input: white, left: 0, top: 0 }])
      .png()
      .toBuffer(),
  );
  const lake = await draw(cli, 'lake.png', 'a lake with mountains');
  const sunset = await draw(
    cli,
    'sunset.png',
    'a sea sunset',
    '--image',
    lake,
    '--mask',
    'upper.png',
    '--strength',
    '1',
  );
  const half = async (name: string, top: number): Promise<Buffer> =>
    sharp(cli.path(name)).extract({ left: 0, top, width: 256, height: 104 }).raw().toBuffer();
  const apart = async (top: number): Promise<number> => {
    const [one, other] = [await half(lake, top), await half(sunset, top)];
    return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / one.length;
  };
  // Below, the picture went through the coder once more, and nothing else happened to it.
  assert.ok((await apart(152)) < 6, `the kept half differs by ${await apart(152)} of 255`);
  assert.ok((await apart(0)) > 25, `the repainted half differs by ${await apart(0)} of 255`);
});

test('the small Kandinsky fuses a picture with a text', { skip }, async (context) => {
  const cli = commandLine(context);
  cli.write('cat.png', readFileSync(PICTURE));
  cli.write('fuse.json', {
    format: 'inbetween/1',
    model: MODEL,
    size: { width: 256, height: 256 },
    fps: 8,
    sampler: { scheduler: 'ddim', steps: 15, guidanceScale: 4 },
    keyframes: [
      {
        frame: 0,
        prompt: '',
        seed: 7,
        images: [
          { asset: 'cat.png', weight: 0.35 },
          { text: 'в космосе', weight: 0.65 },
        ],
      },
    ],
  });
  const run = await cli.run(['render', 'fuse.json', '--out', 'fuse']);
  assert.equal(run.status, 0, run.stderr);
});
