import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContractEvent } from '../../../src-shared/contract/events.ts';
import { createJobs } from './jobs.ts';

const OUTCOME = { total: 1, rendered: 1, cached: 0, failed: 0, output: null };

test('a job is over, and can be waited for, when what comes after it fails', async () => {
  const told: ContractEvent[] = [];
  const faults: unknown[] = [];
  const fault = new Error('nothing can be written');
  const jobs = createJobs((event) => void told.push(event), {
    clock: Date.now,
    onEnd() {
      throw fault;
    },
    onFault: (error) => void faults.push(error),
  });
  const job = jobs.start({ project: 'p1', kind: 'render', revision: 1, range: null }, () =>
    Promise.resolve(OUTCOME),
  );
  // Waiting for it is what a window does that starts the next one.
  await jobs.cancel(job);
  assert.deepEqual(jobs.list(), []);
  assert.deepEqual(faults, [fault]);
  assert.deepEqual(
    told.map(({ event }) => event),
    ['job.started', 'job.done'],
  );
});
