import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import {
  ASSET_PATH,
  BLOB_PATH,
  DOWNLOAD_PATH,
  MAX_MESSAGE_LENGTH,
  RPC_PATH,
  THUMBNAIL_WIDTHS,
  UPLOAD_PATH,
  WEB_SOCKET_PROTOCOL,
} from '../../../src-shared/contract/protocol.ts';
import type { Transport } from '../../../src-shared/contract/transport.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { webSocketTransport } from '../web-socket-transport.ts';
import { type AccessRules, refusalOf } from './access.ts';
import { send } from './answers.ts';
import type { HttpContent } from './content.ts';
import { IMMUTABLE, setSafeHeaders } from './headers.ts';
import { PAGE_SECURITY_POLICY, refusedPage, runningPage } from './pages.ts';
import { staticFile } from './static-files.ts';
import { sessionValue } from './token.ts';
import { receiveFile, receivePicture } from './uploads.ts';

export interface HttpServerOptions {
  /** Name or address to listen at. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token: string;
  readonly hostNames?: readonly string[];
  readonly origins?: readonly string[];
  /** Folder of the built window; without it (or its index.html) a page says that the host is running. */
  readonly rendererFolder: string;
  readonly version: string;
  readonly content: HttpContent;
  /** Serves the messages of a connection that was let in. */
  accept(transport: Transport): void;
  readonly maxMessageLength?: number;
}

export interface HttpServer {
  /** For instance `http://127.0.0.1:4777`. */
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A connection that does not answer a ping within this time is gone. */
const PING_MS = 30_000;

/**
 * Serves messages, pictures and the window over one port.
 * @throws {AppError} invalid-input when the port or the address cannot be taken
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: 120_000, headersTimeout: 20_000, maxHeaderSize: 16_384 });
  const port = await listen(server, options.host, options.port);
  const origin = `http://${isIPv6(options.host) ? `[${options.host}]` : options.host}:${port}`;
  const rules: AccessRules = {
    token: options.token,
    // Cookies do not know ports: two hosts on one machine must not take each other's.
    cookieName: `inbetween-${port}`,
    hostNames: (options.hostNames ?? []).map((name) => name.toLowerCase()),
    origins: options.origins ?? [],
  };
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageLength ?? MAX_MESSAGE_LENGTH,
    perMessageDeflate: false,
    // The bearer protocol must not be echoed: it is a secret.
    handleProtocols: (offered) => (offered.has(WEB_SOCKET_PROTOCOL) ? WEB_SOCKET_PROTOCOL : false),
  });
  const alive = new WeakSet<object>();
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, PING_MS);
  pings.unref();

  server.on('request', (request, response) => {
    answer(request, response, { ...options, origin, rules }).catch((error: unknown) => fail(response, error));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const url = urlOf(request);
    if (url?.pathname !== RPC_PATH) return reject(socket, 404, `Messages go to ${RPC_PATH}.`);
    const refusal = refusalOf(request, rules, { needsOrigin: true });
    if (refusal !== undefined) return reject(socket, refusal.status, refusal.message);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      alive.add(webSocket);
      webSocket.on('pong', () => alive.add(webSocket));
      options.accept(webSocketTransport(webSocket));
    });
  });

  return {
    origin,
    port,
    close: async () => {
      clearInterval(pings);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Served = HttpServerOptions & { readonly origin: string; readonly rules: AccessRules };

async function answer(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  setSafeHeaders(response);
  const url = urlOf(request);
  if (url === undefined) return send(response, 400, 'text/plain', 'The address cannot be read.\n');
  const path = decodedPath(url);
  if (path === undefined) return send(response, 400, 'text/plain', 'The address cannot be read.\n');
  const isUpload = path === ASSET_PATH || path === UPLOAD_PATH;
  const methods = isUpload ? ['POST'] : ['GET', 'HEAD'];
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('Allow', methods.join(', '));
    return send(response, 405, 'text/plain', `Accepted here: ${methods.join(', ')}.\n`);
  }
  const queryToken = url.searchParams.get('token') ?? undefined;
  const refusal = refusalOf(request, served.rules, { needsOrigin: isUpload, queryToken });
  if (refusal !== undefined) {
    if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="Inbetween"');
    return sendPage(response, refusal.status, refusedPage(refusal));
  }
  if (queryToken !== undefined) return startSession(response, url, served);
  if (path === UPLOAD_PATH) return receiveFile(request, response, url, served.content);
  if (path === ASSET_PATH) return receivePicture(request, response, url, served.content);
  if (path.startsWith(BLOB_PATH)) {
    return sendBlob(
      request,
      response,
      path.slice(BLOB_PATH.length),
      url.searchParams.get('width'),
      served.content,
    );
  }
  if (path.startsWith(DOWNLOAD_PATH))
    return sendDownload(response, path.slice(DOWNLOAD_PATH.length), served.content);
  const file = await staticFile(served.rendererFolder, path);
  if (file !== undefined) {
    response.setHeader('Cache-Control', file.immutable ? IMMUTABLE : 'no-cache');
    return send(response, 200, file.mediaType, file.bytes);
  }
  if (path === '/') {
    return sendPage(response, 200, runningPage(served.version, served.origin));
  }
  send(response, 404, 'text/plain', 'There is nothing here.\n');
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.setHeader('Content-Security-Policy', PAGE_SECURITY_POLICY);
  send(response, status, 'text/html; charset=utf-8', html);
}

/** The token leaves the address at once, so that it stays in no history and no screenshot. */
function startSession(response: ServerResponse, url: URL, { rules }: Served): void {
  url.searchParams.delete('token');
  response.setHeader(
    'Set-Cookie',
    `${rules.cookieName}=${sessionValue(rules.token)}; HttpOnly; SameSite=Strict; Path=/`,
  );
  // A path of two slashes would name another host.
  response.setHeader('Location', `/${url.pathname.replace(/^\/+/, '')}${url.search}`);
  send(response, 303, 'text/plain', '');
}

async function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  widthText: string | null,
  content: HttpContent,
): Promise<void> {
  const width = widthText === null ? undefined : Number(widthText);
  if (!/^[0-9a-f]{64}$/.test(id))
    return send(response, 404, 'text/plain', 'A blob id has 64 hexadecimal digits.\n');
  if (width !== undefined && !(THUMBNAIL_WIDTHS as readonly number[]).includes(width)) {
    return send(response, 400, 'text/plain', `Accepted widths: ${THUMBNAIL_WIDTHS.join(', ')}.\n`);
  }
  const tag = `"${id}${width === undefined ? '' : `-${width}`}"`;
  const blob = await content.blob(id, width);
  if (blob === undefined) return send(response, 404, 'text/plain', 'There is no such picture (any more).\n');
  response.setHeader('ETag', tag);
  response.setHeader('Cache-Control', IMMUTABLE);
  if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end();
  send(response, 200, blob.mediaType, blob.bytes);
}

async function sendDownload(response: ServerResponse, job: string, content: HttpContent): Promise<void> {
  const found = content.download(job);
  if (found === undefined) return send(response, 404, 'text/plain', 'There is no such export (any more).\n');
  const { size } = await stat(found.file);
  response.writeHead(200, {
    'Content-Type': found.mediaType,
    'Content-Length': size,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
  });
  if (response.req.method === 'HEAD') return void response.end();
  // A browser that goes away in the middle is no failure of ours.
  await pipeline(createReadStream(found.file), response).catch(() => response.destroy());
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const message = error instanceof AppError ? error.message : 'A fault of the host.';
  send(response, 500, 'text/plain; charset=utf-8', `${message}\n`);
}

function urlOf(request: IncomingMessage): URL | undefined {
  // Only paths: proxies' absolute addresses are not for us.
  if (request.url?.startsWith('/') !== true) return undefined;
  return URL.parse(`http://host${request.url}`) ?? undefined;
}

function decodedPath(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
}

function reject(socket: Duplex, status: number, message: string): void {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port));
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): AppError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} of ${host} is in use, perhaps by another Inbetween; give another one (--port), or 0 for any that is free.`,
    EACCES: `Port ${port} may not be taken by this user; give one from 1024 to 65535 (--port).`,
    EADDRNOTAVAIL: `${host} is no address of this machine; accepted are 127.0.0.1, an address of its own, or 0.0.0.0 for all (--host).`,
    ENOTFOUND: `The name ${host} is not known; give an address of this machine (--host).`,
  };
  const message = why[error.code ?? ''] ?? `${host}:${port} cannot be listened at: ${error.message}`;
  return new AppError('invalid-input', message, { cause: error, data: { host, port } });
}
