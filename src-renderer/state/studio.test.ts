import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import '../../test/support/runes.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { type TestClient, testStudio, type TestStudio, tinyDocument } from '../../test/support/studio.ts';

const { Inspector } = await import('./inspector.svelte.ts');
const { Studio } = await import('./studio.svelte.ts');

/** What a window knows, connected to a host that has projects of these documents; `projects` are held open there. */
async function openWindow(
  context: TestContext,
  ...documents: readonly Readonly<Record<string, unknown>>[]
): Promise<{
  window: InstanceType<typeof Studio>;
  /** Another client of the host, which has the projects open. */
  other: TestClient;
  /** From now on the window hears nothing from its host. */
  deafen: () => void;
  /** Breaks the window's connection, as a host that dies does. */
  disconnect: () => void;
  projects: readonly { readonly project: string; readonly file: string }[];
}> {
  const host: TestStudio = await testStudio(context, 'in-process');
  // Not the first run, which would open an example.
  mkdirSync(host.path('projects'));
  const other = await host.connect();
  const projects: { project: string; file: string }[] = [];
  for (const [i, members] of documents.entries()) {
    const file = host.path(`${i}.inbetween`);
    projects.push(await other.call('project.create', { file, document: tinyDocument(members) }));
  }
  const storage = { getItem: () => '{"autoRender":false}', setItem: () => {} };
  let isOver = false;
  // A window looks for its host again and again; after the test there is none to be found.
  let transport: Transport | undefined;
  let isDeaf = false;
  const open = async (): Promise<Transport> => {
    if (isOver) return new Promise<never>(() => {});
    const raw = await host.connectRaw();
    transport = raw;
    isDeaf = false;
    return { ...raw, onMessage: (listener) => raw.onMessage((message) => !isDeaf && listener(message)) };
  };
  host.onEnd(async () => void (isOver = true));
  const window = new Studio(open, storage);
  await window.connection.connect();
  return {
    window,
    other,
    deafen: () => void (isDeaf = true),
    disconnect: () => transport?.close(),
    projects,
  };
}

test('of two projects that are opened at once the later one shows, and the host may close the other', async (context) => {
  const { window, projects } = await openWindow(context, { name: 'First' }, { name: 'Second' });
  const [first, second] = projects as [(typeof projects)[0], (typeof projects)[0]];
  const opened = await Promise.all([window.open(first.file), window.open(second.file)]);
  assert.deepEqual(opened, [false, true]);
  assert.deepEqual([window.project?.document.name, window.opening], ['Second', '']);
  await assert.rejects(window.client.call('project.document', { project: first.project }), {
    code: 'not-found',
  });

  assert.deepEqual(await Promise.all([window.open(first.file), window.open(first.file)]), [false, true]);
  const { document } = await window.client.call('project.document', { project: first.project });
  assert.equal(document.name, 'First');
});

test('edits that the connection broke under are made once when it is back', async (context) => {
  const { window, other, deafen, disconnect, projects } = await openWindow(context, { length: 9 });
  const { file, project } = projects[0] as (typeof projects)[0];
  await window.open(file);
  const insert = (frames: number): void => window.project?.edit([{ type: 'rippleInsert', at: 2, frames }]);

  deafen();
  insert(5);
  // The host has made it, the window does not know.
  await other.event('project.changed');
  insert(7);
  disconnect();
  insert(9);
  assert.deepEqual([window.project?.document.length, window.project?.isSaved], [30, false]);

  await window.connection.connect();
  await window.open(file);
  await window.project?.sent();
  assert.deepEqual([window.project?.document.length, window.project?.isSaved], [30, true]);
  assert.equal((await other.call('project.document', { project })).document.length, 30);
});

test('a take that is rendered shows only where the playhead still is', async (context) => {
  const { window, projects } = await openWindow(context, { takes: [{ frame: 0, seed: 7 }] });
  await window.open(projects[0]?.file as string);
  const looking = window.takes.look(0);
  window.player.seek(3, 7);
  await looking;
  assert.equal(window.takes.looking, null);
  window.player.seek(0, 7);
  await window.takes.look(0);
  assert.equal(window.takes.looking, 0);
});

test('an inspection that is begun twice in a row is begun once', async (context) => {
  const { window, projects } = await openWindow(context, {});
  await window.open(projects[0]?.file as string);
  const inspector = new Inspector(() => window.client, window.project?.id as string, 0);
  await Promise.all([inspector.begin(), inspector.begin()]);
  assert.deepEqual([inspector.phase, inspector.problem, inspector.total], ['paused', '', 3]);
  await inspector.begin();
  assert.deepEqual([inspector.phase, inspector.problem], ['paused', '']);
  await inspector.close();
});
