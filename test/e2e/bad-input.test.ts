import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import sharp from 'sharp';
import { mountTmpfs } from '../../src-main/host/store/test-mount.ts';
import {
  type CliOptions,
  type CliResult,
  type CommandLine,
  commandLine,
  doneEvent,
  hashesOf,
  storedKeys,
  tinyProject,
} from '../support/command-line.ts';
import { TINY_SD } from '../support/model-folder.ts';

interface Case {
  readonly name: string;
  /** Makes the input; returns the arguments, by default to render project.json into out.gif. */
  readonly args?: readonly string[];
  readonly prepare?: (cli: CommandLine) => void | Promise<void>;
  readonly env?: CliOptions['env'];
  readonly status: 1 | 2;
  readonly says: readonly RegExp[];
}

const RENDER = ['render', 'project.json', '--out', 'out.gif'];
const IMAGE = ['image', '--model', TINY_SD, '--prompt', 'red cat', '--steps', '2', '--out', 'out.png'];

const project =
  (members: Record<string, unknown>) =>
  (cli: CommandLine): void =>
    void cli.write('project.json', tinyProject(members));

/** The project as text with one piece replaced: what no object can hold. */
const projectText =
  (from: string, to: string) =>
  (cli: CommandLine): void => {
    const text = JSON.stringify(tinyProject());
    assert.ok(text.includes(from));
    cli.write('project.json', text.replace(from, to));
  };

/** A project on a copy of the tiny model that `damage` has changed. */
const brokenModel =
  (damage: (folder: string) => void, members: Record<string, unknown> = {}) =>
  (cli: CommandLine): void => {
    cpSync(TINY_SD, cli.path('broken'), { recursive: true });
    damage(cli.path('broken'));
    cli.write('project.json', tinyProject({ model: 'broken', ...members }));
  };

async function truncatedPicture(cli: CommandLine): Promise<void> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 30 };
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red', noise } })
    .png()
    .toBuffer();
  cli.write('half.png', png.subarray(0, png.length / 2));
}

async function storedProject(cli: CommandLine): Promise<string> {
  cli.write('source.json', tinyProject());
  const made = await cli.run(['project', 'from-json', 'source.json', 'stored.inbetween']);
  assert.equal(made.status, 0, made.stderr);
  doneEvent(await cli.run(['render', 'stored.inbetween', '--out', 'first', '--json']));
  return cli.path('stored.inbetween');
}

const STORED = ['render', 'stored.inbetween', '--out', 'out.gif'];

const CASES: readonly Case[] = [
  {
    name: 'a model without its U-Net',
    prepare: brokenModel((folder) => rmSync(join(folder, 'unet', 'model.onnx'))),
    status: 2,
    says: [/unet/],
  },
  {
    name: 'a model without its model_index.json',
    prepare: brokenModel((folder) => rmSync(join(folder, 'model_index.json'))),
    status: 2,
    says: [/model_index\.json/],
  },
  {
    name: 'a model without its tokenizer',
    prepare: brokenModel((folder) => rmSync(join(folder, 'tokenizer'), { recursive: true })),
    status: 2,
    says: [/tokenizer/],
  },
  {
    name: 'a model whose U-Net is another component',
    prepare: brokenModel((folder) =>
      copyFileSync(join(folder, 'text_encoder', 'model.onnx'), join(folder, 'unet', 'model.onnx')),
    ),
    status: 2,
    says: [/unet/, /sample|timestep|encoder_hidden_states|input/],
  },
  {
    name: 'a model whose decoder is the encoder',
    prepare: brokenModel((folder) =>
      copyFileSync(join(folder, 'vae_encoder', 'model.onnx'), join(folder, 'vae_decoder', 'model.onnx')),
    ),
    status: 2,
    says: [/vae_decoder/],
  },
  {
    name: 'a model with half a graph',
    prepare: brokenModel((folder) => {
      const file = join(folder, 'unet', 'model.onnx');
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    }),
    status: 2,
    says: [/unet/],
  },
  {
    name: 'a model whose configuration is no JSON',
    prepare: brokenModel((folder) =>
      writeFileSync(join(folder, 'scheduler', 'scheduler_config.json'), '{"beta'),
    ),
    status: 2,
    says: [/scheduler_config\.json/, /JSON/],
  },
  {
    name: 'a model with an unknown scheduler',
    prepare: brokenModel(
      (folder) =>
        writeFileSync(join(folder, 'scheduler', 'scheduler_config.json'), '{"_class_name": "WarpScheduler"}'),
      { sampler: { steps: 2, guidanceScale: 2 } },
    ),
    status: 2,
    says: [/WarpScheduler/],
  },
  {
    name: 'a model that is not there',
    prepare: project({ model: 'nowhere' }),
    status: 2,
    says: [/"nowhere"/, /fluent-world|installed/],
  },
  {
    name: 'an unknown scheduler in the project',
    prepare: project({ sampler: { scheduler: 'warp' } }),
    status: 2,
    says: [/scheduler/, /warp/, /dpm\+\+2m/],
  },
  {
    name: 'an unknown scheduler on the command line',
    args: [...IMAGE, '--scheduler', 'warp'],
    status: 2,
    says: [/--scheduler/, /"warp"/, /dpm\+\+2m/],
  },
  {
    name: 'text that is not UTF-8',
    prepare: (cli) => void cli.write('project.json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
    status: 2,
    says: [/project\.json/, /UTF-8/],
  },
  {
    name: 'text that is not JSON',
    prepare: (cli) => void cli.write('project.json', 'a red cat'),
    status: 2,
    says: [/project\.json/, /JSON/],
  },
  {
    name: 'an empty file',
    prepare: (cli) => void cli.write('project.json', ''),
    status: 2,
    says: [/project\.json/, /JSON/],
  },
  {
    name: 'JSON that is no project',
    prepare: (cli) => void cli.write('project.json', []),
    status: 2,
    says: [/project\.json/],
  },
  {
    name: 'a project of another format',
    prepare: project({ format: 'inbetween/9' }),
    status: 2,
    says: [/inbetween\/9/, /inbetween\/1/],
  },
  { name: 'no keyframes', prepare: project({ keyframes: [] }), status: 2, says: [/keyframe/] },
  {
    name: 'a length of 0 frames',
    prepare: project({ length: 0 }),
    status: 2,
    says: [/length/, /0/, /100,000/],
  },
  {
    name: 'a length of 1e6 frames',
    prepare: project({ length: 1e6 }),
    status: 2,
    says: [/length/, /1000000|1,000,000/, /100,000/],
  },
  {
    name: 'a keyframe at 1e6',
    prepare: project({
      keyframes: [
        { frame: 0, prompt: 'a' },
        { frame: 1e6, prompt: 'b' },
      ],
    }),
    status: 2,
    says: [/keyframes\[1\]/, /1000000|1,000,000/, /99,999/],
  },
  {
    name: 'two keyframes at one frame',
    prepare: project({
      keyframes: [
        { frame: 3, prompt: 'a' },
        { frame: 3, prompt: 'b' },
      ],
    }),
    status: 2,
    says: [/3/],
  },
  {
    name: 'a width that is no multiple of 4',
    prepare: project({ size: { width: 65, height: 64 } }),
    status: 2,
    says: [/width/, /65/, /multiple of 4/],
  },
  {
    name: 'a height of 0',
    prepare: project({ size: { width: 64, height: 0 } }),
    status: 2,
    says: [/height/, /0/, /multiple of 4/],
  },
  {
    name: 'a picture width that does not divide',
    args: [...IMAGE, '--width', '65'],
    status: 2,
    says: [/65/, /multiple/],
  },
  {
    name: 'a picture height that does not divide',
    args: [...IMAGE, '--height', '33'],
    status: 2,
    says: [/33/, /multiple/],
  },
  {
    name: 'NaN in the project',
    prepare: projectText('"fps":12', '"fps":NaN'),
    status: 2,
    says: [/project\.json/, /JSON/],
  },
  {
    name: '1e999 in the project',
    prepare: projectText('"guidanceScale":2', '"guidanceScale":1e999'),
    status: 2,
    says: [/guidanceScale/],
  },
  {
    name: '-1e999 as a seed',
    prepare: projectText('"seed":1632', '"seed":-1e999'),
    status: 2,
    says: [/seed/],
  },
  {
    name: 'NaN as guidance',
    args: [...IMAGE, '--guidance', 'NaN'],
    status: 2,
    says: [/--guidance/, /"NaN"/, /0 to 100/],
  },
  {
    name: '0 steps',
    args: [...IMAGE.filter((arg) => arg !== '--steps' && arg !== '2'), '--steps', '0'],
    status: 2,
    says: [/--steps/, /"0"/],
  },
  { name: 'a negative seed', args: [...IMAGE, '--seed', '-1'], status: 2, says: [/--seed/, /-1/] },
  {
    name: 'a seed with a fraction',
    args: [...IMAGE, '--seed', '1.5'],
    status: 2,
    says: [/--seed/, /"1\.5"/, /integer/],
  },
  {
    name: 'a negative seed in the project',
    prepare: project({ keyframes: [{ frame: 0, prompt: 'a', seed: -4 }] }),
    status: 2,
    says: [/seed/, /-4/],
  },
  {
    name: 'a mask without a picture',
    args: [...IMAGE, '--mask', 'm.png'],
    status: 2,
    says: [/--mask/, /--image/],
  },
  {
    name: 'a picture that is not there',
    args: [...IMAGE, '--image', 'gone.png'],
    status: 2,
    says: [/gone\.png/],
  },
  {
    name: 'a truncated picture',
    prepare: truncatedPicture,
    args: [...IMAGE, '--image', 'half.png'],
    status: 2,
    says: [/half\.png/],
  },
  {
    name: 'a truncated picture in the project',
    prepare: async (cli) => {
      await truncatedPicture(cli);
      project({ keyframes: [{ frame: 0, prompt: 'a', initImage: 'half.png', strength: 0.5 }] })(cli);
    },
    status: 2,
    says: [/half\.png/],
  },
  {
    name: 'a truncated picture on its way into an .inbetween project',
    prepare: async (cli) => {
      await truncatedPicture(cli);
      project({ keyframes: [{ frame: 0, prompt: 'a', initImage: 'half.png', strength: 0.5 }] })(cli);
    },
    args: ['project', 'from-json', 'project.json', 'out.inbetween'],
    status: 2,
    says: [/half\.png/],
  },
  {
    name: 'a picture outside the project folder',
    prepare: project({ keyframes: [{ frame: 0, prompt: 'a', initImage: '../../secret.png' }] }),
    status: 2,
    says: [/initImage/],
  },
  { name: 'a project that is not there', args: RENDER, status: 2, says: [/project\.json/] },
  {
    name: 'a project with another ending',
    args: ['render', 'film.mov', '--out', 'out.gif'],
    status: 2,
    says: [/film\.mov/, /\.inbetween/],
  },
  {
    name: 'frames beyond the end',
    prepare: project({}),
    args: [...RENDER, '--frames', '5-9'],
    status: 2,
    says: [/5-9/, /0-7/],
  },
  {
    name: 'frames backwards',
    prepare: project({}),
    args: [...RENDER, '--frames', '5-2'],
    status: 2,
    says: [/--frames/, /5-2/],
  },
  {
    name: 'an unknown preset',
    prepare: project({}),
    args: [...RENDER, '--preset', 'imax'],
    status: 2,
    says: [/imax/, /social-square/],
  },
  { name: 'an unknown command', args: ['paint'], status: 2, says: [/paint/] },
  {
    name: 'an unknown flag',
    prepare: project({}),
    args: [...RENDER, '--sparkle'],
    status: 2,
    says: [/--sparkle/],
  },
  {
    name: 'an output named by what names do not know',
    prepare: project({}),
    args: ['render', 'project.json', '--out', '{hour}.gif'],
    status: 2,
    says: [/\{hour\}/, /\{date\} \{time\}/],
  },
  {
    name: 'a picture without an output',
    args: IMAGE.slice(0, -2),
    status: 2,
    says: [/--out/],
  },
  {
    name: 'an unknown output format',
    prepare: project({}),
    args: ['render', 'project.json', '--out', 'out.avi'],
    status: 2,
    says: [/out\.avi/, /\.mp4/],
  },
  {
    name: 'a picture with another ending',
    args: [...IMAGE.slice(0, -1), 'out.jpg'],
    status: 2,
    says: [/out\.jpg/, /\.png/],
  },
  {
    name: 'an output that is a folder',
    prepare: (cli) => {
      project({})(cli);
      mkdirSync(cli.path('taken.gif'));
      cli.write('taken.gif/keep.txt', 'keep');
    },
    args: ['render', 'project.json', '--out', 'taken.gif'],
    status: 2,
    says: [/taken\.gif/, /folder/],
  },
  {
    name: 'a folder of other files for a PNG sequence',
    prepare: (cli) => {
      project({})(cli);
      mkdirSync(cli.path('holiday'));
      cli.write('holiday/beach.jpg', 'keep');
    },
    args: ['render', 'project.json', '--out', 'holiday'],
    status: 2,
    says: [/holiday/, /beach\.jpg/],
  },
  {
    name: 'a file where the output folder should be',
    prepare: (cli) => {
      project({})(cli);
      cli.write('file', 'keep');
    },
    args: ['render', 'project.json', '--out', 'file/out.gif'],
    status: 2,
    says: [/file/],
  },
  {
    name: 'a grid of a project without one',
    prepare: project({}),
    args: ['grid', 'project.json', '--out', 'out.png'],
    status: 2,
    says: [/grid/],
  },
  {
    name: 'a missing ffmpeg',
    prepare: project({}),
    args: ['render', 'project.json', '--out', 'out.mp4'],
    env: { INBETWEEN_FFMPEG: '/nonexistent/ffmpeg' },
    status: 1,
    says: [/ffmpeg/, /\/nonexistent\/ffmpeg/],
  },
  {
    name: 'an ffmpeg that fails',
    prepare: project({}),
    args: ['render', 'project.json', '--out', 'out.mp4'],
    env: { INBETWEEN_FFMPEG: '/bin/false' },
    status: 1,
    says: [/ffmpeg/],
  },
  {
    name: 'a damaged project',
    prepare: async (cli) => {
      const file = await storedProject(cli);
      const bytes = readFileSync(file);
      bytes.fill(0x5a, 8192, bytes.length - 8192);
      writeFileSync(file, bytes);
    },
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/, /damaged/, /recover/],
  },
  {
    name: 'a project cut in half',
    prepare: async (cli) => {
      const file = await storedProject(cli);
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    },
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/, /damaged/],
  },
  {
    name: 'a project of a newer version',
    prepare: async (cli) => {
      const database = new Database(await storedProject(cli));
      database.pragma('user_version = 999');
      database.close();
    },
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/, /newer|999/],
  },
  {
    name: 'an empty project file',
    prepare: (cli) => void cli.write('stored.inbetween', ''),
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/],
  },
  {
    name: 'a text file as a project',
    prepare: (cli) => void cli.write('stored.inbetween', 'a red cat'),
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/],
  },
  {
    name: "another program's database as a project",
    prepare: (cli) => {
      const database = new Database(cli.path('stored.inbetween'));
      database.exec("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('keep')");
      database.close();
    },
    args: STORED,
    status: 2,
    says: [/stored\.inbetween/],
  },
];

/** What every failure owes its user, whatever it was. */
function assertPlain(result: CliResult, { status, says }: Pick<Case, 'status' | 'says'>): void {
  const told = result.stderr;
  assert.equal(result.status, status, told);
  for (const pattern of says) assert.match(told, pattern);
  assert.doesNotMatch(told + result.stdout, /^\s+at .+:\d+/m, 'a stack trace');
  assert.doesNotMatch(told, /\[object Object\]|undefined|ERR_[A-Z]/);
}

/** Everything but the cache, which may fill up, and folders of frames that `prepare` has rendered. */
function inputsOf(cli: CommandLine): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hashesOf(cli.folder)).filter(([name]) => !/^(cache|first)\//.test(name)),
  );
}

for (const entry of CASES) {
  test(`${entry.name} is told plainly, and nothing is lost`, async (context) => {
    const cli = commandLine(context);
    await entry.prepare?.(cli);
    const before = inputsOf(cli);
    const result = await cli.run(entry.args ?? RENDER, entry.env === undefined ? {} : { env: entry.env });
    assertPlain(result, entry);
    assert.deepEqual(inputsOf(cli), before);
  });
}

test('an empty prompt is legal', async (context) => {
  const cli = commandLine(context);
  const image = await cli.run(IMAGE.map((arg) => (arg === 'red cat' ? '' : arg)));
  assert.equal(image.status, 0, image.stderr);
  cli.write(
    'project.json',
    tinyProject({
      keyframes: [
        { frame: 0, prompt: '' },
        { frame: 2, prompt: 'cat' },
      ],
    }),
  );
  assert.equal(doneEvent(await cli.run([...RENDER, '--json'])).rendered, 3);
});

test('without ffmpeg a PNG sequence and a grid still work', async (context) => {
  const cli = commandLine(context);
  const corner = { prompt: 'cat' };
  cli.write(
    'project.json',
    tinyProject({ grid: { rows: 2, cols: 2, corners: [corner, corner, corner, { prompt: 'dog' }] } }),
  );
  const env = { INBETWEEN_FFMPEG: '/nonexistent/ffmpeg', PATH: '' };
  assert.equal(
    doneEvent(await cli.run(['render', 'project.json', '--out', 'frames', '--json'], { env })).frames,
    8,
  );
  assert.equal(
    doneEvent(await cli.run(['grid', 'project.json', '--out', 'grid.jpg', '--json'], { env })).frames,
    4,
  );
});

test('a failed export keeps the frames and the file that was there before', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  cli.write('out.gif', 'the film of yesterday');
  const failed = await cli.run([...RENDER, '--json'], { env: { INBETWEEN_FFMPEG: '/bin/false' } });
  assertPlain(failed, { status: 1, says: [/ffmpeg/] });
  assert.equal(readFileSync(cli.path('out.gif'), 'utf8'), 'the film of yesterday');
  assert.equal(storedKeys(failed.events).length, 8);
  const done = doneEvent(await cli.run([...RENDER, '--json']));
  assert.deepEqual([done.rendered, done.cached], [0, 8]);
});

test('a damaged project is recovered into a copy, with the frames that can be read', async (context) => {
  const cli = commandLine(context);
  const file = await storedProject(cli);
  const bytes = readFileSync(file);
  // A page among the frames, not the document's.
  bytes.fill(0x5a, bytes.length - 3 * 8192, bytes.length - 2 * 8192);
  writeFileSync(file, bytes);
  const verified = await cli.run(['project', 'verify', 'stored.inbetween']);
  assertPlain(verified, { status: 2, says: [/damaged/] });
  const recovered = await cli.run(['project', 'recover', 'stored.inbetween', 'saved.inbetween']);
  assert.equal(recovered.status, 0, recovered.stderr);
  assert.deepEqual(readFileSync(file), bytes);
  const sound = await cli.run(['project', 'verify', 'saved.inbetween']);
  assert.equal(sound.status, 0, sound.stderr);
  const done = doneEvent(await cli.run(['render', 'saved.inbetween', '--out', 'again', '--json']));
  assert.equal(done.frames, 8);
  assert.ok((done.rendered ?? 8) < 8, 'no frame was recovered');
  assert.deepEqual(hashesOf(cli.path('again')), hashesOf(cli.path('first')));
});

test('a damaged cache never stops a render', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  doneEvent(await cli.run([...RENDER, '--json']));
  const cache = join(cli.cache, 'frames.inbetween');
  writeFileSync(cache, readFileSync(cache).fill(0x5a, 100, 20_000));
  const again = await cli.run([...RENDER, '--json']);
  assert.equal(doneEvent(again).rendered, 8);
  assert.match(again.stderr, /damaged/);
  assert.ok(existsSync(`${cache}.damaged-1`));
});

function mounted(context: TestContext, megabytes: number) {
  const mount = mountTmpfs(context, megabytes);
  if (mount === undefined) context.skip('mounting a file system needs root on Linux');
  return mount;
}

test('a disk that fills up while frames are stored ends plainly, and goes on once there is space', async (context) => {
  const mount = mounted(context, 3);
  if (mount === undefined) return;
  const cli = commandLine(context);
  cli.write(
    'project.json',
    tinyProject({
      size: { width: 256, height: 256 },
      keyframes: [
        { frame: 0, prompt: 'red cat', seed: 1 },
        { frame: 29, prompt: 'blue dog' },
      ],
    }),
  );
  const stored = join(mount.folder, 'film.inbetween');
  const made = await cli.run(['project', 'from-json', 'project.json', stored]);
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(join(mount.folder, 'ballast'), Buffer.alloc(2_000_000));
  const args = ['render', stored, '--out', 'frames', '--json'];
  const full = await cli.run(args);
  assertPlain(full, { status: 1, says: [/space|full/, /film\.inbetween/] });
  const kept = storedKeys(full.events);
  assert.equal(existsSync(cli.path('frames')), false);
  rmSync(join(mount.folder, 'ballast'));
  const roomy = join(cli.folder, 'film.inbetween');
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(stored + suffix)) copyFileSync(stored + suffix, roomy + suffix);
  }
  const last = await cli.run(['render', roomy, '--out', 'frames', '--json']);
  const done = doneEvent(last);
  assert.equal(done.frames, 30);
  assert.ok((done.cached ?? 0) >= kept.length, `${done.cached} of ${kept.length} stored frames are left`);
  assert.deepEqual(
    storedKeys(last.events).filter((key) => kept.includes(key)),
    [],
  );
});

for (const out of ['out.gif', 'out.mp4', 'out.webm', 'out.webp', 'frames']) {
  test(`a disk that fills up while ${out} is written leaves nothing under its name`, async (context) => {
    const mount = mounted(context, 1);
    if (mount === undefined) return;
    const cli = commandLine(context);
    cli.write('project.json', tinyProject());
    // Less than any of the outputs needs.
    writeFileSync(join(mount.folder, 'ballast'), Buffer.alloc((1 << 20) - 8192));
    const args = ['render', 'project.json', '--size', '512x512', '--json'];
    const result = await cli.run([...args, '--out', join(mount.folder, out)]);
    assertPlain(result, { status: 1, says: [/disk is full|no space/i] });
    assert.deepEqual(Object.keys(hashesOf(mount.folder)), ['ballast']);
    assert.equal(storedKeys(result.events).length, 8);
  });
}

test('a full cache disk is told plainly', async (context) => {
  const mount = mounted(context, 1);
  if (mount === undefined) return;
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  writeFileSync(join(mount.folder, 'ballast'), Buffer.alloc((1 << 20) - 8192));
  const result = await cli.run(RENDER, { env: { INBETWEEN_CACHE_DIR: mount.folder } });
  assertPlain(result, { status: 1, says: [/space|full/] });
  assert.equal(existsSync(cli.path('out.gif')), false);
});

test('read-only folders are told plainly; reading from them works', async (context) => {
  const mount = mounted(context, 4);
  if (mount === undefined) return;
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  const stored = join(mount.folder, 'film.inbetween');
  const made = await cli.run(['project', 'from-json', 'project.json', stored]);
  assert.equal(made.status, 0, made.stderr);
  copyFileSync(cli.path('project.json'), join(mount.folder, 'project.json'));
  mount.makeReadonly();
  for (const out of ['out.gif', 'frames']) {
    const refused = await cli.run(['render', 'project.json', '--out', join(mount.folder, out)]);
    assertPlain(refused, { status: 1, says: [/read-only/, new RegExp(out.replace('.', '\\.'))] });
  }
  const writing = await cli.run(['render', stored, '--out', 'out.gif']);
  assertPlain(writing, { status: 1, says: [/read-only/, /film\.inbetween/] });
  const info = await cli.run(['project', 'info', stored]);
  assert.equal(info.status, 0, info.stderr);
  const json = await cli.run(['project', 'to-json', stored]);
  assert.equal(json.status, 0, json.stderr);
  doneEvent(await cli.run(['render', join(mount.folder, 'project.json'), '--out', 'out.gif', '--json']));
});
