import { existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

const OPENABLE = /\.(inbetween|json|gif|mp4|webm|webp|png)$/i;

/** The file that a command line asks to open: the last argument that is one. */
export function fileInArguments(args: readonly string[], cwd: string): string | undefined {
  return args
    .slice(1)
    .filter((arg) => !arg.startsWith('-') && OPENABLE.test(arg))
    .map((arg) => (isAbsolute(arg) ? arg : resolve(cwd, arg)))
    .filter((file) => existsSync(file) && statSync(file).isFile())
    .at(-1);
}
