import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeAbandoned } from './abandoned.ts';

let begun = 0;
/** Parts of this process that are being written: two windows may write to one name at the same time. */
const underWay = new Set<string>();
const PART = /^\.part-(\d+)\.\d+-(.*)$/s;

/**
 * A name beside `target` for what is not whole yet, which no other writer has. The ending stays: programs and people know
 * the format by it.
 */
function partBeside(target: string): string {
  begun += 1;
  return join(dirname(target), `.part-${process.pid}.${begun}-${basename(target)}`);
}

/**
 * Makes something beside `target` and renames it: the name shows the old file or the whole new one. Folders on the way
 * are made. Whatever fails, the part is removed and the error passed on.
 * @param write gets the part's path, at which nothing is; it may make a file or a folder there
 */
export async function replaceWhole<T>(target: string, write: (part: string) => Promise<T>): Promise<T> {
  const part = partBeside(target);
  underWay.add(part);
  try {
    await mkdir(dirname(target), { recursive: true });
    const result = await write(part);
    await rename(part, target);
    return result;
  } catch (error) {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  } finally {
    underWay.delete(part);
  }
}

/** Removes what writers of `target` have left that were killed. */
export async function removeAbandonedParts(target: string): Promise<void> {
  const writerOf = (name: string): number | undefined => {
    const [, pid, of] = PART.exec(name) ?? [];
    return of === basename(target) ? Number(pid) : undefined;
  };
  await removeAbandoned(dirname(target), writerOf, (path) => underWay.has(path));
}

/** {@link replaceWhole} for a text that is flushed to the disk before it takes the name. */
export async function writeWholeFile(target: string, text: string): Promise<void> {
  await replaceWhole(target, (part) => writeFile(part, text, { flush: true }));
}

/**
 * {@link writeWholeFile} for what is written while a process ends or before anything else runs.
 * @param mode permissions of the new file
 */
export function writeWholeFileSync(target: string, text: string, mode = 0o666): void {
  const part = partBeside(target);
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(part, text, { flush: true, mode });
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
