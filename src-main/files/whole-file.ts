import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let begun = 0;

/**
 * A name beside `target` for what is not whole yet, which no other writer has. The ending stays: programs and people know
 * the format by it.
 */
export function partBeside(target: string): string {
  begun += 1;
  return join(dirname(target), `.part-${process.pid}.${begun}-${basename(target)}`);
}

/** Whose a part is and what it was to become, by the name that {@link partBeside} gave it; undefined for other names. */
export function readPartName(
  name: string,
): { readonly process: number; readonly target: string } | undefined {
  const [, process, target] = /^\.part-(\d+)\.\d+-(.*)$/s.exec(name) ?? [];
  return target === undefined ? undefined : { process: Number(process), target };
}

/**
 * Fills a file beside `target` and renames it: the name shows the old file or the whole new one. Folders on the way are
 * made. Whatever fails, the part is removed and the error passed on.
 * @param write gets the part's path
 */
export async function replaceWhole(target: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = partBeside(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await write(part);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
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
