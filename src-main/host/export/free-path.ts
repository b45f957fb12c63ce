import { existsSync } from 'node:fs';
import { extname } from 'node:path';

/** "cat.gif", "cat 2.gif", ...: the first that is not there. */
export function freePath(path: string): string {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${stem} ${number}${ending}`;
    if (!existsSync(candidate)) return candidate;
  }
}
