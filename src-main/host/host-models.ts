import { join } from 'node:path';
import { readFamilyModel } from '../engine/pipelines/families.ts';
import type { FamilyModel } from '../engine/pipelines/family.ts';
import type { ModelDescription } from '../engine/pipelines/model-description.ts';
import type { EngineLease } from './engine-lease.ts';
import { checkModel, type Inspection, type ModelProblem } from './models/check.ts';
import { discoverModels, type InstalledModel, type ModelRoot } from './models/discover.ts';
import { EMBEDDINGS_FOLDER, readEmbeddings, type StoredEmbedding } from './models/embeddings.ts';
import { modelFacts, type PartFacts } from './models/facts.ts';
import { discardFetch, fetchModel, type PartialFetch, partialFetches } from './models/fetch.ts';
import { createFileHashes } from './models/fingerprint.ts';
import { importModel, type ImportedModel } from './models/import.ts';
import { modelBytes, removeModel, renameModel } from './models/manage.ts';
import { type ReadModel, readModel } from './models/read-model.ts';
import { resolveModel } from './models/resolve.ts';
import type { HostPaths } from './paths.ts';
import type { ProviderDecision } from './sessions/providers.ts';

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

/** The models that are installed, and those that could be. */
export interface HostModels {
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
}

/** Model folders, each read once; whoever moves one says so. */
export interface ModelReader {
  once(folder: string): Promise<ReadModel>;
  forget(folder: string): void;
}

export function createModelReader(cacheFolder: string): ModelReader {
  const hashes = createFileHashes(join(cacheFolder, 'file-hashes.json'));
  const read = new Map<string, Promise<ReadModel>>();
  return {
    once(folder) {
      let reading = read.get(folder);
      if (reading === undefined) {
        reading = readModel(folder, hashes);
        read.set(folder, reading);
        reading.catch(() => read.delete(folder));
      }
      return reading;
    },
    forget: (folder) => void read.delete(folder),
  };
}

export interface HostModelsOptions {
  readonly paths: HostPaths;
  readonly roots: readonly ModelRoot[];
  readonly reader: ModelReader;
  readonly lease: EngineLease;
  /** Files of textual inversion besides those in the model's and the user's folders. */
  readonly embeddingFiles: readonly string[];
  /** Address of the hub, as it is set at the moment. */
  hub(): string;
  readonly hubToken: string | undefined;
  readonly onNote: (message: string) => void;
}

export function createHostModels(options: HostModelsOptions): HostModels {
  const { paths, roots, reader, lease } = options;
  const folderOf = (ref: string, cwd: string): Promise<string> => resolveModel(ref, roots, cwd);
  const inspect = (folder: string, components: readonly string[]): Promise<Inspection> =>
    lease.use((engine) => engine.inspect(folder, components));
  const installing = (name: string | undefined, hooks: ImportHooks) => ({
    roots,
    inspect,
    ...hooks,
    ...(name === undefined ? {} : { name }),
  });
  /** Files of a model are about to be moved: nobody may hold them open or remember them. */
  const letGoOf = async (name: string): Promise<void> => {
    const model = (await discoverModels(roots)).find((each) => each.name === name);
    if (model !== undefined) reader.forget(model.folder);
    await lease.replace();
  };
  const learnedWords = (model: string | null): Promise<StoredEmbedding[]> =>
    readEmbeddings({
      files: options.embeddingFiles,
      folders: [...(model === null ? [] : [join(model, EMBEDDINGS_FOLDER)]), paths.embeddings],
      onNote: options.onNote,
    });
  return {
    list: () => discoverModels(roots),
    load: async (ref, cwd) => {
      const model = await reader.once(await folderOf(ref, cwd));
      const family = readFamilyModel(model);
      const embeddings = await learnedWords(model.folder);
      return { ...model, family, description: family.description, embeddings };
    },
    facts: async (ref, cwd) => modelFacts(await folderOf(ref, cwd)),
    embeddings: async (ref, cwd) => learnedWords(ref === undefined ? null : await folderOf(ref, cwd)),
    check: async (ref, cwd) => checkModel(await folderOf(ref, cwd), { inspect }),
    import: (folder, name, hooks = {}) => importModel(folder, installing(name, hooks)),
    fetch: (repo, name, hooks = {}) =>
      fetchModel(repo, {
        ...installing(name, hooks),
        hub: options.hub(),
        token: options.hubToken,
      }),
    partialFetches: () => partialFetches(paths.userModels),
    discardFetch: (repo) => discardFetch(paths.userModels, options.hub(), repo),
    rename: async (name, to) => {
      await letGoOf(name);
      return renameModel(name, to, roots);
    },
    remove: async (name) => {
      await letGoOf(name);
      await removeModel(name, roots);
    },
    bytes: modelBytes,
    provider: (folder) => lease.use((engine) => engine.provider(folder)),
  };
}
