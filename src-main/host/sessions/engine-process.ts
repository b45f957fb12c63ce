import nodeModule from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clip, createClip } from '../../engine/clip/clip.ts';
import type { RenderHooks, SessionSource } from '../../engine/ports.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { GraphCache } from './graph-cache.ts';
import { createObservations } from './observations.ts';
import { openModel, type OpenModel } from './open-model.ts';
import { openOrtSession } from './ort-session.ts';
import { connectToParent } from './parent-port.ts';
import {
  type ComponentInspection,
  type EngineSettings,
  type FromEngine,
  type LoadedModel,
  type ModelInspection,
  type ToEngine,
  toWire,
} from './protocol.ts';
import { plainReason } from './plain-reason.ts';
import { inspectionOptions, type ProviderName } from './session-options.ts';
import { componentPath, SessionPool } from './session-pool.ts';

/*
 * Entry of the engine process: holds the ONNX sessions and renders frames for the host that forked it. A native call
 * blocks this process and nobody else; a native crash costs the frame in flight and nobody else.
 */

const parent = connectToParent();
const send = (message: FromEngine): void => parent.send(message);

let settings: EngineSettings | undefined;
let pool: SessionPool | undefined;
const models = new Map<string, LoadedModel>();
const opened = new Map<string, OpenModel>();
const clips = new Map<string, Clip>();
const running = new Map<number, AbortController>();
const observations = createObservations();

parent.onMessage((message) => handle(message as ToEngine));
send({ type: 'ready' });

function handle(message: ToEngine): void {
  switch (message.type) {
    case 'configure':
      settings = message.settings;
      return;
    case 'model':
      models.set(message.model.folder, message.model);
      return;
    case 'cancel':
      running.get(message.id)?.abort();
      return;
    case 'render':
      void answer(message.id, (signal) => render(message, signal));
      return;
    case 'inspect':
      void answer(message.id, () => inspect(message.folder, message.components));
      return;
    case 'observe':
      void answer(message.id, (signal) =>
        observations.start(message.observation, openedModel(message), message.request, signal),
      );
      return;
    case 'observeNext':
      void answer(message.id, (signal) => observations.next(message.observation, signal));
      return;
    case 'observeEnd':
      void answer(message.id, () => observations.end(message.observation));
      return;
    case 'decode':
      void answer(message.id, () => openedModel(message).decode(message.latents));
      return;
    case 'embed':
      void answer(message.id, (signal) => embed(message, signal));
      return;
    case 'release':
      void answer(message.id, async () => {
        await pool?.releaseAll();
        return null;
      });
  }
}

async function answer(
  id: number,
  work: (signal: AbortSignal) => Promise<Extract<FromEngine, { type: 'done' }>['result']>,
): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    send({ type: 'done', id, result: await work(abort.signal) });
  } catch (error) {
    send({ type: 'failed', id, error: toWire(error) });
  } finally {
    running.delete(id);
    keepCompiledCode();
  }
}

let compiledCodeKept = false;

/** Node writes compiled code at its exit; this process is ended by a signal and would never get there. */
function keepCompiledCode(): void {
  if (compiledCodeKept) return;
  compiledCodeKept = true;
  nodeModule.flushCompileCache();
}

function openedModel(message: Wanted): OpenModel {
  return openedOnce(opened, message, openModel);
}

interface Wanted {
  readonly folder: string;
  readonly provider: ProviderName;
}

/** What was made of a model folder before, or is now. */
function openedOnce<Value>(
  kept: Map<string, Value>,
  { folder, provider }: Wanted,
  open: (model: LoadedModel, sessions: SessionSource) => Value,
): Value {
  const model = models.get(folder);
  if (!model) throw new AppError('internal', `The engine process was not told about ${folder}.`);
  const key = `${model.fingerprint}|${provider}|${folder}`;
  let value = kept.get(key);
  if (value === undefined) {
    const { threads } = settingsNow();
    value = open(model, poolNow().source(model.folder, model.fingerprint, { provider, threads }));
    kept.set(key, value);
  }
  return value;
}

async function render(message: Extract<ToEngine, { type: 'render' }>, signal: AbortSignal) {
  const frames = openedModel(message);
  const { id } = message;
  const hooks: RenderHooks = {
    signal,
    onStep: (progress) => send({ type: 'step', id, ...progress }),
    // Messages are read between turns of the event loop: this is where a cancel arrives.
    yield: () => nextTurn(),
  };
  if (!message.previews) return frames.render(message.requests, hooks);
  return frames.render(message.requests, hooks, (preview) => send({ type: 'preview', id, ...preview }));
}

async function embed(message: Extract<ToEngine, { type: 'embed' }>, signal: AbortSignal) {
  const clip = openedOnce(clips, message, ({ files }, sessions) => createClip(sessions, files));
  return clip.embed(message.texts, message.pictures, { signal, yield: () => nextTurn() });
}

async function inspect(folder: string, components: readonly string[]): Promise<ModelInspection> {
  const found: Record<string, ComponentInspection> = {};
  for (const component of components) {
    try {
      const session = await openOrtSession(componentPath(folder, component), inspectionOptions());
      found[component] = { inputs: session.inputs, outputs: session.outputs };
      await session.release();
    } catch (error) {
      found[component] = { error: plainReason(error) };
    }
  }
  return found;
}

function settingsNow(): EngineSettings {
  if (!settings) throw new AppError('internal', 'The engine process was not configured.');
  return settings;
}

function poolNow(): SessionPool {
  if (pool) return pool;
  const { memoryBytes, graphCacheFolder, cpu } = settingsNow();
  pool = new SessionPool({
    memoryBytes,
    ...(graphCacheFolder === null ? {} : { cache: new GraphCache({ folder: graphCacheFolder, cpu }) }),
    onOpened: (session) => send({ type: 'opened', opened: session }),
  });
  return pool;
}
