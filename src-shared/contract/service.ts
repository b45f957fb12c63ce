import type { ContractEvent } from './events.ts';
import type { CheckedParams, MethodName, Result } from './methods.ts';

/** What a method's implementation knows about its call. */
export interface CallContext {
  /** The connection that asks. */
  readonly client: string;
  /** Fires when the client cancels the request or goes away. */
  readonly signal: AbortSignal;
  /** Tells the client how far the request is. */
  progress(done: number, total: number): void;
}

/** One function a method; parameters are checked before it is called. */
export type Handlers = {
  readonly [Method in MethodName]: (
    params: CheckedParams<Method>,
    context: CallContext,
  ) => Result<Method> | Promise<Result<Method>>;
};

/** A host as a server offers it to clients. */
export interface Service {
  readonly hostVersion: string;
  readonly handlers: Handlers;
  /** Whether a client is to be told of an event. */
  concerns(event: ContractEvent, client: string): boolean;
  subscribe(listener: (event: ContractEvent) => void): () => void;
  /** The connection is gone. */
  disconnected(client: string): void;
}
