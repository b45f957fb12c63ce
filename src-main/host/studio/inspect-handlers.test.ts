import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallContext } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parseDocument } from '../../../src-shared/model/document.ts';
import { testHost, tinyDocument } from '../../../test/support/studio.ts';
import { importDocument } from '../project.ts';
import { createInspections } from './inspect-handlers.ts';
import { createMachinePace } from './machine-pace.ts';
import { createOpenProjects } from './open-projects.ts';

const call = (client: string, signal = new AbortController().signal): CallContext => ({
  client,
  signal,
  progress: () => {},
});

test('of two inspections that windows start at the same moment one goes on, and the other lets the engine go', async (context) => {
  const { host, path, onEnd, folder } = testHost(context);
  const file = path('a.inbetween');
  await importDocument(parseDocument(tinyDocument()), folder, file, Date.now);
  let asked = 0;
  let running = 0;
  const both = Promise.withResolvers<void>();
  const counted: typeof host = {
    ...host,
    async inspectLoop(...args) {
      asked += 1;
      if (asked === 2) both.resolve();
      await both.promise;
      const loop = await host.inspectLoop(...args);
      running += 1;
      const { close } = loop;
      return Object.assign(loop, {
        close: async () => {
          await close();
          running -= 1;
        },
      });
    },
  };
  const projects = createOpenProjects(
    counted,
    () => {},
    createMachinePace(path('pace')),
    () => false,
  );
  onEnd(() => projects.close());
  const { id: project } = await projects.open(file, 'one');
  await projects.open(file, 'two');
  const inspections = createInspections(counted, projects);
  onEnd(() => inspections.close());

  const started = await Promise.allSettled(
    ['one', 'two'].map((client) =>
      inspections.handlers['inspect.start']({ project, frame: 0 }, call(client)),
    ),
  );
  const clients = ['one', 'two'].filter((_, i) => started[i]?.status === 'fulfilled');
  assert.deepEqual(clients.length, 1, JSON.stringify(started));
  for (const answer of started) {
    if (answer.status === 'rejected')
      assert.ok(
        answer.reason instanceof AppError && ['cancelled', 'invalid-input'].includes(answer.reason.code),
      );
    else {
      const { inspection } = answer.value;
      const told = await inspections.handlers['inspect.next'](
        { project, inspection },
        call(clients[0] as string),
      );
      assert.ok('step' in told);
    }
  }
  assert.equal(running, 1);
  await inspections.close();
  assert.equal(running, 0);
});
