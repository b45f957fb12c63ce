import { hashBytes } from '../../../src-shared/kernel/hash.ts';

/** Pictures that belong to no project: the newest ones, by the hash of their bytes. */
export interface MemoryBlobs {
  put(bytes: Uint8Array): string;
  get(id: string): Uint8Array | undefined;
}

export function createMemoryBlobs(maxCount = 64): MemoryBlobs {
  const blobs = new Map<string, Uint8Array>();
  return {
    put(bytes) {
      const id = hashBytes(bytes);
      blobs.delete(id);
      blobs.set(id, bytes);
      const oldest = blobs.keys().next().value;
      if (blobs.size > maxCount && oldest !== undefined) blobs.delete(oldest);
      return id;
    },
    get: (id) => blobs.get(id),
  };
}
