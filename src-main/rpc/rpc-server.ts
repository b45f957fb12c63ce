import type { z } from 'zod';
import {
  type ClientMessage,
  clientMessageSchema,
  type RequestId,
  type WireError,
} from '../../src-shared/contract/envelope.ts';
import type { ContractEvent } from '../../src-shared/contract/events.ts';
import { isMethodName, METHODS } from '../../src-shared/contract/methods.ts';
import {
  MAX_MESSAGE_LENGTH,
  MAX_REQUESTS_IN_FLIGHT,
  PROTOCOL_VERSION,
} from '../../src-shared/contract/protocol.ts';
import type { CallContext, Service } from '../../src-shared/contract/service.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { AppError, cancelledError, messageOf } from '../../src-shared/kernel/errors.ts';
import { describeIssues } from '../../src-shared/model/parse-errors.ts';

export interface RpcServer {
  /** Serves one connection until it ends. */
  accept(transport: Transport): void;
  readonly connections: number;
  /** Ends all connections and what they asked for. */
  close(): void;
}

export interface RpcServerOptions {
  /** Told of failures that are nobody's input: they are faults of ours. */
  readonly onFault?: (error: unknown, method: string) => void;
  readonly maxMessageLength?: number;
}

/**
 * Answers the contract's requests from a service, whatever carries them. Requests run at the same time and are
 * answered as they end, each once. Nothing that a client sends ends the server: what cannot be read is answered by
 * an error, and a message that is too long also ends its connection.
 */
export function createRpcServer(service: Service, options: RpcServerOptions = {}): RpcServer {
  const maxLength = options.maxMessageLength ?? MAX_MESSAGE_LENGTH;
  const connections = new Map<string, Connection>();
  let accepted = 0;
  const unsubscribe = service.subscribe((event) => {
    for (const [client, connection] of connections) {
      if (service.concerns(event, client)) connection.tell(event);
    }
  });

  return {
    accept(transport) {
      accepted += 1;
      const client = `c${accepted}`;
      const connection = serve(service, client, transport, maxLength, options.onFault);
      connections.set(client, connection);
      transport.onClose(() => {
        connections.delete(client);
        connection.end();
        service.disconnected(client);
      });
    },
    get connections() {
      return connections.size;
    },
    close() {
      unsubscribe();
      for (const connection of connections.values()) connection.close('the host is closing');
    },
  };
}

interface Connection {
  tell(event: ContractEvent): void;
  /** Aborts what is under way; its answers go nowhere. */
  end(): void;
  close(reason: string): void;
}

function serve(
  service: Service,
  client: string,
  transport: Transport,
  maxLength: number,
  onFault: RpcServerOptions['onFault'],
): Connection {
  const running = new Map<RequestId, AbortController>();
  let seq = 0;
  let ended = false;
  const send = (message: object): void => {
    if (!ended) transport.send(JSON.stringify(message));
  };
  const refuse = (id: RequestId | null, error: AppError): void => send({ id, error: toWire(error) });

  const receive = (text: string): void => {
    if (text.length > maxLength) {
      refuse(
        null,
        new AppError(
          'invalid-input',
          `A message is ${text.length} characters long; accepted are ${maxLength}.`,
        ),
      );
      transport.close('a message was too long');
      return;
    }
    const message = readMessage(text);
    if (message instanceof AppError) return refuse(idOf(text), message);
    if ('cancel' in message) return running.get(message.cancel)?.abort();
    void answer(message);
  };

  const answer = async ({
    id,
    method,
    params = {},
  }: Extract<ClientMessage, { method: string }>): Promise<void> => {
    if (running.has(id)) {
      return refuse(
        id,
        new AppError('invalid-input', `The request ${JSON.stringify(id)} is under way already.`),
      );
    }
    if (running.size >= MAX_REQUESTS_IN_FLIGHT) {
      return refuse(
        id,
        new AppError('invalid-input', `${running.size} requests are under way; no more are accepted.`),
      );
    }
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const ok = await call(service, method, params, {
        client,
        signal: controller.signal,
        progress: (done, total) => send({ progress: id, done, total }),
      });
      running.delete(id);
      send({ id, ok });
    } catch (error) {
      running.delete(id);
      if (!(error instanceof AppError)) onFault?.(error, method);
      // A cancelled request is answered as cancelled, whatever the abort made of it.
      send({ id, error: toWire(controller.signal.aborted ? cancelledError(method) : error) });
    }
  };

  transport.onMessage(receive);
  send({ hello: { protocol: PROTOCOL_VERSION, hostVersion: service.hostVersion, client } });
  return {
    tell({ event, data }) {
      seq += 1;
      send({ event, seq, data });
    },
    end() {
      ended = true;
      for (const controller of running.values()) controller.abort();
    },
    close: (reason) => transport.close(reason),
  };
}

async function call(
  service: Service,
  method: string,
  params: unknown,
  context: CallContext,
): Promise<unknown> {
  if (!isMethodName(method)) {
    throw new AppError(
      'invalid-input',
      `There is no method ${JSON.stringify(method)}; there are ${Object.keys(METHODS).join(', ')}.`,
    );
  }
  const schema: z.ZodType = METHODS[method].params;
  const checked = schema.safeParse(params);
  if (!checked.success) {
    const what = describeIssues(schema, params, checked.error.issues).replace(
      /^The document/,
      'The parameters',
    );
    throw new AppError('invalid-input', `${method}: ${what}`);
  }
  // The table ties each name to the type of its parameters; a name that is only known here cannot.
  const handler = service.handlers[method] as (params: unknown, context: CallContext) => unknown;
  return await handler(checked.data, context);
}

function readMessage(text: string): ClientMessage | AppError {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return new AppError('invalid-input', `A message is not JSON: ${(error as Error).message}`);
  }
  const read = clientMessageSchema.safeParse(json);
  if (read.success) return read.data;
  return new AppError(
    'invalid-input',
    `A message is neither {"id", "method", "params"} nor {"cancel"}: ${text.length > 120 ? `${text.slice(0, 119)}…` : text}`,
  );
}

/** The id of a message that is otherwise wrong, so that whoever waits for an answer gets one. */
function idOf(text: string): RequestId | null {
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    return typeof id === 'number' || (typeof id === 'string' && id !== '' && id.length <= 64) ? id : null;
  } catch {
    return null;
  }
}

function toWire(error: unknown): WireError {
  if (error instanceof AppError) return { code: error.code, message: error.message, data: { ...error.data } };
  const message = messageOf(error);
  return { code: 'internal', message: `A fault of Inbetween's: ${message}`, data: {} };
}
