import type { Json } from '../../../src-shared/kernel/canonical-json.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

const ARTIFACT_KINDS = ['embedding', 'latents', 'frame'] as const;
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];

/** A computed result under its content key (see frameKey, latentsKey, embeddingKey). */
export interface ArtifactInput {
  readonly kind: ArtifactKind;
  readonly key: string;
  readonly bytes: Uint8Array;
  /** For example `image/png`. */
  readonly mediaType: string;
  /** Whatever the writer wants to know when reading. */
  readonly meta?: Json;
  /** What it cost to compute. */
  readonly costMs?: number;
}

export interface Artifact {
  readonly kind: ArtifactKind;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly meta: Json;
  readonly costMs: number;
  readonly created: number;
}

export interface AssetInput {
  readonly mediaType: string;
  /** The name of the file it was imported from, for display. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export interface AssetInfo {
  /** Content hash: the asset's name in documents. */
  readonly sha256: string;
  readonly mediaType: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Bytes. */
  readonly size: number;
}

export interface Asset extends AssetInfo {
  readonly bytes: Uint8Array;
}

export interface StoredDocument {
  /** Counts the saves, from 1. */
  readonly revision: number;
  readonly json: string;
}

/** A step that can be undone: the store keeps its diff and does not read it. */
export interface HistoryInput {
  /** What the user did, as shown in the menu. */
  readonly label: string;
  /** The command's code; '' by default. */
  readonly code?: string;
  /** JSON text. */
  readonly diff: string;
}

export interface HistoryEntry {
  readonly position: number;
  readonly label: string;
  readonly code: string;
  readonly diff: string;
  /** The document's revision that the step made. */
  readonly revision: number;
}

export interface StoredHistory {
  readonly entries: readonly HistoryEntry[];
  /** Position of the newest step in effect: entries up to it can be undone, later ones redone. 0 = none. */
  readonly cursor: number;
}

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface Usage {
  readonly embeddings: Amount;
  readonly latents: Amount;
  readonly frames: Amount;
  readonly assets: Amount;
  /** Size of the file, its write-ahead log included. */
  readonly fileBytes: number;
  /** Part of it that is free for new content. */
  readonly freeBytes: number;
}

export interface Problem {
  readonly code:
    | 'structure'
    | 'document'
    | 'history'
    | 'asset'
    | 'artifact-size'
    | 'artifact-content'
    | 'artifact-picture'
    | 'orphan'
    | 'unreadable';
  /** Names the row. */
  readonly message: string;
}

export interface EvictOptions {
  /** The artifacts may take this much afterwards. */
  readonly maxBytes: number;
  /** Keys, of any kind, that stay whatever happens. */
  readonly keepKeys?: ReadonlySet<string>;
  /** Only artifacts of these kinds are dropped. */
  readonly kinds?: readonly ArtifactKind[];
}

/** The part of a store that is a cache: for a project and for the shared cache of JSON projects alike. */
export interface ArtifactStore {
  readonly file: string;
  /**
   * Stores everything or nothing, in one transaction: give a frame, its latents and the embeddings that were new
   * for it together. What is there under the same key is replaced.
   */
  putArtifacts(list: readonly ArtifactInput[]): void;
  /**
   * Notes the use. Bytes that no longer have the hash they were stored with are dropped and `undefined` returned:
   * a caller that was told of a key by {@link hasArtifacts} must be ready for that.
   */
  getArtifact(kind: ArtifactKind, key: string): Artifact | undefined;
  /** The keys among `keys` that are stored. */
  hasArtifacts(kind: ArtifactKind, keys: Iterable<string>): Set<string>;
  /** Notes that artifacts were useful without being read. Written with the next put, or when the store is closed. */
  touchArtifacts(kind: ArtifactKind, keys: Iterable<string>): void;
  usage(): Usage;
  /**
   * Drops the least recently used artifacts until the rest fits: first latents (their frames are there), then
   * embeddings (cheap to compute again), frames last.
   */
  evict(options: EvictOptions): Amount;
  /** Reads everything; an empty list means that the file is sound. */
  verify(): Problem[];
  /** @returns false when side files (`-wal`) had to stay beside the file: see Connection.close. */
  close(): boolean;
}
