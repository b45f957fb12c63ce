import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { applyDiff } from '../../src-shared/model/diff.ts';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { TINY_SD } from '../../test/support/model-folder.ts';
import { testStudio, tinyDocument, TRANSPORT_KINDS, type TestClient } from '../../test/support/studio.ts';

const FLUENT_WORLD = fileURLToPath(new URL('../../models/fluent-world/', import.meta.url));
const setPrompt = (frame: number, value: string) =>
  ({ type: 'setChannel', frame, channel: 'prompt', value }) as const;
const ofCode = (code: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, code, error.message);
  if (message !== undefined) assert.match(error.message, message);
  return true;
};
const over = (client: TestClient, job: string) =>
  Promise.race([
    client.event('job.done', (event) => event.job === job),
    client.event('job.failed', (event) => event.job === job).then(({ error }) => assert.fail(error.message)),
    client.event('job.cancelled', (event) => event.job === job),
  ]);

for (const kind of TRANSPORT_KINDS) {
  describe(`the contract over ${kind}`, { concurrency: false }, () => {
    it('creates a project, changes it for all its windows, and undoes across a restart', async (context) => {
      const studio = await testStudio(context, kind);
      const [first, second] = [await studio.connect(), await studio.connect()];
      const file = studio.path('morph.inbetween');
      const made = await first.call('project.create', { file, document: tinyDocument() });
      assert.equal(made.revision, 1);
      assert.deepEqual(made.history, { undo: null, redo: null });
      const shared = await second.call('project.open', { file });
      assert.equal(shared.project, made.project);

      const { project } = made;
      const changed = await first.call('project.command', {
        project,
        revision: 1,
        commands: [setPrompt(3, 'a green bird'), { type: 'setEasing', frame: 3, easing: 'ease-in' }],
        label: 'New bird',
      });
      assert.equal(changed.revision, 2);
      assert.equal(changed.history.undo, 'New bird');
      const told = await second.event('project.changed');
      assert.equal(told.client, (await first.hello).client);
      const now = (await second.call('project.document', { project })).document;
      assert.deepEqual(applyDiff(shared.document, told.diff), now);

      await assert.rejects(
        second.call('project.command', { project, revision: 1, commands: [setPrompt(0, 'late')] }),
        (error: AppError) => error.code === 'storage-failed' && error.data.reason === 'stale-revision',
      );
      await assert.rejects(
        second.call('project.command', {
          project,
          revision: 2,
          commands: [setPrompt(0, 'x'), { type: 'removeKeyframes', frames: [5] }],
        }),
        ofCode('not-found', /no keyframe at frame 5/),
      );
      assert.equal((await second.call('project.document', { project })).revision, 2);

      await studio.restart();
      const third = await studio.connect();
      const again = await third.call('project.open', { file });
      assert.deepEqual(again.document, now);
      assert.deepEqual(again.history, { undo: 'New bird', redo: null });
      const undone = await third.call('project.undo', { project: again.project });
      assert.deepEqual(undone.history, { undo: null, redo: 'New bird' });
      assert.deepEqual(
        (await third.call('project.document', { project: again.project })).document,
        made.document,
      );
      await third.call('project.redo', { project: again.project });
      assert.deepEqual((await third.call('project.document', { project: again.project })).document, now);
      assert.equal((await third.call('project.redo', { project: again.project })).label, null);
      assert.deepEqual([...first.problems, ...second.problems, ...third.problems], []);
    });

    it('makes one step of a gesture, and takes a cancelled one back', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const { project, document } = await client.call('project.create', {
        file: studio.path('drag.inbetween'),
        document: tinyDocument(),
      });
      let revision = 1;
      for (let step = 0; step < 4; step++) {
        ({ revision } = await client.call('project.command', {
          project,
          revision,
          commands: [{ type: 'moveKeyframes', frames: [7 + step], by: 1 }],
          gesture: 'drag',
        }));
      }
      assert.equal(revision, 5);
      await client.call('project.endGesture', { project, gesture: 'drag' });
      await client.call('project.undo', { project });
      const back = await client.call('project.document', { project });
      assert.deepEqual(back.document, document);
      assert.deepEqual(back.history, { undo: null, redo: 'Move keyframe' });
      await client.call('project.command', {
        project,
        revision: back.revision,
        commands: [setPrompt(0, 'typed by mistake')],
        gesture: 'typing',
      });
      await client.call('project.endGesture', { project, gesture: 'typing', cancel: true });
      const cancelled = await client.call('project.document', { project });
      assert.deepEqual(cancelled.document, document);
      assert.deepEqual(
        cancelled.history,
        { undo: null, redo: 'Move keyframe' },
        'what could be redone still can',
      );
    });

    it('renders what is missing, tells each frame, and knows what an edit would cost', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const { project } = await client.call('project.create', {
        file: studio.path('render.inbetween'),
        document: tinyDocument(),
      });
      const before = await client.call('frames.status', { project });
      assert.equal(before.keys.length, 8);
      assert.deepEqual([before.missing, before.estimatedMs], [8, null]);
      const { job } = await client.call('render.start', { project, playhead: 3 });
      await over(client, job);
      const frames = client.seen('job.frame');
      assert.equal(frames[0]?.index, 3, 'the playhead comes first');
      assert.deepEqual(
        frames.map(({ index, blob }) => [index, blob]).sort(),
        before.keys.map((key, index) => [index, key]).sort(),
      );
      assert.equal((await client.call('frames.status', { project })).missing, 0);
      assert.deepEqual(await client.call('jobs.list', {}), { jobs: [] });

      const cost = await client.call('plan.changed', { project, commands: [setPrompt(7, 'a yellow fish')] });
      assert.deepEqual(cost.frames, [1, 2, 3, 4, 5, 6, 7]);
      assert.equal(cost.missing, 7);
      assert.ok(cost.estimatedMs !== null && cost.estimatedMs >= 0);
      assert.equal((await client.call('frames.status', { project })).missing, 0, 'nothing was changed');
      assert.deepEqual(client.problems, []);
    });

    it('goes on rendering for a window that left, ends it on request, and keeps what was stored', async (context) => {
      const studio = await testStudio(context, kind);
      const file = studio.path('long.inbetween');
      const leaving = await studio.connect();
      const document = tinyDocument({
        length: 2000,
        sampler: { scheduler: 'euler_a', steps: 3 },
        noise: 'fresh',
      });
      const { project } = await leaving.call('project.create', { file, document });
      const { job } = await leaving.call('render.start', { project });
      await leaving.event('job.frame');
      leaving.close();

      const staying = await studio.connect();
      const state = await staying.call('project.open', { file });
      assert.deepEqual(
        state.jobs.map((info) => info.job),
        [job],
        'the job is in the state of the project',
      );
      const { blob } = await staying.event('job.frame');
      // A job for the document as it is now takes the place of the one before.
      const next = await staying.call('render.start', {
        project: state.project,
        range: { from: 0, to: 1999 },
      });
      const ended = await staying.event('job.cancelled', (event) => event.job === job);
      assert.equal(ended.replacedBy, next.job);
      await staying.call('render.setPlayhead', { project: state.project, frame: 1777 });
      await staying.event('job.frame', (event) => event.index === 1777);
      await staying.call('render.cancel', { project: state.project });
      assert.equal(
        (await staying.event('job.cancelled', (event) => event.job === next.job)).replacedBy,
        null,
      );
      const { keys, cached } = await staying.call('frames.status', { project: state.project });
      assert.ok(cached[keys.indexOf(blob)], 'what was told as stored is there');
      assert.ok(cached.filter(Boolean).length < 2000);
    });

    it('ends a request that is cancelled, and says so for wrong ones', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const { project } = await client.call('project.create', {
        file: studio.path('cancel.inbetween'),
        document: tinyDocument({ length: 100_000 }),
      });
      const stop = new AbortController();
      const status = client.call('frames.status', { project }, { signal: stop.signal });
      stop.abort();
      await assert.rejects(status, ofCode('cancelled'));
      await assert.rejects(client.call('project.document', { project: 'p99' }), ofCode('not-found', /p99/));
      await assert.rejects(
        client.call('project.open', { file: studio.path('none.inbetween') }),
        ofCode('not-found', /none\.inbetween/),
      );
      await assert.rejects(
        client.call('render.start', { project, range: { from: 5, to: 2 } }),
        ofCode('invalid-input', /render\.start: .*range/),
      );
      await assert.rejects(
        client.call('project.create', { file: studio.path('cancel.inbetween'), document: tinyDocument() }),
        ofCode('invalid-input', /holds a project already/),
      );
      await assert.rejects(
        client.call('project.create', {
          file: studio.path('b.inbetween'),
          document: { format: 'inbetween/1' },
        }),
        ofCode('invalid-document', /model is missing/),
      );
      const other = await studio.connect();
      await assert.rejects(
        other.call('project.document', { project }),
        ofCode('not-found', /open its file first/),
      );
      assert.equal(other.seen('project.changed').length, 0);
    });

    it('shows JSON projects without changing them, and makes projects out of them', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const json = studio.path('script.json');
      writeFileSync(json, JSON.stringify(tinyDocument({ name: 'Scripted' })));
      const shown = await client.call('project.open', { file: json });
      assert.equal(shown.readonly, true);
      await assert.rejects(
        client.call('project.command', {
          project: shown.project,
          revision: 1,
          commands: [setPrompt(0, 'x')],
        }),
        ofCode('read-only', /JSON project/),
      );
      const made = await client.call('project.create', { file: studio.path('made.inbetween'), from: json });
      assert.deepEqual([made.readonly, made.document], [false, shown.document]);
      const { entries } = await client.call('files.list', { folder: studio.folder });
      const projects = entries.filter((entry) => entry.kind === 'project');
      assert.deepEqual(
        projects.map(({ name }) => name),
        ['made.inbetween', 'script.json'],
      );
      const info = await client.call('project.info', { project: made.project });
      assert.deepEqual([info.frames, info.cachedFrames, info.problem], [8, 0, null]);
      await client.call('project.close', { project: made.project });
      await assert.rejects(client.call('project.info', { project: made.project }), ofCode('not-found'));
      assert.ok((await client.call('host.info', {})).examples.length > 0);
      assert.deepEqual(client.problems, []);
    });

    it('finds a place and a name of its own for a project that is given none', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const document = { ...tinyDocument(), name: 'Cat: a "morph"?' };
      const first = await client.call('project.create', { document });
      const second = await client.call('project.create', { document });
      const copy = await client.call('project.create', { from: first.file });
      assert.deepEqual(
        [first, second, copy].map(({ file }) => relative(studio.folder, file)),
        ['', ' 2', ' 3'].map((number) => join('projects', `Cat a morph${number}.inbetween`)),
      );
      assert.deepEqual(client.problems, []);
    });

    it('says that ffmpeg is missing before it renders anything for an export', async (context) => {
      const studio = await testStudio(context, kind, { ffmpeg: '/nowhere/ffmpeg' });
      const client = await studio.connect();
      const { project } = await client.call('project.create', { document: tinyDocument() });
      await assert.rejects(
        client.call('export.start', { project, format: 'mp4' }),
        ofCode('ffmpeg-missing', /\/nowhere\/ffmpeg/),
      );
      assert.deepEqual((await client.call('jobs.list', {})).jobs, []);
    });

    it('ends what a window asked for when the window goes', async (context) => {
      const studio = await testStudio(context, kind);
      const [leaving, staying] = [await studio.connect(), await studio.connect()];
      const stepped = Promise.withResolvers<void>();
      // Hundreds of steps: the other window's picture would wait for all of them.
      const long = leaving.call(
        'image.render',
        { model: TINY_SD, prompt: 'a long one', steps: 900, scheduler: 'ddim', width: 64, height: 64 },
        { onProgress: () => stepped.resolve() },
      );
      const ended = assert.rejects(long, (error: AppError) => error.data.reason === 'disconnected');
      await stepped.promise;
      leaving.close();
      await ended;
      const picture = { model: TINY_SD, prompt: 'a short one', steps: 1, width: 64, height: 64 };
      const first = await staying.call('image.render', picture);
      assert.equal(
        (await staying.call('image.render', picture)).blob,
        first.blob,
        'the same seed, the same picture',
      );
      assert.deepEqual([staying.problems, staying.seen('note')], [[], []]);
    });

    it('answers what it cannot read with a message, and goes on', async (context) => {
      const studio = await testStudio(context, kind, { maxMessageLength: 20_000 });
      const raw = await studio.connectRaw();
      const answers: Record<string, unknown>[] = [];
      let more = Promise.withResolvers<void>();
      raw.onMessage((text) => {
        answers.push(JSON.parse(text) as Record<string, unknown>);
        more.resolve();
        more = Promise.withResolvers();
      });
      const next = async (count: number) => {
        while (answers.length < count) await more.promise;
        return answers[count - 1] as { id: unknown; error?: { code: string; message: string }; ok?: unknown };
      };
      assert.ok('hello' in (await next(1)));
      const wrong: [string, unknown, RegExp][] = [
        ['{nonsense', null, /not JSON/],
        ['[]', null, /neither/],
        ['null', null, /neither/],
        ['{"id":{},"method":"presets.list"}', null, /neither/],
        ['{"id":7,"method":"presets.list","extra":1}', 7, /neither/],
        ['{"id":8,"method":"__proto__"}', 8, /no method "__proto__"/],
        ['{"id":9,"method":"models.info","params":{"ref":4}}', 9, /models\.info: ref is 4/],
        ['{"id":"a","method":"models.info","params":{"ref":"x","reff":"y"}}', 'a', /unknown key "reff"/],
      ];
      for (const [at, [text, id, message]] of wrong.entries()) {
        raw.send(text);
        const { id: answered, error } = await next(at + 2);
        assert.equal(answered, id, text);
        assert.equal(error?.code, 'invalid-input');
        assert.match(error.message, message);
      }
      raw.send('{"cancel":"never asked"}');
      raw.send('{"id":10,"method":"presets.list"}');
      assert.ok((await next(wrong.length + 2)).ok);

      const closed = new Promise<string>((resolve) => raw.onClose(resolve));
      raw.send(JSON.stringify({ id: 11, method: 'models.info', params: { ref: 'x'.repeat(30_000) } }));
      await closed;
      const client = await studio.connect();
      assert.ok((await client.call('models.list', {})).models.length >= 0, 'others are served as before');
    });

    it('exports, and leaves a file without a place for fetching', async (context) => {
      const studio = await testStudio(context, kind);
      const client = await studio.connect();
      const { project } = await client.call('project.create', {
        file: studio.path('export.inbetween'),
        document: tinyDocument({ length: 3 }),
      });
      const { job } = await client.call('export.start', { project, out: 'out/morph.gif', quality: 50 });
      const done = await over(client, job);
      assert.ok('output' in done && done.output !== null);
      assert.equal(done.output.out, studio.path('out/morph.gif'));
      assert.ok(existsSync(done.output.out));
      const peeked = await client.call('project.peek', { file: done.output.out });
      assert.equal(peeked.document.name, 'Tiny');
      await assert.rejects(
        client.call('export.start', { project, out: 'morph.avi' }),
        ofCode('invalid-input', /\.avi/),
      );
      await assert.rejects(
        client.call('export.start', { project, format: 'png' }),
        ofCode('invalid-input', /one file/),
      );
      const kept = await over(client, (await client.call('export.start', { project, format: 'gif' })).job);
      assert.ok('output' in kept && kept.output?.out === null && kept.output.name === 'Tiny.gif');
      assert.deepEqual(client.problems, []);
    });
  });
}

describe(
  'the embedded model over the contract',
  { skip: !existsSync(FLUENT_WORLD) && 'models/fluent-world is not here' },
  () => {
    it('is listed and renders a small picture with progress', async (context) => {
      const studio = await testStudio(context, 'in-process');
      const client = await studio.connect();
      const { models } = await client.call('models.list', {});
      assert.ok(models.some(({ name }) => name === 'fluent-world'));
      const info = await client.call('models.info', { ref: 'fluent-world' });
      const side = Math.max(64, info.sizeMultiple);
      const steps: number[] = [];
      const picture = await client.call(
        'image.render',
        { model: 'fluent-world', prompt: 'red cat', steps: 1, width: side, height: side },
        { onProgress: ({ done }) => void steps.push(done) },
      );
      assert.deepEqual([picture.width, picture.height], [side, side]);
      assert.ok(steps.length > 0);
      assert.ok(client.seen('engine.state').some((event) => event.state === 'opened'));
      assert.deepEqual(client.problems, []);
    });
  },
);
