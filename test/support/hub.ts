import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import type { TestContext } from 'node:test';

export interface TestHub {
  readonly url: string;
  /** Files that were asked for, with the byte that the answer began at. */
  readonly asked: readonly { readonly path: string; readonly from: number }[];
  /** The next answer with the file's content breaks off after so many bytes, when they have arrived. */
  breakAfter:
    { readonly path: string; readonly bytes: number; readonly haveArrived: () => boolean } | undefined;
}

const LARGE = 10_000;

/**
 * Stands in for the Hugging Face hub, which the tests cannot reach: the parts of its API that its client library uses
 * for listing and downloading, with byte ranges; `repo` has the files of `folder`.
 */
export async function startHub(context: TestContext, repo: string, folder: string): Promise<TestHub> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const asked: { path: string; from: number }[] = [];
  const hub: TestHub = { url: '', asked, breakAfter: undefined };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://hub');
    if (url.pathname === `/api/models/${repo}/tree/main`) {
      response.setHeader('Content-Type', 'application/json');
      return void response.end(JSON.stringify(files.map((path) => entryOf(folder, path))));
    }
    const prefix = `/${repo}/resolve/main/`;
    const path = decodeURIComponent(url.pathname.slice(prefix.length));
    if (!url.pathname.startsWith(prefix) || !files.includes(path)) {
      response.writeHead(404, { 'Content-Type': 'application/json', 'X-Error-Code': 'RepoNotFound' });
      return void response.end('{"error":"Repository not found"}');
    }
    const bytes = readFileSync(join(folder, path));
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const part = bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
    const isProbe = request.headers.range === 'bytes=0-0';
    if (!isProbe) asked.push({ path, from: Number(from) });
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      ETag: '"1"',
      'Content-Length': part.length,
      'Content-Range': `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`,
    });
    const { breakAfter } = hub;
    if (!isProbe && breakAfter?.path === path) {
      hub.breakAfter = undefined;
      // A reader that hears of the break first throws away what it has not looked at yet.
      const breakOff = (): void => {
        if (breakAfter.haveArrived()) response.destroy();
        else setImmediate(breakOff);
      };
      response.write(part.subarray(0, breakAfter.bytes), breakOff);
      return;
    }
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(hub, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function entryOf(folder: string, path: string): object {
  const bytes = readFileSync(join(folder, path));
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 };
  return {
    type: 'file',
    path,
    size: bytes.length,
    oid,
    ...(bytes.length > LARGE ? { lfs } : {}),
  };
}
