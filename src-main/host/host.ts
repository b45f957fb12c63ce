import { dirname, join } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import { type FrameSpec, frameKey, isOriginalSampler } from '../../src-shared/model/frame-spec.ts';
import { planGrid } from '../../src-shared/model/grid.ts';
import { type PlanContext, planFrame } from '../../src-shared/model/plan.ts';
import { renderOrder } from '../../src-shared/model/render-order.ts';
import { readFamilyModel } from '../engine/pipelines/families.ts';
import type { FamilyModel } from '../engine/pipelines/family.ts';
import type { ModelDescription } from '../engine/pipelines/model-description.ts';
import { framePictures } from '../engine/frame-pictures.ts';
import type { LearnedToken } from '../engine/embedding-files/read-embedding.ts';
import type { FrameResult, RgbImage, StepProgress } from '../engine/ports.ts';
import type { Tensor } from '../engine/tensor/tensor.ts';
import { bestStored, frameCacheOf, storedFrames, storedLatents } from './artifact-frames.ts';
import { createPresetLibrary, type PresetLibrary } from './export/custom-presets.ts';
import { estimateSize, previewFrame, type SizeEstimate } from './export/estimate.ts';
import { exportFrames } from './export/export-frames.ts';
import { type ChosenSettings, exportWithin } from './export/fit.ts';
import { nearestFrames } from './export/frame-sources.ts';
import { findFfmpeg } from './export/ffmpeg.ts';
import { exportGrid, type GridRequest } from './export/grid.ts';
import type { ExportFormat, ExportHooks, ExportRequest, ExportSummary } from './export/types.ts';
import { createLoopInspection, type LoopInspection } from './inspect/loop-inspection.ts';
import type { KeepPicture } from './inspect/views.ts';
import { checkModel, type Inspection, type ModelProblem } from './models/check.ts';
import { discoverModels, type InstalledModel, type ModelRoot } from './models/discover.ts';
import { modelFacts, type PartFacts } from './models/facts.ts';
import { EMBEDDINGS_FOLDER, readEmbeddings, type StoredEmbedding } from './models/embeddings.ts';
import { createFileHashes } from './models/fingerprint.ts';
import { importModel, type ImportedModel } from './models/import.ts';
import { type ReadModel, readModel } from './models/read-model.ts';
import { resolveModel } from './models/resolve.ts';
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
import { discardFetch, fetchModel, type PartialFetch, partialFetches } from './models/fetch.ts';
import { modelBytes, removeModel, renameModel } from './models/manage.ts';
import type { ProviderChoice, ProviderDecision } from './sessions/providers.ts';
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

/** A model folder that has been read; what planning and the engine need to know of it. */
export interface HostModel extends ReadModel {
  readonly description: ModelDescription;
  readonly family: FamilyModel;
  /** Learned words that prompts for it can use. */
  readonly embeddings: readonly StoredEmbedding[];
}

export interface ImportHooks {
  readonly signal?: AbortSignal;
  /** Bytes copied so far and altogether. */
  onProgress?(copied: number, total: number): void;
}

export interface FrameRange {
  /** First and last frame, both included. */
  readonly from: number;
  readonly to: number;
}

/** What whoever shows the host's state wants to know. */
export type HostEvent =
  | { readonly type: 'engine'; readonly event: EngineEvent }
  | { readonly type: 'note'; readonly message: string };

/** The studio without a window: projects, models, rendering and export. */
export interface Host {
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
  readonly models: {
    list(): Promise<readonly InstalledModel[]>;
    /**
     * `ref` is an installed name, or a folder relative to `cwd`.
     * @throws {AppError} not-found listing what is installed, invalid-model
     */
    load(ref: string, cwd: string): Promise<HostModel>;
    /** The parts of a model by their numbers: parameters, layers, widths. */
    facts(ref: string, cwd: string): Promise<readonly PartFacts[]>;
    /** Learned words that prompts can use: everyone's, and with `ref` those beside that model too. */
    embeddings(ref: string | undefined, cwd: string): Promise<readonly StoredEmbedding[]>;
    /** Everything that is missing or wrong; with errors among it, the model cannot be used. */
    check(ref: string, cwd: string): Promise<readonly ModelProblem[]>;
    import(folder: string, name: string | undefined, hooks?: ImportHooks): Promise<ImportedModel>;
    /** From the Hugging Face hub: "owner/name". Goes on where an earlier attempt ended. */
    fetch(repo: string, name: string | undefined, hooks?: ImportHooks): Promise<ImportedModel>;
    /** Downloads that were begun and not ended. */
    partialFetches(): Promise<readonly PartialFetch[]>;
    discardFetch(repo: string): Promise<void>;
    rename(name: string, to: string): Promise<InstalledModel>;
    remove(name: string): Promise<void>;
    /** Bytes of its files. */
    bytes(folder: string): Promise<number>;
    /**
     * Where the model is computed and what was tried for it; takes seconds when something has to be tried.
     * @throws {AppError} provider-failed when one was asked for by name that cannot be used
     */
    provider(folder: string): Promise<ProviderDecision>;
  };
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
  /**
   * For asking before minutes of rendering whether the format can be written here.
   * @throws {AppError} ffmpeg-missing
   */
  requireWriter(format: ExportFormat): void;
  /** Writes frames that {@link renderRange} has made. */
  exportRange(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<ExportRequest, 'source' | 'ffmpeg' | 'threads'> & {
      /** Frames that are not there are rendered (default), or are drafts, or look like the nearest that is. */
      readonly missing?: 'render' | 'nearest';
    },
    hooks?: ExportHooks,
  ): Promise<ExportSummary & { readonly chosen?: ChosenSettings }>;
  /**
   * What the export would have in bytes, by trial encodes of frames that are there, and how the frame `preview` (of
   * the timeline) comes out; null where none is there. A frame without its final picture is judged by its draft;
   * `drafts` counts those.
   */
  estimateRange(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<ExportRequest, 'source' | 'ffmpeg' | 'threads' | 'out'> & { readonly preview?: number },
    hooks?: Pick<ExportHooks, 'signal' | 'onProgress'>,
  ): Promise<{
    readonly estimate: (SizeEstimate & { readonly drafts: number }) | null;
    readonly preview: { readonly before: Uint8Array; readonly after: Uint8Array } | null;
  }>;
  exportGrid(
    project: Project,
    model: HostModel,
    request: Omit<GridRequest, 'source' | 'rows' | 'columns'>,
    hooks?: ExportHooks,
  ): ReturnType<typeof exportGrid>;
  /** All frames of a range as one sheet. */
  exportContactSheet(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<GridRequest, 'source' | 'rows'> & { readonly missing?: 'render' | 'nearest' },
    hooks?: ExportHooks,
  ): ReturnType<typeof exportGrid>;
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
  const hashes = createFileHashes(join(paths.cache, 'file-hashes.json'));
  const modelRoots: readonly ModelRoot[] = [
    { origin: 'embedded', folder: paths.bundledModels },
    { origin: 'user', folder: paths.userModels },
  ];
  const read = new Map<string, Promise<ReadModel>>();
  const readOnce = (folder: string): Promise<ReadModel> => {
    let reading = read.get(folder);
    if (reading === undefined) {
      reading = readModel(folder, hashes);
      read.set(folder, reading);
      reading.catch(() => read.delete(folder));
    }
    return reading;
  };
  const settings = openSettings(paths.settings);
  if (settings.problem !== null) options.onNote?.(settings.problem);
  const own = overridden(options);
  const chosen = (): HostSettings => ({ ...settings.value, ...own });
  const lease = createEngineLease((): Engine => {
    const { provider, threads, memoryBytes } = chosen();
    const engine = createEngine({
      loadModel: readOnce,
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
  const inspect = (folder: string, components: readonly string[]): Promise<Inspection> =>
    lease.use((engine) => engine.inspect(folder, components));
  const ffmpeg = (): string => {
    const setting = chosen().ffmpeg;
    return findFfmpeg({
      platform: options.platform,
      ...(setting === null ? {} : { setting }),
      ...(options.path === undefined ? {} : { path: options.path }),
    });
  };
  const sounds = createSounds({ cacheFolder: join(paths.cache, 'sounds'), ffmpeg });
  const threads = (): number => chosen().threads ?? 0;
  const sharedCache = join(paths.cache, 'frames.inbetween');
  const projectOptions = (): OpenProjectOptions => ({
    clock,
    sharedCache,
    maxCacheBytes: chosen().cacheBytes ?? DEFAULT_CACHE_BYTES,
    onNote: note,
  });
  const installing = (name: string | undefined, hooks: ImportHooks) => ({
    roots: modelRoots,
    inspect,
    ...hooks,
    ...(name === undefined ? {} : { name }),
  });
  /** Files of a model are about to be moved: nobody may hold them open or remember them. */
  const letGoOf = async (name: string): Promise<void> => {
    const model = (await discoverModels(modelRoots)).find((each) => each.name === name);
    if (model !== undefined) read.delete(model.folder);
    await lease.replace();
  };

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
  const learnedWords = (model: string | null): Promise<StoredEmbedding[]> =>
    readEmbeddings({
      files: options.embeddingFiles ?? [],
      folders: [...(model === null ? [] : [join(model, EMBEDDINGS_FOLDER)]), paths.embeddings],
      onNote: note,
    });
  const renderJob: Host['renderJob'] = (project, model, units, hooks) => {
    for (const { spec } of units) checkSize(model, spec);
    return createRenderJob(portsOf(project, model), units, hooks);
  };
  const framesOf = (project: Project, model: HostModel, specs: readonly FrameSpec[]) =>
    storedFrames(project.cache, specs, async (spec) => {
      await createRenderJob(portsOf(project, model), [{ index: 0, spec }]).run();
    });
  const asTheyAre = (project: Project, model: HostModel, specs: readonly FrameSpec[]) => {
    const best = bestStored(project.cache, project.document, specs);
    const frames = framesOf(
      project,
      model,
      best.map((spec, at) => spec ?? (specs[at] as FrameSpec)),
    );
    return nearestFrames(
      frames,
      best.map((spec) => spec !== null),
    );
  };
  const specsOf = (project: Project, model: HostModel, range: FrameRange | undefined): FrameSpec[] => {
    const { from, to } = rangeOf(project.document, range);
    const context = contextOf(project, model);
    return Array.from({ length: to - from + 1 }, (_, i) => planFrame(project.document, from + i, context));
  };

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
      read: async (ref, cwd) => readOnce(await resolveModel(ref, modelRoots, cwd)),
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
    models: {
      list: () => discoverModels(modelRoots),
      load: async (ref, cwd) => {
        const model = await readOnce(await resolveModel(ref, modelRoots, cwd));
        const family = readFamilyModel(model);
        const embeddings = await learnedWords(model.folder);
        return { ...model, family, description: family.description, embeddings };
      },
      facts: async (ref, cwd) => modelFacts(await resolveModel(ref, modelRoots, cwd)),
      embeddings: async (ref, cwd) =>
        learnedWords(ref === undefined ? null : await resolveModel(ref, modelRoots, cwd)),
      check: async (ref, cwd) => checkModel(await resolveModel(ref, modelRoots, cwd), { inspect }),
      import: (folder, name, hooks = {}) => importModel(folder, installing(name, hooks)),
      fetch: (repo, name, hooks = {}) =>
        fetchModel(repo, {
          ...installing(name, hooks),
          hub: chosen().hub,
          token: options.hubToken,
        }),
      partialFetches: () => partialFetches(paths.userModels),
      discardFetch: (repo) => discardFetch(paths.userModels, chosen().hub, repo),
      rename: async (name, to) => {
        await letGoOf(name);
        return renameModel(name, to, modelRoots);
      },
      remove: async (name) => {
        await letGoOf(name);
        await removeModel(name, modelRoots);
      },
      bytes: modelBytes,
      provider: (folder) => lease.use((engine) => engine.provider(folder)),
    },
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
    requireWriter: (format) => {
      if (format !== 'png') ffmpeg();
    },
    exportRange: async (project, model, range, { missing, maxBytes, ...request }, hooks) => {
      const specs = specsOf(project, model, range);
      const source =
        missing === 'nearest' ? asTheyAre(project, model, specs) : framesOf(project, model, specs);
      const path = request.format === 'png' ? '' : ffmpeg();
      return sounds.withTrack(project, filmOf(project, range, request, hooks?.onNote), (track) => {
        const whole = { ...request, ...track, source, ffmpeg: path, threads: threads() };
        return maxBytes === undefined ? exportFrames(whole, hooks) : exportWithin(whole, maxBytes, hooks);
      });
    },
    estimateRange: async (project, model, range, { preview, ...request }, hooks = {}) => {
      const specs = specsOf(project, model, range);
      const best = bestStored(project.cache, project.document, specs);
      const isThere = best.map((spec) => spec !== null);
      const drafts = best.filter((spec, i) => spec !== null && spec !== specs[i]).length;
      const path = request.format === 'png' ? '' : ffmpeg();
      const source = framesOf(
        project,
        model,
        best.map((spec, i) => spec ?? (specs[i] as FrameSpec)),
      );
      const at = Math.max(0, (preview ?? 0) - (range?.from ?? 0));
      const shown = isThere[at] === true ? at : isThere.indexOf(true);
      return sounds.withTrack(project, filmOf(project, range, request), async (track) => {
        const whole = { ...request, ...track, source, ffmpeg: path, threads: threads() };
        const shownAs =
          preview === undefined || shown < 0 ? null : await previewFrame(whole, shown, isThere, hooks.signal);
        const estimate = await estimateSize(whole, isThere, hooks);
        return { preview: shownAs, estimate: estimate === null ? null : { ...estimate, drafts } };
      });
    },
    exportGrid: async (project, model, request, hooks) => {
      const { rows, cols, cells } = planGrid(project.document, contextOf(project, model));
      return exportGrid({ ...request, source: framesOf(project, model, cells), rows, columns: cols }, hooks);
    },
    exportContactSheet: async (project, model, range, { missing, ...request }, hooks) => {
      const specs = specsOf(project, model, range);
      const source =
        missing === 'nearest' ? asTheyAre(project, model, specs) : framesOf(project, model, specs);
      const columns = Math.min(request.columns, source.count);
      return exportGrid({ ...request, source, columns, rows: Math.ceil(source.count / columns) }, hooks);
    },
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

/** The learned words that a frame uses, for the engine. */
function learnedFor(model: HostModel, { text }: FrameSpec): Record<string, LearnedToken> {
  const used = new Set(text.embeddings?.map(({ file }) => file));
  return Object.fromEntries(
    model.embeddings
      .filter(({ file }) => used.has(file))
      .map(({ file, token, vectors }) => [file, { token, vectors }]),
  );
}

/** What the sound of an export follows. */
function filmOf(
  project: Project,
  range: FrameRange | undefined,
  { format, playback }: Pick<ExportRequest, 'format' | 'playback'>,
  onNote?: (message: string) => void,
): Parameters<Sounds['withTrack']>[1] {
  return { format, fps: playback.fps, firstFrame: rangeOf(project.document, range).from, onNote };
}

/** What planning needs to know of the model. */
export function contextOf(project: Pick<Project, 'assetKeys'>, model: HostModel): PlanContext {
  return {
    fingerprint: model.fingerprint,
    defaults: model.description.defaults,
    assetKeys: project.assetKeys,
    embeddings: model.embeddings,
  };
}

/** The cells of the project's grid in the order to compute them: corners first, they tell whether it is worth its time. */
export function gridUnits(project: Project, model: HostModel): RenderUnit[] {
  const { rows, cols, cells } = planGrid(project.document, contextOf(project, model));
  const order = new Set([0, cols - 1, (rows - 1) * cols, rows * cols - 1, ...cells.keys()]);
  return [...order].map((index) => ({ index, spec: cells[index] as FrameSpec }));
}

/**
 * The frames that are meant: all of them when no range is given.
 * @throws {AppError} invalid-input naming the range and the frames there are
 */
export function rangeOf(document: ProjectDocument, range: FrameRange | undefined): FrameRange {
  const count = frameCount(document);
  if (count === 0) {
    throw new AppError(
      'invalid-document',
      'The project has no keyframes on its timeline, so there is nothing to render.',
    );
  }
  if (range === undefined) return { from: 0, to: count - 1 };
  const { from, to } = range;
  if (from > to || to >= count) {
    throw new AppError(
      'invalid-input',
      `Frames ${from}-${to} are asked for; the project has frames 0-${count - 1}.`,
    );
  }
  return range;
}

/**
 * What an edit has left of a range that was meant for another document; null where nothing of it is left.
 * @param range all frames where it is undefined
 */
export function remainingRange(document: ProjectDocument, range: FrameRange | undefined): FrameRange | null {
  const last = frameCount(document) - 1;
  const { from, to } = range ?? { from: 0, to: last };
  return from > last ? null : { from, to: Math.min(to, last) };
}

function checkSize(model: HostModel, { width, height, sampler }: FrameSpec): void {
  const { sizeMultiple, family } = model.description;
  if (width % sizeMultiple === 0 && height % sizeMultiple === 0) return;
  // The original samplers round sizes up and crop; elsewhere their names are refused by the engine.
  if (family === 'kandinsky' && isOriginalSampler(sampler.scheduler)) return;
  throw new AppError(
    'invalid-input',
    `The size is ${width} x ${height}; this model takes multiples of ${sizeMultiple} pixels (its own size is ${model.description.nativeSize.width} x ${model.description.nativeSize.height}).`,
  );
}
