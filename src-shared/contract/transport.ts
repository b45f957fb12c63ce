/** A connection that carries text messages both ways, in order, until one side closes it. */
export interface Transport {
  /** Sending on a closed connection does nothing. */
  send(text: string): void;
  /** The one listener for messages; what came before it was set is delivered then. */
  onMessage(listener: (text: string) => void): void;
  /** Called once; `reason` is for people. */
  onClose(listener: (reason: string) => void): void;
  close(reason?: string): void;
}
