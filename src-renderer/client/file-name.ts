/** The last part of a path of the host's, whichever system it runs on. */
export function fileNameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
