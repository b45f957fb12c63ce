import { CLIP_LAYOUT, describeClip } from '../../engine/clip/description.ts';
import type { Family } from '../../engine/pipelines/family.ts';

/** What the check needs of whoever reads a folder. */
export interface FolderReader extends Pick<Family, 'layout'> {
  /** @throws {AppError} invalid-model */
  read(folder: Parameters<Family['read']>[0]): unknown;
}

/** Reads folders that make no pictures but compare them with words. */
export const CLIP_FOLDER: FolderReader = { layout: () => CLIP_LAYOUT, read: describeClip };
