import type { Readable } from 'node:stream';

/** What is served beside messages; made by whoever has the pictures. */
export interface HttpContent {
  /**
   * A picture by blob id, or its thumbnail of a given width. Undefined when there is none (any more).
   */
  blob(id: string, width: number | undefined): Promise<{ bytes: Uint8Array; mediaType: string } | undefined>;
  /** Imports an uploaded picture into an open project; answers with what the contract says of it. */
  addAsset(project: string, name: string, bytes: Uint8Array): Promise<object>;
  /** Keeps an uploaded file; answers with its path on the host. */
  receive(name: string, content: Readable): Promise<{ file: string }>;
  /** The file that an export job has left for fetching. */
  download(job: string): { file: string; name: string; mediaType: string } | undefined;
}
