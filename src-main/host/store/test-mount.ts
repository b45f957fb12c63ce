import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface TestMount {
  readonly folder: string;
  makeReadonly(): void;
}

/** For tests: a small file system of its own; undefined where it cannot be mounted (not root, not Linux). */
export function mountTmpfs(context: TestContext, megabytes: number): TestMount | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  context.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return {
    folder,
    makeReadonly: () => {
      execFileSync('mount', ['-o', 'remount,ro', folder]);
    },
  };
}
