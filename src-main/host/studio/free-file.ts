import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';

/**
 * A file of the projects' folder that nobody has: "NAME.inbetween", "NAME 2.inbetween" and so on.
 * @throws {AppError} storage-failed when the folder cannot be made
 */
export async function freeFile(folder: string, name: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new AppError(
      'storage-failed',
      `The folder for new projects, ${folder}, cannot be made: ${(error as Error).message}. INBETWEEN_PROJECTS_DIR names another one.`,
      { cause: error },
    );
  }
  for (let number = 1; ; number++) {
    const file = join(folder, `${name}${number === 1 ? '' : ` ${number}`}.inbetween`);
    if (!existsSync(file)) return file;
  }
}
