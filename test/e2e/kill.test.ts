import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import {
  CAN_SEE_PROCESSES,
  type CliEvent,
  type CliResult,
  type CommandLine,
  commandLine,
  doneEvent,
  eventually,
  hashesOf,
  killQuietly,
  randomFrom,
  storedKeys,
  tinyProject,
} from '../support/command-line.ts';

/** Kills per test; INBETWEEN_KILLS=20 for the long run, INBETWEEN_KILL_SEED for other moments. */
const KILLS = Number(process.env.INBETWEEN_KILLS ?? 4);
const SEED = Number(process.env.INBETWEEN_KILL_SEED ?? 1632);
const FRAMES = 20;
/** Frames that take a while, so that kills meet every stage of them. */
const PROJECT = tinyProject({
  size: { width: 192, height: 128 },
  sampler: { scheduler: 'dpm++sde', steps: 12, guidanceScale: 3 },
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1632 },
    { frame: 9, prompt: 'blue dog', easing: 'ease-in-out' },
    { frame: FRAMES - 1, prompt: 'a ship', seed: 7 },
  ],
});

type Kind = 'json' | 'inbetween';

async function projectFile(cli: CommandLine, kind: Kind): Promise<string> {
  const json = cli.write('project.json', PROJECT);
  if (kind === 'json') return json;
  const made = await cli.run(['project', 'from-json', json, '--out', 'project.inbetween']);
  assert.equal(made.status, 0, made.stderr);
  return cli.path('project.inbetween');
}

/** What a render that nothing disturbs leaves behind: every frame's PNG. */
async function unbroken(context: TestContext, kind: Kind): Promise<Record<string, string>> {
  const cli = commandLine(context);
  const done = doneEvent(
    await cli.run(['render', await projectFile(cli, kind), '--out', 'frames', '--json']),
  );
  assert.deepEqual([done.frames, done.rendered, done.cached], [FRAMES, FRAMES, 0]);
  return hashesOf(cli.path('frames'));
}

/** A start, and one event for every frame and one for the progress that it means. */
const EVENTS = 2 * FRAMES + 1;

/** A moment of a render: after so many events, and a little later. One in five falls into the export. */
function randomMoment(random: () => number): { events: number; delayMs: number } {
  const events = Math.floor(random() * EVENTS * 1.25);
  return events < EVENTS ? { events, delayMs: random() * 80 } : { events: EVENTS, delayMs: random() * 400 };
}

/** Runs a render and calls `strike` once at the moment; the run may end before it comes. */
async function disturbed(
  cli: CommandLine,
  args: readonly string[],
  moment: { events: number; delayMs: number },
  options: { through?: 'launcher' | 'entry' },
  strike: (pid: number) => void,
): Promise<CliResult> {
  let seen = 0;
  let timer: NodeJS.Timeout | undefined;
  const aim = (pid: number): void => {
    timer ??= setTimeout(() => strike(pid), moment.delayMs);
  };
  const started = cli.start(args, {
    ...options,
    onEvent: () => {
      seen += 1;
      if (seen >= moment.events) aim(started.child.pid as number);
    },
  });
  if (moment.events === 0) aim(started.child.pid as number);
  const result = await started.ended;
  clearTimeout(timer);
  return result;
}

/** Kills renders until one is whole, each time before all frames are there if the moment allows. */
async function killAndGoOn(
  context: TestContext,
  kind: Kind,
  through: 'launcher' | 'entry',
  seed: number,
): Promise<void> {
  const whole = await unbroken(context, kind);
  const random = randomFrom(seed);
  let killed = 0;
  for (let round = 0; killed < KILLS; round += 1) {
    assert.ok(round < 3 * KILLS + 10, 'the renders ended before they could be killed');
    const cli = commandLine(context);
    const file = await projectFile(cli, kind);
    const stored: string[] = [];
    const args = ['render', file, '--out', 'frames', '--json'];
    // Several kills of the same render: what is left when one comes is met by the next.
    for (let strike = 0; strike < 3 && killed < KILLS; strike += 1) {
      const moment = randomMoment(random);
      const result = await disturbed(cli, args, moment, { through }, (pid) => killQuietly(pid));
      stored.push(...storedKeys(result.events));
      assert.ok(
        await eventually(() => cli.processes().length === 0),
        `processes are left: ${JSON.stringify(cli.processes())}`,
      );
      if (result.signal === 'SIGKILL') {
        killed += 1;
        context.diagnostic(
          `killed ${through} after ${result.events.length} of ${EVENTS} events, ${stored.length} frames stored`,
        );
      } else doneEvent(result);
      if (existsSync(cli.path('frames'))) assert.deepEqual(hashesOf(cli.path('frames')), whole);
    }
    const last = await cli.run(args, { through });
    const done = doneEvent(last);
    stored.push(...storedKeys(last.events));
    assert.equal(new Set(stored).size, stored.length, 'a frame that was stored was rendered again');
    assert.equal(done.frames, FRAMES);
    assert.equal((done.rendered ?? 0) + (done.cached ?? 0), FRAMES);
    assert.ok(stored.length <= FRAMES);
    assert.deepEqual(hashesOf(cli.path('frames')), whole);
    assert.deepEqual(
      readdirSync(cli.folder).filter((name) => name.startsWith('.part-')),
      [],
      'a killed export has left its half behind for good',
    );
    if (kind === 'inbetween') {
      const verified = await cli.run(['project', 'verify', file]);
      assert.equal(verified.status, 0, verified.stderr);
      assert.deepEqual(
        readdirSync(cli.folder).filter((name) => name.startsWith('project.inbetween')),
        ['project.inbetween'],
      );
    }
    rmSync(cli.folder, { recursive: true, force: true });
  }
}

test('a render into an .inbetween project that is killed anywhere goes on from what it has stored', (context) =>
  killAndGoOn(context, 'inbetween', 'entry', SEED));

test('a render of a JSON project that is killed anywhere goes on from the shared cache', (context) =>
  killAndGoOn(context, 'json', 'entry', SEED + 1));

test('killing the launcher ends all that it has started, and the render goes on later', (context) => {
  if (!CAN_SEE_PROCESSES) return context.skip('looking for processes needs Linux');
  return killAndGoOn(context, 'json', 'launcher', SEED + 2);
});

test('an engine process that is killed costs no frame: the same run ends well', async (context) => {
  if (!CAN_SEE_PROCESSES) return context.skip('looking for processes needs Linux');
  const whole = await unbroken(context, 'inbetween');
  const random = randomFrom(SEED + 3);
  let killed = 0;
  for (let round = 0; killed < KILLS; round += 1) {
    assert.ok(round < 3 * KILLS + 10, 'the renders ended before their engine could be killed');
    const cli = commandLine(context);
    const file = await projectFile(cli, 'inbetween');
    const args = ['render', file, '--out', 'frames', '--json'];
    let struck = false;
    // Before its first frame as well: it opens its sessions then.
    const moment = { events: 1 + Math.floor(random() * (2 * FRAMES - 4)), delayMs: random() * 150 };
    const result = await disturbed(cli, args, moment, {}, () => {
      const engine = cli.processes().find(({ command }) => command.includes('engine-process'));
      struck = engine !== undefined && killQuietly(engine.pid);
    });
    if (struck) killed += 1;
    const done: CliEvent = doneEvent(result);
    assert.deepEqual([done.frames, done.rendered, done.cached], [FRAMES, FRAMES, 0]);
    assert.equal(new Set(storedKeys(result.events)).size, FRAMES);
    assert.deepEqual(hashesOf(cli.path('frames')), whole);
    assert.ok(await eventually(() => cli.processes().length === 0));
    rmSync(cli.folder, { recursive: true, force: true });
  }
});

test('Ctrl-C ends with 130, keeps what is stored and writes nothing under the final name', async (context) => {
  const cli = commandLine(context);
  const file = await projectFile(cli, 'inbetween');
  const args = ['render', file, '--out', 'morph.gif', '--json'];
  const moment = { events: 9, delayMs: 10 };
  const stopped = await disturbed(cli, args, moment, {}, (pid) => void process.kill(pid, 'SIGINT'));
  assert.equal(stopped.status, 130, stopped.stderr);
  assert.match(stopped.stderr, /Cancelled/);
  assert.doesNotMatch(stopped.stderr, /^ {4}at /m);
  assert.deepEqual(
    readdirSync(cli.folder).filter((name) => name.includes('morph')),
    [],
  );
  assert.ok(await eventually(() => cli.processes().length === 0));
  const kept = storedKeys(stopped.events);
  assert.ok(kept.length > 0 && kept.length < FRAMES);
  const last = await cli.run(args);
  const done = doneEvent(last);
  assert.equal(done.cached, kept.length);
  assert.equal(done.rendered, FRAMES - kept.length);
  assert.deepEqual(
    storedKeys(last.events).filter((key) => kept.includes(key)),
    [],
  );
});

test('Ctrl-C in a terminal reaches the launcher and all below it at once, and ends with 130 too', async (context) => {
  if (process.platform === 'win32') return context.skip('process groups are for POSIX');
  const cli = commandLine(context);
  const file = await projectFile(cli, 'json');
  let seen = 0;
  const started = cli.start(['render', file, '--out', 'morph.gif', '--json'], {
    through: 'launcher',
    detached: true,
    onEvent: () => {
      seen += 1;
      if (seen === 7) process.kill(-(started.child.pid as number), 'SIGINT');
    },
  });
  const stopped = await started.ended;
  assert.equal(stopped.status, 130, stopped.stderr);
  assert.equal(existsSync(cli.path('morph.gif')), false);
  assert.ok(await eventually(() => cli.processes().length === 0));
});
