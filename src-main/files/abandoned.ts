import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes what processes that are no longer there have left in a folder.
 * @param processOf the process's number in a name; undefined for what is not looked at
 * @param isNeeded whether this process still needs what bears its own number
 */
export async function removeAbandoned(
  folder: string,
  processOf: (name: string) => number | undefined,
  isNeeded: (path: string) => boolean = () => true,
): Promise<void> {
  for (const entry of await readdir(folder)) {
    const pid = processOf(entry);
    if (pid === undefined) continue;
    const path = join(folder, entry);
    if (pid === process.pid ? isNeeded(path) : isAlive(pid)) continue;
    await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** A killed process whose parent has not asked after it yet still takes signals; Linux tells by its state, "Z". */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // No such file system, or gone in the meantime: then the signal's answer stands.
    return false;
  }
}
