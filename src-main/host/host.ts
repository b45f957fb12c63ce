import { dirname, join } from 'node:path';
import { frameCount } from '../../src-shared/model/document-types.ts';
import type { FrameSpec } from '../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import { renderOrder } from '../../src-shared/model/render-order.ts';
import { framePictures } from '../engine/frame-pictures.ts';
import type { FrameResult, RgbImage, StepProgress } from '../engine/ports.ts';
import type { Tensor } from '../engine/tensor/tensor.ts';
import { frameCacheOf, storedFrames, storedLatents } from './artifact-frames.ts';
import { createPresetLibrary, type PresetLibrary } from './export/custom-presets.ts';
import { findFfmpeg } from './export/ffmpeg.ts';
import { createLoopInspection, type LoopInspection } from './inspect/loop-inspection.ts';
import type { KeepPicture } from './inspect/views.ts';
import { discoverModels, type ModelRoot } from './models/discover.ts';
import { resolveModel } from './models/resolve.ts';
import { createHostExports, type HostExports } from './host-exports.ts';
import { createHostModels, createModelReader, type HostModel, type HostModels } from './host-models.ts';
import { checkSize, contextOf, type FrameRange, gridUnits, learnedFor, rangeOf } from './project-frames.ts';
import type { HostPaths } from './paths.ts';
import { createMatching, type Matching } from './matching.ts';
import { createSounds, type Sounds } from './sounds.ts';
import { openProject, type OpenProjectOptions, type Project } from './project.ts';
import {
  createRenderJob,
  type RenderJob,
  type RenderJobHooks,
  type RenderSummary,
  type RenderUnit,
} from './render/render-job.ts';
import type { RenderPorts } from './render/ports.ts';
import { createEngine, type Engine, type EngineEvent } from './sessions/engine-client.ts';
import { type CacheKeeper, createCacheKeeper } from './cache-keeper.ts';
import { createEngineLease } from './engine-lease.ts';
import type { ProviderChoice } from './sessions/providers.ts';
import { openSettings } from './settings/settings-file.ts';
import { overridden, type SettingsState } from './settings/settings-state.ts';
import type { HostSettings } from '../../src-shared/contract/settings.ts';

export interface HostOptions {
  readonly paths: HostPaths;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly platform: NodeJS.Platform;
  readonly provider?: ProviderChoice;
  readonly threads?: number;
  /** The engine leaves the processor to others first, so that windows stay quick. */
  readonly inBackground?: boolean;
  /** Memory for open sessions. */
  readonly memoryBytes?: number;
  /** The most the shared cache of JSON projects may hold. */
  readonly maxCacheBytes?: number;
  /** Files of textual inversion besides those in the model's and the user's folders; `TOKEN=FILE` renames one. */
  readonly embeddingFiles?: readonly string[];
  /** ffmpeg that the user set, and the PATH to look for one. */
  readonly ffmpeg?: string;
  readonly path?: string;
  /** Address of the hub that models are fetched from. */
  readonly hub?: string;
  /** A key for private and gated repositories of the hub. */
  readonly hubToken?: string;
  /** Told in plain words what the user should know. */
  readonly onNote?: (message: string) => void;
  readonly onEngineEvent?: (event: EngineEvent) => void;
}

/** What whoever shows the host's state wants to know. */
export type HostEvent =
  | { readonly type: 'engine'; readonly event: EngineEvent }
  | { readonly type: 'note'; readonly message: string };

/** The studio without a window: projects, models, rendering and export. */
export interface Host extends HostExports {
  /** Where new projects go that were given no place. */
  readonly projectsFolder: string;
  /** Things that can be deleted at any time. */
  readonly cacheFolder: string;
  /** Choices that outlive the process; those of flags and of the environment go before them. */
  readonly settings: {
    get(): SettingsState;
    /**
     * In effect at once: what computes is started anew when it has to be.
     * @throws {AppError} project-newer for a file that belongs to a newer version; read-only, disk-full
     */
    set(patch: Partial<HostSettings>): SettingsState;
  };
  /** Ways to export: the product's and the user's. */
  readonly presets: PresetLibrary;
  /** Space that the shared caches take. */
  readonly caches: CacheKeeper;
  /** Where the studio keeps what it remembers on its own. */
  readonly dataFolder: string;
  readonly models: HostModels;
  readonly sounds: Sounds;
  /** Pictures compared with words. */
  readonly matching: Matching;
  openProject(file: string, options?: { readonly?: boolean }): Promise<Project>;
  /**
   * A job over frames that were planned already, in their order; it starts when it is run.
   * @throws {AppError} invalid-input for a size that the model does not take
   */
  renderJob(
    project: Project,
    model: HostModel,
    units: readonly RenderUnit[],
    hooks?: RenderJobHooks,
  ): RenderJob;
  /** Renders what the cache lacks. */
  renderRange(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    hooks?: RenderJobHooks,
  ): Promise<RenderSummary>;
  renderGrid(project: Project, model: HostModel, hooks?: RenderJobHooks): Promise<RenderSummary>;
  /** One picture that is not kept in any cache. */
  renderImage(
    model: HostModel,
    spec: FrameSpec,
    assets: Readonly<Record<string, RgbImage>>,
    hooks?: {
      signal?: AbortSignal;
      onStep?(progress: StepProgress): void;
      /** Pictures as they are: those that are conditions. */
      wholeAssets?: Readonly<Record<string, RgbImage>>;
    },
  ): Promise<FrameResult>;
  /** One frame's diffusion loop, held between its steps; nothing is stored. */
  inspectLoop(
    project: Project,
    model: HostModel,
    frame: { readonly index: number; readonly spec: FrameSpec },
    keep: KeepPicture,
    signal?: AbortSignal,
  ): Promise<LoopInspection>;
  /** Latents [1, C, h, w] as the model's decoder paints them. */
  decodeLatents(model: HostModel, latents: Tensor, signal?: AbortSignal): Promise<RgbImage>;
  /** Events and notes, besides those who were named when the host was made. Returns the function that ends it. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  dispose(): Promise<void>;
}

/** Frames a GPU computes at once: measured gains level off near here, and memory for more is not everybody's. */
const GPU_BATCH = 4;
const DEFAULT_CACHE_BYTES = 8 * 1024 ** 3;

/** Wires the folders of the host together; the only place where they meet. */
export function createHost(options: HostOptions): Host {
  const { paths, clock } = options;
  const listeners = new Set<(event: HostEvent) => void>();
  const tell = (event: HostEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const note = (message: string): void => {
    options.onNote?.(message);
    tell({ type: 'note', message });
  };
  const modelRoots: readonly ModelRoot[] = [
    { origin: 'embedded', folder: paths.bundledModels },
    { origin: 'user', folder: paths.userModels },
  ];
  const reader = createModelReader(paths.cache);
  const settings = openSettings(paths.settings);
  if (settings.problem !== null) options.onNote?.(settings.problem);
  const own = overridden(options);
  const chosen = (): HostSettings => ({ ...settings.value, ...own });
  const lease = createEngineLease((): Engine => {
    const { provider, threads, memoryBytes } = chosen();
    const engine = createEngine({
      loadModel: reader.once,
      cacheFolder: paths.cache,
      inBackground: options.inBackground ?? false,
      provider,
      ...(threads === null ? {} : { threads }),
      ...(memoryBytes === null ? {} : { memoryBytes }),
    });
    engine.subscribe((event) => {
      options.onEngineEvent?.(event);
      tell({ type: 'engine', event });
    });
    return engine;
  });
  const ffmpeg = (): string => {
    const setting = chosen().ffmpeg;
    return findFfmpeg({
      platform: options.platform,
      ...(setting === null ? {} : { setting }),
      ...(options.path === undefined ? {} : { path: options.path }),
    });
  };
  const sounds = createSounds({ cacheFolder: join(paths.cache, 'sounds'), ffmpeg });
  const sharedCache = join(paths.cache, 'frames.inbetween');
  const projectOptions = (): OpenProjectOptions => ({
    clock,
    sharedCache,
    maxCacheBytes: chosen().cacheBytes ?? DEFAULT_CACHE_BYTES,
    onNote: note,
  });
  const portsOf = (project: Project, model: HostModel): RenderPorts => ({
    cache: frameCacheOf(project.cache),
    engine: {
      batchSize: async () =>
        (await lease.use((engine) => engine.provider(model.folder))).provider === 'cpu' ? 1 : GPU_BATCH,
      batchKey: (spec) => model.family.batchKey(spec),
      encodingKeys: (spec) => model.family.encodingKeys(spec),
      render: (requests, hooks) => {
        const complete = requests.map((request) => ({
          ...request,
          learned: learnedFor(model, request.spec),
        }));
        return lease.use((engine) => engine.renderBatch(model.folder, complete, hooks));
      },
    },
    asset: project.asset,
    clock,
  });
  const renderJob: Host['renderJob'] = (project, model, units, hooks) => {
    for (const { spec } of units) checkSize(model, spec);
    return createRenderJob(portsOf(project, model), units, hooks);
  };
  const framesOf = (project: Project, model: HostModel, specs: readonly FrameSpec[]) =>
    storedFrames(project.cache, specs, async (spec) => {
      await createRenderJob(portsOf(project, model), [{ index: 0, spec }]).run();
    });
  const models = createHostModels({
    paths,
    roots: modelRoots,
    reader,
    lease,
    embeddingFiles: options.embeddingFiles ?? [],
    hub: () => chosen().hub,
    hubToken: options.hubToken,
    onNote: note,
  });
  const hostExports = createHostExports({ framesOf, sounds, ffmpeg, threads: () => chosen().threads ?? 0 });
  const settingsState = (): SettingsState => ({
    path: settings.path,
    value: chosen(),
    fixed: Object.keys(own) as (keyof HostSettings)[],
    problem: settings.problem,
    defaults: { projectsFolder: paths.projects },
  });

  return {
    get projectsFolder() {
      return chosen().projectsFolder ?? paths.projects;
    },
    cacheFolder: paths.cache,
    settings: {
      get: () => settingsState(),
      set(patch) {
        const before = chosen();
        settings.set(patch);
        const after = chosen();
        const isOther = (['provider', 'threads', 'memoryBytes'] as const).some(
          (name) => before[name] !== after[name],
        );
        if (isOther) void lease.replace();
        return settingsState();
      },
    },
    sounds,
    matching: createMatching({
      installed: () => discoverModels(modelRoots),
      read: async (ref, cwd) => reader.once(await resolveModel(ref, modelRoots, cwd)),
      embed: (folder, texts, pictures, signal) =>
        lease.use((engine) => engine.embed(folder, texts, pictures, signal)),
      onNote: note,
    }),
    presets: createPresetLibrary(paths.presets),
    caches: createCacheKeeper({
      clock,
      folder: paths.cache,
      sharedCache,
      releaseGraphs: () => lease.replace(),
    }),
    dataFolder: dirname(paths.userModels),
    models,
    openProject: (file, { readonly = false } = {}) => openProject(file, { ...projectOptions(), readonly }),
    renderJob,
    async renderRange(project, model, range, hooks) {
      const { document } = project;
      const { from, to } = rangeOf(document, range);
      const context = contextOf(project, model);
      const keyframes = document.keyframes.map((keyframe) => keyframe.frame);
      const units = [...renderOrder(frameCount(document), { keyframes, range: { from, to } })].map(
        (frame) => ({
          index: frame,
          spec: planFrame(document, frame, context),
        }),
      );
      return renderJob(project, model, units, hooks).run();
    },
    renderGrid: async (project, model, hooks) =>
      renderJob(project, model, gridUnits(project, model), hooks).run(),
    ...hostExports,
    renderImage: async (model, spec, assets, { wholeAssets = {}, ...hooks } = {}) => {
      checkSize(model, spec);
      return lease.use((engine) =>
        engine.render(
          model.folder,
          { spec, embeddings: {}, assets, wholeAssets, learned: learnedFor(model, spec) },
          hooks,
        ),
      );
    },
    async inspectLoop(project, model, { index, spec }, keep, signal) {
      checkSize(model, spec);
      const pictures = await framePictures(spec, project.asset);
      const observations = lease.stream((engine) =>
        engine.observe(
          model.folder,
          { spec, embeddings: {}, ...pictures, learned: learnedFor(model, spec) },
          signal,
        ),
      );
      const stored = () => storedLatents(project.cache, spec);
      return createLoopInspection({ frame: index, spec, observations, keep, stored });
    },
    decodeLatents: (model, latents, signal) =>
      lease.use((engine) => engine.decode(model.folder, latents, signal)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    dispose: async () => {
      await lease.dispose();
    },
  };
}
