import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import type { ClipEmbeddings } from '../../engine/clip/clip.ts';
import type { Observation } from '../../engine/observe-frame.ts';
import type { FrameRequest, FrameResult, RgbImage, StepPreview, StepProgress } from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { type BackOff, ENGINE_BACK_OFF } from './back-off.ts';
import { entryPath, forkWith, type StartChild } from './child-process.ts';
import type { EngineEvent } from './engine-events.ts';
import { EngineSupervisor, type EngineTask } from './engine-supervisor.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { LoadedModel, ModelInspection } from './protocol.ts';
import { createProber } from './provider-prober.ts';
import { componentPath } from './session-pool.ts';
import {
  describeDecision,
  ProviderChooser,
  type ProviderChoice,
  type ProviderDecision,
} from './providers.ts';

export type { EngineEvent } from './engine-events.ts';

export interface EngineOptions {
  /** Texts and fingerprint of a model folder; asked for before every frame, so it should remember. */
  readonly loadModel: (folder: string) => Promise<LoadedModel>;
  /** Optimised graphs and provider verdicts are kept below it; null keeps nothing. */
  readonly cacheFolder: string | null;
  readonly provider?: ProviderChoice;
  /** Threads of one operator; default: physical cores. */
  readonly threads?: number;
  /** Estimated bytes of all open sessions; default: 8 GiB. */
  readonly memoryBytes?: number;
  /** How long a cancelled frame may take to stop before its process is killed; default 2000 ms. */
  readonly cancelGraceMs?: number;
  readonly backOff?: BackOff;
  /** Children leave the processor to others first: the way of a studio, whose window must stay quick. */
  readonly inBackground?: boolean;
  /** How a child is started; default: Node's fork. */
  readonly startChild?: StartChild;
  /** Entry files of the children, where a bundler moved them. */
  readonly entries?: { readonly engine: string; readonly probe: string };
  readonly machine?: Machine;
}

export interface RenderOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: StepProgress) => void;
  /** Small pictures of the first frame while it comes about, at most some fifteen a second. */
  readonly onPreview?: (preview: StepPreview) => void;
}

/** Renders frames in a process of its own, one at a time and in the order of the calls. */
export interface Engine {
  /**
   * @throws {AppError} cancelled; engine-failed (with `data.retryable`) when the process died; provider-failed;
   * whatever the engine says about the model and the request.
   */
  render(modelFolder: string, request: FrameRequest, options?: RenderOptions): Promise<FrameResult>;
  /**
   * Several frames in one model batch, which a GPU gains from. They must be equal in size, scheduler settings,
   * strength and in whether guidance is active.
   * @throws {AppError} as {@link render}; internal for frames that cannot share a batch.
   */
  renderBatch(
    modelFolder: string,
    requests: readonly FrameRequest[],
    options?: RenderOptions,
  ): Promise<readonly FrameResult[]>;
  /**
   * One frame and everything inside its loop, an observation at a time: the loop stands still between two of them, and
   * other frames are rendered meanwhile. Breaking off ends it. The frame is the one that {@link render} makes.
   * @throws {AppError} as {@link render}; engine-failed when the process has died since the observation before.
   */
  observe(modelFolder: string, request: FrameRequest, signal?: AbortSignal): AsyncGenerator<Observation>;
  /** Any latents [1, C, h, w] as the model's decoder paints them. */
  decode(modelFolder: string, latents: Tensor, signal?: AbortSignal): Promise<RgbImage>;
  /** Texts and pictures through the encoders of a CLIP folder. */
  embed(
    modelFolder: string,
    texts: readonly string[],
    pictures: readonly RgbImage[],
    signal?: AbortSignal,
  ): Promise<ClipEmbeddings>;
  /** Inputs and outputs of components (default: of all that have a graph), or why one cannot be opened. */
  inspect(modelFolder: string, components?: readonly string[]): Promise<ModelInspection>;
  /** The provider that the model runs on, and what was tried for it. */
  provider(modelFolder: string): Promise<ProviderDecision>;
  /** Closes all sessions, so that files can be replaced and memory is free. */
  releaseSessions(): Promise<void>;
  /** Process id of the running engine process, if there is one. */
  readonly pid: number | undefined;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Ends the process; what is pending fails as cancelled. */
  dispose(): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  return new EngineClient(options);
}

class EngineClient implements Engine {
  readonly #options: EngineOptions;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #supervisor: EngineSupervisor;
  readonly #chooser: ProviderChooser;
  readonly #decisions = new Map<string, Promise<ProviderDecision>>();
  #observations = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    const machine = options.machine ?? describeMachine();
    const inCache = (name: string): string | null =>
      options.cacheFolder === null ? null : join(options.cacheFolder, name);
    const startChild =
      options.startChild ??
      forkWith({ compileCache: inCache('compiled'), inBackground: options.inBackground ?? false });
    const threads = options.threads ?? machine.physicalCores;
    this.#chooser = new ProviderChooser({
      machine,
      folder: inCache('providers'),
      createProber: () => createProber({ startChild, threads, entry: options.entries?.probe }),
    });
    this.#supervisor = new EngineSupervisor({
      startChild,
      entry: options.entries?.engine ?? entryPath('engine-process.ts', import.meta.url),
      backOff: options.backOff ?? ENGINE_BACK_OFF,
      cancelGraceMs: options.cancelGraceMs ?? 2000,
      settings: {
        threads,
        memoryBytes: options.memoryBytes ?? 8 * 1024 ** 3,
        graphCacheFolder: inCache('graphs'),
        cpu: machine.cpu,
      },
      emit: (event) => this.#emit(event),
    });
  }

  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  async render(modelFolder: string, request: FrameRequest, options?: RenderOptions): Promise<FrameResult> {
    const [result] = await this.renderBatch(modelFolder, [request], options);
    if (!result) throw new AppError('internal', 'The engine process returned no frame.');
    return result;
  }

  async renderBatch(
    modelFolder: string,
    requests: readonly FrameRequest[],
    { signal, onStep, onPreview }: RenderOptions = {},
  ): Promise<readonly FrameResult[]> {
    throwIfCancelled(signal, 'The frame');
    const model = await this.#modelFor(modelFolder, requests);
    const { provider } = await this.#decide(model);
    const result = await this.#supervisor.submit({
      what: 'The frame',
      model,
      message: (id) => ({
        type: 'render',
        id,
        folder: model.folder,
        provider,
        requests,
        previews: onPreview !== undefined,
      }),
      ...(signal ? { signal } : {}),
      ...(onStep ? { onStep } : {}),
      ...(onPreview ? { onPreview } : {}),
    });
    return result as readonly FrameResult[];
  }

  async *observe(
    modelFolder: string,
    request: FrameRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<Observation> {
    throwIfCancelled(signal, 'The inspection');
    const model = await this.#modelFor(modelFolder, [request]);
    const { provider } = await this.#decide(model);
    this.#observations += 1;
    const observation = `o${this.#observations}`;
    const task = {
      what: 'The inspection',
      model,
      isUrgent: true,
      ...(signal === undefined ? {} : { signal }),
    };
    const take = async (message: EngineTask['message']) =>
      (await this.#supervisor.submit({ ...task, message })) as Observation;
    let isOver = false;
    try {
      let told = await take((id) => ({
        type: 'observe',
        id,
        observation,
        folder: model.folder,
        provider,
        request,
      }));
      for (;;) {
        isOver = told.kind === 'finished';
        yield told;
        if (isOver) return;
        told = await take((id) => ({ type: 'observeNext', id, observation }));
      }
    } catch (error) {
      isOver = true;
      throw error;
    } finally {
      if (!isOver && this.pid !== undefined) {
        await this.#supervisor.submit({
          what: 'The inspection',
          isUrgent: true,
          message: (id) => ({ type: 'observeEnd', id, observation }),
        });
      }
    }
  }

  async decode(modelFolder: string, latents: Tensor, signal?: AbortSignal): Promise<RgbImage> {
    const model = await this.#options.loadModel(resolve(modelFolder));
    const { provider } = await this.#decide(model);
    const result = await this.#supervisor.submit({
      what: 'The decoding',
      model,
      isUrgent: true,
      message: (id) => ({ type: 'decode', id, folder: model.folder, provider, latents }),
      ...(signal === undefined ? {} : { signal }),
    });
    return result as RgbImage;
  }

  async embed(
    modelFolder: string,
    texts: readonly string[],
    pictures: readonly RgbImage[],
    signal?: AbortSignal,
  ): Promise<ClipEmbeddings> {
    const model = await this.#options.loadModel(resolve(modelFolder));
    const { provider } = await this.#decide(model);
    const result = await this.#supervisor.submit({
      what: 'The comparison',
      model,
      isUrgent: true,
      message: (id) => ({ type: 'embed', id, folder: model.folder, provider, texts, pictures }),
      ...(signal === undefined ? {} : { signal }),
    });
    return result as ClipEmbeddings;
  }

  async inspect(modelFolder: string, wanted?: readonly string[]): Promise<ModelInspection> {
    const folder = resolve(modelFolder);
    const components = wanted ?? (await componentsIn(folder));
    const result = await this.#supervisor.submit({
      what: 'The inspection',
      message: (id) => ({ type: 'inspect', id, folder, components }),
    });
    return result as ModelInspection;
  }

  async provider(modelFolder: string): Promise<ProviderDecision> {
    return this.#decide(await this.#options.loadModel(resolve(modelFolder)));
  }

  async releaseSessions(): Promise<void> {
    if (this.pid === undefined) return;
    await this.#supervisor.submit({ what: 'The release', message: (id) => ({ type: 'release', id }) });
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): Promise<void> {
    return this.#supervisor.dispose();
  }

  /** @throws {AppError} invalid-model when frames were planned for other files than the folder has now */
  async #modelFor(modelFolder: string, requests: readonly FrameRequest[]): Promise<LoadedModel> {
    const model = await this.#options.loadModel(resolve(modelFolder));
    for (const { spec } of requests) {
      if (spec.model === model.fingerprint) continue;
      throw new AppError(
        'invalid-model',
        `The model folder ${model.folder} has the fingerprint ${model.fingerprint}, but the frame was planned for ${spec.model}: the folder's files have changed since.`,
      );
    }
    return model;
  }

  #decide(model: LoadedModel): Promise<ProviderDecision> {
    let decision = this.#decisions.get(model.fingerprint);
    if (!decision) {
      decision = this.#chooser.choose(this.#options.provider ?? 'auto', model).then((made) => {
        this.#emit({ type: 'note', code: 'provider', message: describeDecision(made), decision: made });
        return made;
      });
      this.#decisions.set(model.fingerprint, decision);
      // A failure is not kept: the next frame tries again, after a driver was repaired for instance.
      decision.catch(() => this.#decisions.delete(model.fingerprint));
    }
    return decision;
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Folders of a model folder that hold a graph. */
async function componentsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((name) => existsSync(componentPath(folder, name))).sort();
}
