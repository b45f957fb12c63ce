import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { MAX_MESSAGE_LENGTH, RPC_PATH, WEB_SOCKET_PROTOCOL } from '../../src-shared/contract/protocol.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { webSocketTransport } from './web-socket-transport.ts';

export interface HostEndpoint {
  /** For instance `http://127.0.0.1:4777`. */
  readonly origin: string;
  readonly token: string;
}

const TIMEOUT_MS = 10_000;
const MAX_REASON = 2000;

/**
 * Connects to a host as a window does, from a process that can send headers.
 * @throws {AppError} invalid-input when the host refuses the token, or is no host of Inbetween; engine-failed when it
 * cannot be reached
 */
export function connectWebSocket({ origin, token }: HostEndpoint): Promise<Transport> {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${RPC_PATH}`, [WEB_SOCKET_PROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    maxPayload: MAX_MESSAGE_LENGTH * 4,
    perMessageDeflate: false,
    handshakeTimeout: TIMEOUT_MS,
  });
  // Listens from the start: the host greets first.
  const transport = webSocketTransport(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(transport));
    socket.once('error', (error: NodeJS.ErrnoException) => reject(unreachable(error, origin)));
    socket.once('unexpected-response', (_request, response) => {
      void reasonOf(response).then((reason) => reject(refused(response.statusCode ?? 0, reason, origin)));
    });
  });
}

function refused(status: number, reason: string, origin: string): AppError {
  if (status === 401) {
    return new AppError(
      'invalid-input',
      `The host at ${origin} does not accept this token; give the one that "inbetween serve" printed there.`,
      { data: { reason: 'token' } },
    );
  }
  if (status === 403 || status === 421) {
    return new AppError('invalid-input', `The host at ${origin} refuses this window: ${reason}`);
  }
  return new AppError(
    'invalid-input',
    `What answers at ${origin} is no host of Inbetween (status ${status}).`,
  );
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network to it',
  ECONNRESET: 'it has closed the connection',
  ETIMEDOUT: 'it does not answer',
};

function unreachable(error: NodeJS.ErrnoException, origin: string): AppError {
  const why =
    WHY[error.code ?? ''] ?? (/handshake has timed out/.test(error.message) ? WHY.ETIMEDOUT : error.message);
  return new AppError('engine-failed', `The host at ${origin} cannot be reached: ${why}.`, { cause: error });
}

async function reasonOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > MAX_REASON) break;
    }
  } catch {
    // The status says enough.
  }
  return text.trim().slice(0, MAX_REASON);
}
