import { createFileHashes } from '../../src-main/host/models/fingerprint.ts';
import { type ReadModel, readModel } from '../../src-main/host/models/read-model.ts';
import { createEngine, type Engine, type EngineOptions } from '../../src-main/host/sessions/engine-client.ts';

const hashes = createFileHashes(null);

/** Reads a model folder as the host does; folders of the host's own know nothing of one another. */
export function loadModel(folder: string): Promise<ReadModel> {
  return readModel(folder, hashes);
}

/** A real engine in a process of its own, on one thread of the CPU and without a cache unless told otherwise. */
export function startEngine(options: Partial<EngineOptions> = {}): Engine {
  return createEngine({ loadModel, cacheFolder: null, provider: 'cpu', threads: 1, ...options });
}
