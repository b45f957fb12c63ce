import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { fileName } from '../../../src-shared/model/file-name.ts';
import { removeAbandoned } from '../../files/abandoned.ts';
import { replaceWhole } from '../../files/whole-file.ts';
import { freeFile } from './free-file.ts';

export interface ReceivedFiles {
  /**
   * @throws {AppError} invalid-input for a name whose ending nothing here opens; storage-failed; what is wrong with a
   * project that cannot be opened. Nothing of it is kept then.
   */
  receive(name: string, content: Readable): Promise<{ readonly file: string }>;
  /** Drops what was kept for the time that the host runs. */
  close(): Promise<void>;
}

const ACCEPTED = ['.inbetween', '.json', '.gif', '.mp4', '.webm', '.webp', '.png', '.jpg', '.jpeg'];

/**
 * Files that windows on other machines send: projects join the others, the rest is kept while the host runs.
 * @param check opens a project and closes it again; throws where it cannot be opened
 */
export function createReceivedFiles(
  projectsFolder: () => string,
  check: (file: string) => Promise<void>,
): ReceivedFiles {
  let root: Promise<string> | undefined;
  return {
    async receive(name, content) {
      const ending = extname(name).toLowerCase();
      if (!ACCEPTED.includes(ending)) {
        throw new AppError(
          'invalid-input',
          `${JSON.stringify(name)} cannot be opened; accepted are files that end in ${ACCEPTED.join(' ')}.`,
        );
      }
      const plain = fileName(basename(name, extname(name)));
      root ??= makeRoot();
      const kept = join(await mkdtemp(join(await root, 'file-')), `${plain}${ending}`);
      try {
        await pipeline(content, createWriteStream(kept, { flags: 'wx' }));
        if (ending !== '.inbetween') return { file: kept };
        // Not among the others before it is known to be one of them.
        await check(kept);
        const file = await freeFile(projectsFolder(), plain);
        await moveFile(kept, file);
        return { file };
      } catch (error) {
        await rm(dirname(kept), { recursive: true, force: true });
        if (error instanceof AppError) {
          // Where it was kept is nothing that the sender knows.
          const message = error.message.replaceAll(kept, name);
          throw new AppError(error.code, message, { data: { ...error.data, file: name }, cause: error });
        }
        throw new AppError('storage-failed', `${name} did not arrive: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
    async close() {
      if (root !== undefined) await rm(await root, { recursive: true, force: true });
    },
  };
}

/** A folder of this process; those of hosts that were killed are removed. */
async function makeRoot(): Promise<string> {
  await removeAbandoned(tmpdir(), (entry) => {
    const pid = /^inbetween-received-(\d+)-/.exec(entry)?.[1];
    return pid === undefined ? undefined : Number(pid);
  });
  return realpath(await mkdtemp(join(tmpdir(), `inbetween-received-${process.pid}-`)));
}

/** By a rename where both are on one disk; else by a copy that appears whole. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await replaceWhole(to, (part) => copyFile(from, part)).finally(() => rm(from, { force: true }));
  }
}
