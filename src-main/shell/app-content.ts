import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CONTENT_SECURITY_POLICY } from '../rpc/http/headers.ts';
import { staticFile } from '../rpc/http/static-files.ts';
import type { HostEndpoint } from '../rpc/web-socket-client.ts';
import { HOST_PATHS } from '../../src-shared/contract/protocol.ts';
import type { SchemeAnswer, SchemeHandler, SchemeRequest } from './app-scheme.ts';

/** On everything that is answered, whatever the host says. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};
const SENT_ON = ['accept', 'content-type', 'if-none-match', 'range'];
const PASSED_BACK = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'etag',
];
const agents = {
  'http:': new HttpAgent({ keepAlive: true, maxSockets: 24 }),
  'https:': new HttpsAgent({ keepAlive: true, maxSockets: 24 }),
};

/** What `studio://app` serves: the files of the window, and from the host its pictures, uploads and downloads. */
export function appContent(rendererFolder: string, endpoint: () => Promise<HostEndpoint>): SchemeHandler {
  return async (request) => {
    const { pathname, host } = request.url;
    if (host !== 'app') return text(404, 'There is nothing here.');
    if (HOST_PATHS.some((path) => pathname === path || (path.endsWith('/') && pathname.startsWith(path)))) {
      return fromHost(request, endpoint);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Accepted here: GET, HEAD.');
    const file = await staticFile(rendererFolder, decoded(pathname));
    if (file === undefined) return text(404, 'There is nothing here.');
    return {
      status: 200,
      headers: { ...SAFE_HEADERS, 'content-type': file.mediaType, 'cache-control': 'no-cache' },
      body: file.bytes,
    };
  };
}

/** The path as it is when it cannot be decoded: there is no such file then. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function fromHost(
  request: SchemeRequest,
  endpoint: () => Promise<HostEndpoint>,
): Promise<SchemeAnswer> {
  try {
    const { origin, token } = await endpoint();
    return await forward(request, new URL(request.url.pathname + request.url.search, origin), token);
  } catch (error) {
    return text(502, `The host does not answer: ${(error as Error).message}`);
  }
}

function forward(
  { method, headers, body }: SchemeRequest,
  target: URL,
  token: string,
): Promise<SchemeAnswer> {
  const isSecure = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? httpsRequest : httpRequest)(target, {
      method,
      agent: agents[isSecure ? 'https:' : 'http:'],
      headers: {
        ...pick(headers, SENT_ON),
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-length': body.length }),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) =>
      resolve({
        status: response.statusCode ?? 502,
        headers: { ...pick(response.headers, PASSED_BACK), ...SAFE_HEADERS },
        body: response,
      }),
    );
    outgoing.end(body);
  });
}

function pick(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && names.includes(name.toLowerCase())) found[name.toLowerCase()] = value;
  }
  return found;
}

function text(status: number, message: string): SchemeAnswer {
  return {
    status,
    headers: { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(`${message}\n`),
  };
}
