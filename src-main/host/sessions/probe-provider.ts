import { existsSync } from 'node:fs';
import { unpackFloat16 } from '../../engine/pipelines/float16.ts';
import type { PortTensor } from '../../engine/ports.ts';
import { openOrtSession, type OwnedSession } from './ort-session.ts';
import { plainReason } from './plain-reason.ts';
import { probeFeeds } from './probe-feeds.ts';
import type { ProbedModel, ProviderVerdict } from './providers.ts';
import { type ProviderName, sessionOptions } from './session-options.ts';
import { componentPath } from './session-pool.ts';

/** y = x + x on four float32 values: the least that makes a provider start its device. */
const TINY_GRAPH = 'CAg6NQoOCgF4CgF4EgF5IgNBZGQSAXBaDwoBeBIKCggIARIECgIIBGIPCgF5EgoKCAgBEgQKAggEQgQKABAN';

/** Room for float16 arithmetic and for fused kernels, and far below what an artist would see. */
const MAX_RELATIVE_ERROR = 2e-2;

/** The component whose result counts most comes first. */
const PROBED_COMPONENTS = ['unet', 'text_encoder', 'vae_decoder'];

/**
 * Runs a tiny graph and then one component on the provider and on the CPU, and compares. May end the process: call it
 * in a process of its own.
 */
export async function probeProvider(
  provider: ProviderName,
  threads: number,
  model: ProbedModel,
): Promise<ProviderVerdict> {
  const failed = (reason: string, anyModel: boolean): ProviderVerdict => ({
    provider,
    usable: false,
    reason,
    anyModel,
    milliseconds: null,
    cpuMilliseconds: null,
    maxRelativeError: null,
  });
  try {
    await runTinyGraph(provider, threads);
  } catch (error) {
    return failed(plainReason(error), true);
  }
  const component = PROBED_COMPONENTS.find((name) => existsSync(componentPath(model.folder, name)));
  if (!component) return failed(`the model folder ${model.folder} has no component to try it with`, false);
  const path = componentPath(model.folder, component);
  let cpu: TimedRun;
  try {
    cpu = await timedRun(await openOrtSession(path, sessionOptions({ provider: 'cpu', threads })), model);
  } catch (error) {
    return failed(`its results could not be compared with the CPU's: ${plainReason(error)}`, false);
  }
  try {
    const run = await timedRun(await openOrtSession(path, sessionOptions({ provider, threads })), model);
    const maxRelativeError = compare(cpu.outputs, run.outputs);
    const usable = maxRelativeError < MAX_RELATIVE_ERROR;
    return {
      provider,
      usable,
      reason: usable
        ? null
        : `its ${component} differs from the CPU's by ${maxRelativeError.toPrecision(2)} (allowed: ${MAX_RELATIVE_ERROR})`,
      anyModel: false,
      milliseconds: run.milliseconds,
      cpuMilliseconds: cpu.milliseconds,
      maxRelativeError,
    };
  } catch (error) {
    return failed(`${component}: ${plainReason(error)}`, false);
  }
}

async function runTinyGraph(provider: ProviderName, threads: number): Promise<void> {
  const bytes = Buffer.from(TINY_GRAPH, 'base64');
  const session = await openOrtSession(bytes, sessionOptions({ provider, threads }));
  const { y } = await session.run({
    x: { type: 'float32', dims: [4], data: new Float32Array([1, 2, 3, 4]) },
  });
  await session.release();
  const values = [...(y?.data as Float32Array)].join(',');
  if (values !== '2,4,6,8') throw new Error(`1,2,3,4 doubled gave ${values}`);
}

interface TimedRun {
  readonly outputs: Record<string, PortTensor>;
  readonly milliseconds: number;
}

/** The first call compiles shaders and grows memory, so the second one is timed. */
async function timedRun(session: OwnedSession, model: ProbedModel): Promise<TimedRun> {
  try {
    const feeds = probeFeeds(session.inputs, model.files);
    await session.run(feeds);
    const started = performance.now();
    const outputs = await session.run(feeds);
    return { outputs, milliseconds: performance.now() - started };
  } finally {
    await session.release();
  }
}

/** Largest difference over all float outputs, relative to the reference's largest value; Infinity for NaN. */
export function compare(
  reference: Readonly<Record<string, PortTensor>>,
  actual: Readonly<Record<string, PortTensor>>,
): number {
  let worst = 0;
  for (const [name, tensor] of Object.entries(reference)) {
    const data = floatsOf(tensor);
    if (!data) continue;
    const other = floatsOf(actual[name]);
    if (!other || other.length !== data.length) return Infinity;
    let peak = 1e-12;
    let difference = 0;
    for (let i = 0; i < data.length; i += 1) {
      const gap = Math.abs((data[i] ?? 0) - (other[i] ?? 0));
      if (Number.isNaN(gap)) return Infinity;
      peak = Math.max(peak, Math.abs(data[i] ?? 0));
      difference = Math.max(difference, gap);
    }
    worst = Math.max(worst, difference / peak);
  }
  return worst;
}

function floatsOf(tensor: PortTensor | undefined): Float32Array | Float64Array | undefined {
  if (tensor?.data instanceof Uint16Array) return unpackFloat16(tensor.data);
  return tensor?.data instanceof Float32Array || tensor?.data instanceof Float64Array
    ? tensor.data
    : undefined;
}
