import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeSound } from '../../src-main/host/export/decode-sound.ts';
import { findFfmpeg } from '../../src-main/host/export/ffmpeg.ts';
import { clickTrack } from '../support/click-track.ts';
import { commandLine, doneEvent, hashesOf, tinyProject } from '../support/command-line.ts';
import { TINY_SD } from '../support/model-folder.ts';

test('the project comes out of every kind of output again, and renders nothing new', async (context) => {
  const cli = commandLine(context);
  const corners = ['cat', 'dog', 'ship', 'moon'].map((prompt) => ({ prompt, seed: 1 }));
  cli.write(
    'project.json',
    tinyProject({ notes: 'déjà vu ✓ "quoted"', grid: { rows: 2, cols: 3, corners } }),
  );
  const outputs = ['a.gif', 'a.mp4', 'a.webm', 'a.webp', 'frames'];
  for (const out of outputs) doneEvent(await cli.run(['render', 'project.json', '--out', out, '--json']));
  const grid = doneEvent(await cli.run(['grid', 'project.json', '--out', 'a.jpg', '--gap', '4', '--json']));
  assert.deepEqual([grid.frames, grid.rendered], [6, 6]);
  const { width, height } = await sharp(readFileSync(cli.path('a.jpg'))).metadata();
  assert.deepEqual([width, height], [3 * 64 + 4 * 4, 2 * 64 + 3 * 4]);
  cli.write('plain.json', tinyProject({ notes: 'déjà vu ✓ "quoted"', grid: { rows: 2, cols: 3, corners } }));
  for (const out of [...outputs, 'a.jpg']) {
    const taken = await cli.run(['project', 'from-json', out, `${out}.json`]);
    assert.equal(taken.status, 0, taken.stderr);
    assert.deepEqual(
      JSON.parse(readFileSync(cli.path(`${out}.json`), 'utf8')),
      JSON.parse(readFileSync(cli.path('plain.json'), 'utf8')),
    );
  }
  const again = doneEvent(await cli.run(['render', 'a.mp4.json', '--out', 'b.gif', '--json']));
  assert.deepEqual([again.rendered, again.cached], [0, 8]);
  const nothing = await cli.run(['project', 'from-json', 'plain.png', 'c.json']);
  assert.equal(nothing.status, 2, nothing.stderr);
});

test('the sound of a project is in its film, from the frame on that a range begins with; a GIF says that it has none', async (context) => {
  const cli = commandLine(context);
  // tinyProject has 8 frames; at 8 a second the click falls on frame 5.
  writeFileSync(cli.path('click.wav'), clickTrack([0.625], 2));
  cli.write('project.json', tinyProject({ fps: 8, audio: { asset: 'click.wav', offset: 0, gain: 1 } }));
  assert.equal((await cli.run(['project', 'from-json', 'project.json', '--out', 'p.inbetween'])).status, 0);
  rmSync(cli.path('click.wav'));
  const ffmpeg = findFfmpeg({ path: process.env.PATH ?? '', platform: process.platform });
  doneEvent(await cli.run(['render', 'p.inbetween', '--frames', '3-7', '--out', 'a.mp4', '--json']));
  const clickIn = async (film: string): Promise<number> => {
    let [at, loudest, index] = [0, 0, 0];
    for await (const piece of decodeSound(ffmpeg, cli.path(film), { rate: 48_000, channels: 1 })) {
      for (const value of piece) {
        if (Math.abs(value) > loudest) [loudest, at] = [Math.abs(value), index];
        index += 1;
      }
    }
    return at / 48_000;
  };
  const isAt = async (film: string, expected: number): Promise<void> => {
    const at = await clickIn(film);
    assert.ok(
      Math.abs(at - expected) < 0.002,
      `the click of ${film} is at ${at} s, expected at ${expected} s`,
    );
  };
  await isAt('a.mp4', 0.25);
  const gif = await cli.run(['render', 'p.inbetween', '--frames', '3-7', '--out', 'a.gif']);
  assert.match(gif.stderr, /GIF has no sound/);

  // The sound file is gone, and the project with it: the film is both.
  for (const film of ['whole.mp4', 'whole.webm']) {
    doneEvent(await cli.run(['render', 'p.inbetween', '--out', film, '--json']));
    const back = await cli.run(['project', 'from-json', film, '--out', `${film}.inbetween`]);
    assert.equal(back.status, 0, back.stderr);
    assert.match(back.stderr, new RegExp(`The sound comes from ${film} itself\\.`));
    doneEvent(await cli.run(['render', `${film}.inbetween`, '--out', `again-${film}`, '--json']));
    await isAt(`again-${film}`, 0.625);
  }
  const part = await cli.run(['project', 'from-json', 'a.mp4', '--out', 'part.inbetween']);
  assert.match(part.stderr, /0\.6 s of a project of 1\.0 s: check where it begins/);
  const silent = await cli.run(['project', 'from-json', 'a.gif', '--out', 'silent.inbetween']);
  assert.equal(silent.status, 0, silent.stderr);
  assert.match(silent.stderr, /could not be taken from a\.gif: it has none/);
});

test('a project file tells about itself, slims, verifies and becomes JSON again', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  const made = await cli.run(['project', 'from-json', 'project.json', '--out', 'p.inbetween']);
  assert.equal(made.status, 0, made.stderr);
  const refused = await cli.run(['project', 'from-json', 'project.json', '--out', 'p.inbetween']);
  assert.equal(refused.status, 2, 'a project was written over another');
  const info = async () =>
    JSON.parse((await cli.run(['project', 'info', 'p.inbetween', '--json'])).stdout) as {
      frames: number;
      cachedFrames: number;
    };
  assert.deepEqual([(await info()).frames, (await info()).cachedFrames], [8, 0]);
  doneEvent(await cli.run(['render', 'p.inbetween', '--out', 'a.gif', '--json']));
  assert.equal((await info()).cachedFrames, 8);
  assert.match((await cli.run(['project', 'verify', 'p.inbetween'])).stdout, /sound/);
  const before = readFileSync(cli.path('p.inbetween')).length;
  assert.equal((await cli.run(['project', 'slim', 'p.inbetween'])).status, 0);
  assert.ok(readFileSync(cli.path('p.inbetween')).length < before);
  assert.equal((await info()).cachedFrames, 0);
  const json = await cli.run(['project', 'to-json', 'p.inbetween']);
  assert.deepEqual(JSON.parse(json.stdout), tinyProject());
});

test('models are listed, checked and imported, and then go by their name', async (context) => {
  const cli = commandLine(context);
  const sound = await cli.run(['models', 'check', TINY_SD]);
  assert.equal(sound.status, 0, sound.stdout);
  cpSync(TINY_SD, cli.path('broken'), { recursive: true });
  rmSync(cli.path('broken/unet/model.onnx'));
  const broken = await cli.run(['models', 'check', 'broken']);
  assert.equal(broken.status, 2);
  assert.match(broken.stdout, /unet/);
  const refused = await cli.run(['models', 'import', 'broken', '--name', 'mine']);
  assert.equal(refused.status, 2, refused.stderr);
  const imported = await cli.run(['models', 'import', TINY_SD, '--name', 'mine']);
  assert.equal(imported.status, 0, imported.stderr);
  assert.match((await cli.run(['models', 'list'])).stdout, /^mine /m);
  cli.write('project.json', tinyProject({ model: 'mine' }));
  doneEvent(await cli.run(['render', 'project.json', '--out', 'a.gif', '--json']));
});

test('presets are listed, and each of them can be used', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  const listed = await cli.run(['presets', '--json']);
  const presets = JSON.parse(listed.stdout) as {
    id: string;
    title: string;
    description: string;
    format: string;
  }[];
  for (const { id, title, description, format } of presets) {
    assert.ok(title !== '' && description !== '', id);
    const out = format === 'grid' ? `${id}.jpg` : format === 'png' ? id : `${id}.${format}`;
    const done = doneEvent(await cli.run(['render', 'project.json', '--preset', id, '--out', out, '--json']));
    assert.equal(done.frames, 8, id);
  }
});

test('an output is named by the project and the time, and one that nobody named replaces nothing', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject({ name: 'Red cat' }));
  const outOf = async (...args: string[]): Promise<string> => {
    const done = doneEvent(await cli.run([...args, '--json']));
    return basename(done.out ?? '');
  };
  const started = Date.now();
  const named = await outOf('render', 'project.json', '--out', 'film {date} {time} {size} {frames}.webp');
  const [, date, hours, minutes, seconds] =
    /^film (\d{4}-\d\d-\d\d) (\d\d)-(\d\d)-(\d\d) 64x64 8\.webp$/.exec(named) ?? [];
  const told = new Date(`${date}T${hours}:${minutes}:${seconds}`).getTime();
  assert.ok(told >= Math.floor(started / 1000) * 1000 && told <= Date.now(), named);
  assert.equal(await outOf('render', 'project.json'), 'Red cat.gif');
  assert.equal(await outOf('render', 'project.json'), 'Red cat 2.gif');
  assert.equal(await outOf('render', 'project.json', '--preset', 'contact-sheet'), 'Red cat.jpg');
  assert.equal(
    await outOf('grid', 'project.json', '--columns', '4', '--out', '{project} {range}.png'),
    'Red cat 0-7.png',
  );
});

test('help teaches and is no failure', async (context) => {
  const cli = commandLine(context);
  for (const args of [['--help'], ['render', '--help'], ['project', '--help']]) {
    const help = await cli.run(args, { through: 'launcher' });
    assert.equal(help.status, 0);
    assert.match(help.stdout, /Usage: inbetween/);
  }
});

test('cross-fades between the frames are pictures of their own; the frames stay what they are', async (context) => {
  const cli = commandLine(context);
  cli.write('project.json', tinyProject());
  doneEvent(await cli.run(['render', 'project.json', '--out', 'plain', '--json']));
  const faded = ['render', 'project.json', '--out', 'faded', '--cross-fades', '1', '--json'];
  assert.deepEqual(doneEvent(await cli.run(faded)).rendered, 0);
  const picture = (folder: string, number: number): Promise<Buffer> =>
    sharp(readFileSync(cli.path(`${folder}/frame-${String(number).padStart(5, '0')}.png`)))
      .raw()
      .toBuffer();
  const names = Object.keys(hashesOf(cli.path('faded'))).filter((name) => /^frame-\d+\.png$/.test(name));
  assert.equal(names.length, 15);
  const [first, between, second] = await Promise.all([0, 1, 2].map((number) => picture('faded', number)));
  assert.deepEqual([first, second], [await picture('plain', 0), await picture('plain', 1)]);
  assert.deepEqual(
    between,
    Buffer.from(first!.map((value, at) => Math.round(value + (second![at]! - value) / 2))),
  );
  const many = await cli.run(['render', 'project.json', '--out', 'a.gif', '--cross-fades', '10']);
  assert.equal(many.status, 2);
  assert.match(many.stderr, /cross-fades.*10/s);
});
