import { readdirSync, readFileSync } from 'node:fs';

/** Process id of a child whose command line has `pattern` in it; undefined where there is none (Linux). */
export function childOf(parent: number, pattern: RegExp): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const of = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return Number(of) === parent && pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        return false;
      }
    });
}
