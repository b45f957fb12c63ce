import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testStudio, tinyDocument } from '../test/support/studio.ts';

test('drafts are made first, steps are shown, and a pause outlives the window that asked for it', async (context) => {
  const studio = await testStudio(context, 'in-process');
  const file = studio.path('drafts.inbetween');
  const document = tinyDocument({ sampler: { scheduler: 'ddim', steps: 12, guidanceScale: 2 } });
  const first = await studio.connect();
  const { project } = await first.call('project.create', { file, document });
  const { job } = await first.call('render.start', { project, drafts: true, playhead: 3 });
  const preview = await first.event('frame.preview');
  assert.equal(preview.index, 3);
  const drafted = await first.event('job.frame');
  assert.deepEqual([drafted.index, drafted.tier], [3, 'draft']);
  await first.call('render.pause', { project });
  first.close();

  const second = await studio.connect();
  const state = await second.call('project.open', { file });
  assert.deepEqual(
    state.jobs.map((each) => [each.job, each.paused]),
    [[job, true]],
  );
  await second.call('render.resume', { project: state.project });
  const done = await second.event('job.done');
  assert.deepEqual([done.total, done.failed], [8, 0]);
  const order = second.seen('job.frame').map(({ tier }) => tier);
  assert.ok(order.lastIndexOf('draft') < order.lastIndexOf('final'));
  const status = await second.call('frames.status', { project: state.project, drafts: true });
  assert.deepEqual([status.missing, status.drafts, status.failed], [0, [], []]);
  assert.deepEqual(second.problems, []);
});

test('a take that is pinned has its picture already, and only its frame changes', async (context) => {
  const studio = await testStudio(context, 'in-process');
  const client = await studio.connect();
  const { project, revision } = await client.call('project.create', {
    file: studio.path('takes.inbetween'),
    document: tinyDocument(),
  });
  await client.call('render.start', { project });
  await client.event('job.done');
  const before = await client.call('frames.status', { project });

  const take = { seed: 7, amount: 0.5 };
  const { key } = await client.call('takes.render', { project, frame: 2, take });
  assert.ok(!before.keys.includes(key));
  const { takes } = await client.call('takes.status', { project, frame: 2, takes: [take, { seed: 8 }] });
  assert.deepEqual(takes[0], { key, cached: true });
  assert.equal(takes[1]?.cached, false);

  const settings = { pins: [{ frame: 2, ...take }] };
  const cost = await client.call('plan.changed', {
    project,
    commands: [{ type: 'setSettings', settings }],
  });
  assert.deepEqual([cost.frames, cost.missing], [[2], 0]);
  await client.call('project.command', { project, revision, commands: [{ type: 'setSettings', settings }] });
  const after = await client.call('frames.status', { project });
  assert.deepEqual([after.keys[2], after.missing], [key, 0]);
});

test('motion is known between frames that are rendered, and nothing moves on a hold', async (context) => {
  const studio = await testStudio(context, 'in-process');
  const client = await studio.connect();
  const { project } = await client.call('project.create', {
    file: studio.path('motion.inbetween'),
    document: tinyDocument({ length: 12 }),
  });
  await client.call('render.start', { project, range: { from: 2, to: 11 } });
  await client.event('job.done');
  const { distances } = await client.call('frames.motion', { project });
  assert.deepEqual(distances.slice(0, 3), [null, null, null]);
  for (const moved of distances.slice(3, 8)) assert.ok(moved !== null && moved > 0 && moved < 2);
  assert.deepEqual(distances.slice(8), [0, 0, 0, 0]);
});

test('a film that is shortened while frames are asked for renders what is left of them', async (context) => {
  const studio = await testStudio(context, 'in-process');
  const client = await studio.connect();
  const { project, revision } = await client.call('project.create', {
    file: studio.path('shortened.inbetween'),
    document: tinyDocument(),
  });
  const range = { from: 0, to: 7 };
  // The model is opened for the first time, and the edit comes between.
  const asked = [
    client.call('render.start', { project, range, revision }),
    client.call('render.start', { project, range }),
  ];
  await client.call('project.command', {
    project,
    revision,
    commands: [{ type: 'setSettings', settings: { length: 3 } }],
  });
  await Promise.all(asked);
  const late = await client.call('render.start', { project, range, revision });
  const isLate = ({ job }: { job: string }): boolean => job === late.job;
  assert.deepEqual((await client.event('job.started', isLate)).range, { from: 0, to: 2 });
  const done = await client.event('job.done', isLate);
  assert.deepEqual([done.total, done.failed], [3, 0]);

  const status = await client.call('frames.status', { project, range, revision });
  assert.deepEqual([status.keys.length, status.missing, status.revision], [3, 0, revision + 1]);
  const beyond = { from: 5, to: 7 };
  assert.deepEqual((await client.call('frames.status', { project, range: beyond, revision })).keys, []);
  const nothing = await client.call('render.start', { project, range: beyond, revision });
  assert.equal((await client.event('job.done', ({ job }) => job === nothing.job)).total, 0);

  // Of the document of now, frames that it does not have are a mistake.
  for (const known of [{}, { revision: revision + 1 }]) {
    for (const method of ['render.start', 'frames.status'] as const) {
      await assert.rejects(
        client.call(method, { project, range, ...known }),
        /Frames 0-7 are asked for; the project has frames 0-2/,
      );
    }
  }
  assert.deepEqual([client.seen('job.failed'), client.problems], [[], []]);
});
