import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ONNX_FIXTURES, temporaryFolder } from '../../../test/support/model-fixtures.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { forkWith } from './child-process.ts';
import { describeMachine, type Machine } from './machine.ts';
import { compare } from './probe-provider.ts';
import { createProber } from './provider-prober.ts';
import {
  describeDecision,
  type ProbedModel,
  ProviderChooser,
  type ProviderProber,
  type ProviderVerdict,
  providerLadder,
} from './providers.ts';
import type { ProviderName } from './session-options.ts';

const MODEL: ProbedModel = {
  folder: join(ONNX_FIXTURES, 'tiny-sd'),
  fingerprint: 'tiny',
  files: { 'unet/config.json': '{"in_channels": 4, "cross_attention_dim": 8}' },
};
const LINUX: Machine = {
  platform: 'linux',
  arch: 'x64',
  hostname: 'test',
  cpu: 'cpu',
  gpus: [],
  physicalCores: 1,
};

function verdict(provider: ProviderName, change: Partial<ProviderVerdict> = {}): ProviderVerdict {
  const usable = {
    reason: null,
    anyModel: false,
    milliseconds: 1,
    cpuMilliseconds: 10,
    maxRelativeError: 1e-6,
  };
  return { provider, usable: true, ...usable, ...change };
}

/** A chooser whose drivers behave as told: what no machine at hand has. */
function chooserFor(t: TestContext, drivers: Partial<Record<ProviderName, ProviderVerdict>>) {
  const probed: ProviderName[] = [];
  const folder = temporaryFolder(t);
  let time = new Date('2026-01-01');
  const prober: ProviderProber = {
    async probe(provider) {
      probed.push(provider);
      return drivers[provider] ?? verdict(provider, { usable: false, reason: 'no card', anyModel: true });
    },
    close: () => undefined,
  };
  const make = () =>
    new ProviderChooser({ machine: LINUX, folder, createProber: () => prober, now: () => time });
  return {
    make,
    probed,
    folder,
    pass: (days: number) => (time = new Date(time.getTime() + days * 86_400_000)),
  };
}

test('every platform has a ladder that ends with the CPU', () => {
  assert.deepEqual(providerLadder('linux', 'x64'), ['cuda', 'webgpu', 'cpu']);
  assert.deepEqual(providerLadder('win32', 'x64'), ['webgpu', 'dml', 'cpu']);
  assert.deepEqual(providerLadder('darwin', 'arm64'), ['webgpu', 'coreml', 'cpu']);
  assert.deepEqual(providerLadder('freebsd', 'x64'), ['cpu']);
});

test('auto on this machine ends with a provider that works, and what failed says why', async (t) => {
  const machine = describeMachine();
  const chooser = new ProviderChooser({
    machine,
    folder: temporaryFolder(t),
    createProber: () =>
      createProber({ startChild: forkWith({ compileCache: null }), threads: machine.physicalCores }),
  });
  const decision = await chooser.choose('auto', MODEL);
  for (const attempt of decision.attempts) {
    assert.ok(attempt.usable || attempt.reason, `${attempt.provider} failed without a reason`);
  }
  const chosen = decision.attempts.find((attempt) => attempt.provider === decision.provider);
  assert.ok(decision.provider === 'cpu' || chosen?.usable);
  assert.match(describeDecision(decision), /^Rendering on /);
});

test('auto takes the first provider that computes right and faster than the CPU', async (t) => {
  const { make } = chooserFor(t, {
    cuda: verdict('cuda', { usable: false, reason: 'its unet differs from the CPU', maxRelativeError: 0.5 }),
    webgpu: verdict('webgpu'),
  });
  const decision = await make().choose('auto', MODEL);
  assert.equal(decision.provider, 'webgpu');
  assert.equal(decision.surprising, true);
  assert.equal(
    describeDecision(decision),
    'Rendering on webgpu (1.0 ms a call, CPU 10.0 ms); cuda: its unet differs from the CPU.',
  );
});

test('auto prefers the CPU to a graphics card that is emulated', async (t) => {
  const { make } = chooserFor(t, { webgpu: verdict('webgpu', { milliseconds: 50 }) });
  const decision = await make().choose('auto', MODEL);
  assert.equal(decision.provider, 'cpu');
  assert.match(
    describeDecision(decision),
    /webgpu: not faster than the CPU \(50\.0 ms a call, CPU 10\.0 ms\)/,
  );
});

test('verdicts are remembered; a failure for a week', async (t) => {
  const { make, probed, pass } = chooserFor(t, {});
  await make().choose('auto', MODEL);
  assert.deepEqual(probed, ['cuda', 'webgpu']);
  // There is no card whichever the model is.
  await make().choose('auto', { ...MODEL, fingerprint: 'another' });
  assert.equal(probed.length, 2);
  pass(8);
  await make().choose('auto', MODEL);
  assert.equal(probed.length, 4);
});

test('a verdict about one model does not speak for another', async (t) => {
  const { make, probed } = chooserFor(t, { cuda: verdict('cuda') });
  await make().choose('auto', MODEL);
  await make().choose('auto', MODEL);
  await make().choose('auto', { ...MODEL, fingerprint: 'another' });
  assert.deepEqual(probed, ['cuda', 'cuda']);
});

test('a provider that was asked for by name and fails is an error with its cause', async (t) => {
  const { make, probed } = chooserFor(t, {});
  const failing = { code: 'provider-failed', message: 'The execution provider cuda cannot be used: no card' };
  await assert.rejects(make().choose('cuda', MODEL), failing);
  // Whoever asks again has perhaps repaired it.
  await assert.rejects(make().choose('cuda', MODEL), failing);
  assert.equal(probed.length, 2);
});

test('a provider of another platform is refused with those of this one', async (t) => {
  const { make } = chooserFor(t, {});
  await assert.rejects(make().choose('dml', MODEL), {
    code: 'provider-failed',
    message:
      'The execution provider dml does not exist on linux x64. Accepted here: auto, cuda, webgpu, cpu.',
  });
});

test('a name that is no provider is an error of the input', async (t) => {
  const { make } = chooserFor(t, {});
  await assert.rejects(make().choose('gpu' as ProviderName, MODEL), {
    code: 'invalid-input',
    message: 'There is no execution provider "gpu". Accepted: auto, cpu, cuda, webgpu, dml, coreml.',
  });
});

test('the CPU is taken without trying anything', async (t) => {
  const { make, probed } = chooserFor(t, {});
  assert.deepEqual(await make().choose('cpu', MODEL), {
    requested: 'cpu',
    provider: 'cpu',
    attempts: [],
    surprising: false,
  });
  assert.deepEqual(probed, []);
});

test('a damaged memory is tried anew', async (t) => {
  const { make, probed, folder } = chooserFor(t, {});
  await make().choose('auto', MODEL);
  for (const file of readdirSync(folder)) writeFileSync(join(folder, file), '{"at":');
  await make().choose('auto', MODEL);
  assert.equal(probed.length, 4);
});

test('a driver that ends its process is a failed verdict, and the next one is still tried', async (t) => {
  const crashing = join(temporaryFolder(t), 'crash.mjs');
  writeFileSync(
    crashing,
    "process.on('message', () => { console.error('driver says no'); process.abort(); });",
  );
  const prober = createProber({ startChild: forkWith({ compileCache: null }), threads: 1, entry: crashing });
  for (const provider of ['cuda', 'webgpu'] as const) {
    const failed = await prober.probe(provider, MODEL);
    assert.equal(failed.usable, false);
    assert.match(failed.reason ?? '', /^the process that tried it was killed by SIGABRT/);
  }
  prober.close();
});

test('the CPU provider agrees with itself in the probe process', async () => {
  const prober = createProber({ startChild: forkWith({ compileCache: null }), threads: 1 });
  const result = await prober.probe('cpu', MODEL);
  prober.close();
  assert.equal(result.reason, null);
  assert.equal(result.maxRelativeError, 0);
  assert.ok((result.milliseconds ?? 0) > 0);
});

test('comparison is relative to the largest value and never passes NaN', () => {
  const of = (...values: number[]) => ({
    y: { type: 'float32', dims: [values.length], data: new Float32Array(values) } as const,
  });
  assert.equal(compare(of(10, 0), of(10, 1)), 0.1);
  assert.equal(compare(of(1, 2), of(1, NaN)), Infinity);
  assert.equal(compare(of(1, 2), of(1)), Infinity);
  assert.equal(compare(of(1), {}), Infinity);
});

test('an error of a provider is one an application can show', async (t) => {
  const { make } = chooserFor(t, {});
  const error = await make()
    .choose('webgpu', MODEL)
    .catch((caught: unknown) => caught);
  assert.ok(error instanceof AppError);
  assert.deepEqual(
    (error.data['attempts'] as ProviderVerdict[]).map(({ provider }) => provider),
    ['webgpu'],
  );
});
