import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEngine } from '../../test/support/model-engine.ts';
import { tinyModel } from '../../test/support/model-fixtures.ts';
import { createEngineLease } from './engine-lease.ts';
import type { Engine } from './sessions/engine-client.ts';

/** Some systems neither delete nor rename files that a process has open. */
test('an engine that nobody uses has ended, and its files are free, when another takes its place', async (context) => {
  const folder = tinyModel(context);
  const lease = createEngineLease(() => startEngine());
  context.after(() => lease.dispose());
  const pidAfterWork = (engine: Engine) => engine.inspect(folder).then(() => engine.pid as number);
  const first = await lease.use(pidAfterWork);
  process.kill(first, 0);
  await lease.replace();
  assert.throws(() => process.kill(first, 0), { code: 'ESRCH' });
  assert.notEqual(await lease.use(pidAfterWork), first);
});
