import { AppError, cancelledError, type ErrorCode } from '../kernel/errors.ts';
import { type Hello, hostMessageSchema, type RequestId, type WireError } from './envelope.ts';
import { EVENTS, type EventData, type EventName, isEventName } from './events.ts';
import { METHODS, type MethodName, type Params, type Result } from './methods.ts';
import { PROTOCOL_VERSION } from './protocol.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  onProgress?(progress: { readonly done: number; readonly total: number }): void;
}

/** A host at the other end of a connection. Every window, whatever it runs in, talks through this. */
export interface HostClient {
  /** The host's first message; rejected when it speaks another protocol or the connection ends before. */
  readonly hello: Promise<Hello>;
  /**
   * @throws {AppError} the host's error; cancelled when the signal fires; engine-failed with
   * `data.reason === 'disconnected'` when the connection ends first.
   */
  call<Method extends MethodName>(
    method: Method,
    params: Params<Method>,
    options?: CallOptions,
  ): Promise<Result<Method>>;
  /** Returns the function that ends the subscription. */
  on<Event extends EventName>(event: Event, listener: (data: EventData<Event>) => void): () => void;
  /** Called once when the connection has ended, whoever ended it. */
  onClose(listener: (reason: string) => void): void;
  close(): void;
}

export interface ClientOptions {
  /** Checks results and events against the contract: for development and tests. */
  readonly checkResults?: boolean;
  /** Told of messages that are not of the contract; they are dropped. */
  onProblem?(message: string): void;
}

interface Pending {
  readonly method: MethodName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: CallOptions['onProgress'];
  /** Takes the listener off the signal. */
  readonly release: () => void;
}

export function createClient(transport: Transport, options: ClientOptions = {}): HostClient {
  const pending = new Map<RequestId, Pending>();
  const listeners = new Map<EventName, Set<(data: never) => void>>();
  const closeListeners = new Set<(reason: string) => void>();
  const problem = (message: string): void => options.onProblem?.(message);
  let lastId = 0;
  let lastSeq = 0;
  let closed: string | undefined;

  // Not Promise.withResolvers: the desktop shell may run under an older Node.
  let greeted!: (hello: Hello) => void;
  let notGreeted!: (error: AppError) => void;
  const hello = new Promise<Hello>((resolve, reject) => {
    greeted = resolve;
    notGreeted = reject;
  });
  // Whoever does not ask for it must not be ended by it.
  hello.catch(() => {});

  const settle = (id: RequestId): Pending | undefined => {
    const request = pending.get(id);
    pending.delete(id);
    request?.release();
    return request;
  };

  transport.onMessage((text) => {
    const read = readMessage(text);
    if (read === undefined) return problem(`The host sent something unreadable: ${text.slice(0, 100)}`);
    if ('hello' in read) {
      const { protocol, hostVersion } = read.hello;
      if (protocol === PROTOCOL_VERSION) return greeted(read.hello);
      notGreeted(
        new AppError(
          'invalid-input',
          `The host (version ${hostVersion}) speaks protocol ${protocol}, this window ${PROTOCOL_VERSION}; use the same version of Inbetween on both sides.`,
          { data: { protocol, hostVersion } },
        ),
      );
      return transport.close('another protocol');
    }
    if ('event' in read) return deliver(read.event, read.seq, read.data);
    if ('progress' in read) return pending.get(read.progress)?.onProgress?.(read);
    if (read.id === null) return problem((read as { error: WireError }).error.message);
    const request = settle(read.id);
    // An answer that crossed the cancel on its way.
    if (request === undefined) return;
    if ('error' in read) return request.reject(fromWire(read.error));
    if (options.checkResults === true) {
      const checked = METHODS[request.method].result.safeParse(read.ok);
      if (!checked.success) {
        return request.reject(
          new AppError(
            'internal',
            `The result of ${request.method} is not of the contract: ${checked.error.message}`,
          ),
        );
      }
    }
    request.resolve(read.ok);
  });

  const deliver = (event: string, seq: number, data: unknown): void => {
    if (seq !== lastSeq + 1) problem(`Event ${seq} came after event ${lastSeq}.`);
    lastSeq = seq;
    if (!isEventName(event)) return problem(`The host told of ${event}, which this window does not know.`);
    if (options.checkResults === true) {
      const checked = EVENTS[event].safeParse(data);
      if (!checked.success)
        return problem(`The event ${event} is not of the contract: ${checked.error.message}`);
    }
    for (const listener of listeners.get(event) ?? []) listener(data as never);
  };

  transport.onClose((reason) => {
    closed = reason;
    const error = disconnected(reason);
    notGreeted(error);
    for (const id of [...pending.keys()]) settle(id)?.reject(error);
    for (const listener of closeListeners) listener(reason);
  });

  return {
    hello,
    call<Method extends MethodName>(
      method: Method,
      params: Params<Method>,
      { signal, onProgress }: CallOptions = {},
    ) {
      return new Promise<Result<Method>>((resolve, reject) => {
        if (closed !== undefined) return reject(disconnected(closed));
        if (signal?.aborted) return reject(cancelledError(method));
        lastId += 1;
        const id = lastId;
        const cancel = (): void => {
          transport.send(JSON.stringify({ cancel: id }));
          settle(id)?.reject(cancelledError(method));
        };
        signal?.addEventListener('abort', cancel, { once: true });
        pending.set(id, {
          method,
          resolve: resolve as (result: unknown) => void,
          reject,
          onProgress,
          release: () => signal?.removeEventListener('abort', cancel),
        });
        transport.send(JSON.stringify({ id, method, params }));
      });
    },
    on(event, listener) {
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known);
      known.add(listener as (data: never) => void);
      return () => void known.delete(listener as (data: never) => void);
    },
    onClose: (listener) => void closeListeners.add(listener),
    close: () => transport.close(),
  };
}

function readMessage(text: string) {
  try {
    return hostMessageSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function fromWire({ code, message, data }: WireError): AppError {
  return new AppError(code as ErrorCode, message, { data });
}

function disconnected(reason: string): AppError {
  return new AppError('engine-failed', `The connection to the host has ended: ${reason}.`, {
    data: { reason: 'disconnected' },
  });
}
