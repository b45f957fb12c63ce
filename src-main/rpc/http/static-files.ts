import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, isAbsolute, join, relative, sep } from 'node:path';

export interface StaticFile {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Its name carries a hash of its content. */
  readonly immutable: boolean;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * A file of the built window; undefined when there is none of that name, when it lies outside the folder (links
 * followed), or is of a kind that a window does not consist of.
 * @param path of the URL, decoded, beginning with a slash
 */
export async function staticFile(folder: string, path: string): Promise<StaticFile | undefined> {
  const wanted = path === '/' ? '/index.html' : path;
  if (wanted.includes('\0') || wanted.includes('\\')) return undefined;
  const mediaType = MEDIA_TYPES[extname(wanted).toLowerCase()];
  if (mediaType === undefined) return undefined;
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, `.${wanted}`))]);
    const inside = relative(root, file);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      return undefined;
    if (!(await stat(file)).isFile()) return undefined;
    return {
      bytes: await readFile(file),
      mediaType,
      // Vite's way of naming: name-HASH.ending, in assets/.
      immutable: /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(wanted),
    };
  } catch {
    return undefined;
  }
}
