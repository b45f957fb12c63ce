import { Readable } from 'node:stream';
import { type Protocol, protocol, type Session } from 'electron';
import { DESKTOP_SCHEME } from '../../src-shared/contract/desktop-bridge.ts';

export interface SchemeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}
export interface SchemeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Readable;
}
export type SchemeHandler = (request: SchemeRequest) => Promise<SchemeAnswer>;

/** Gives the scheme an origin of its own with the rights of https. Before the app is ready. */
export function claimScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: DESKTOP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
    },
  ]);
}

/** Lets `handler` answer everything that pages of a session ask of the scheme. */
export function serveScheme(session: Session, handler: SchemeHandler): void {
  // protocol.handle came with Electron 25, what it replaces is leaving.
  if (typeof (session.protocol as Partial<Protocol>).handle === 'function') serveWithHandle(session, handler);
  else serveWithStreams(session, handler);
}

function serveWithHandle(session: Session, handler: SchemeHandler): void {
  session.protocol.handle(DESKTOP_SCHEME, async (request) => {
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    const answer = await handler({
      method: request.method,
      url: new URL(request.url),
      headers: Object.fromEntries(request.headers),
      body,
    });
    const content =
      answer.body instanceof Readable
        ? (Readable.toWeb(answer.body) as ReadableStream<Uint8Array>)
        : (answer.body as Uint8Array<ArrayBuffer>);
    // A response of these kinds may not have a body.
    const isEmpty = answer.status === 204 || answer.status === 304;
    return new Response(isEmpty ? null : content, { status: answer.status, headers: { ...answer.headers } });
  });
}

function serveWithStreams(session: Session, handler: SchemeHandler): void {
  session.protocol.registerStreamProtocol(DESKTOP_SCHEME, (request, callback) => {
    void (async () => {
      const parts = await Promise.all(
        (request.uploadData ?? []).map(({ bytes, blobUUID }) =>
          blobUUID === undefined ? bytes : session.getBlobData(blobUUID),
        ),
      );
      const { status, headers, body } = await handler({
        method: request.method,
        url: new URL(request.url),
        headers: request.headers,
        body: parts.length === 0 ? undefined : Buffer.concat(parts),
      });
      const data = body instanceof Readable ? body : Readable.from([Buffer.from(body)]);
      callback({ statusCode: status, headers: { ...headers }, data });
    })();
  });
}
