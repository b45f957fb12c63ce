import { AppError } from '../kernel/errors.ts';

/** A host as it is reached: `http://127.0.0.1:4777`. */
export interface HostAddress {
  readonly origin: string;
  /** Carried by an address as `inbetween serve` prints it; null otherwise. */
  readonly token: string | null;
}

/** The port that `inbetween serve` takes unless told otherwise. */
export const DEFAULT_PORT = 4777;
const MAX_PORT = 65_535;
const FORM =
  /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?(?:\/?(?:\?(.*))?)?$/i;

/**
 * Reads what people write or paste: `gpu-box`, `gpu-box:4777`, `192.168.1.7:4777`, `[::1]:4777`, or the whole address
 * that `inbetween serve` printed.
 * @throws {AppError} invalid-input
 */
export function readHostAddress(text: string): HostAddress {
  const match = FORM.exec(text.trim());
  if (match === null) {
    throw new AppError(
      'invalid-input',
      `${JSON.stringify(text.trim())} is no address of a host; accepted are a name or a number with a port, as in gpu-box:${DEFAULT_PORT}, or the address that "inbetween serve" prints.`,
    );
  }
  const [, scheme = 'http', name = '', port, query] = match;
  const isDefaultPort = port === undefined && scheme.toLowerCase() === 'http';
  const number = isDefaultPort ? DEFAULT_PORT : port === undefined ? 443 : Number(port);
  if (number < 1 || number > MAX_PORT) {
    throw new AppError('invalid-input', `The port ${port} does not exist; accepted are 1 to ${MAX_PORT}.`);
  }
  const origin = `${scheme.toLowerCase()}://${name.toLowerCase()}${port === undefined && !isDefaultPort ? '' : `:${number}`}`;
  const token = /(?:^|&)token=([A-Za-z0-9._~-]+)/.exec(query ?? '')?.[1] ?? null;
  return { origin, token };
}
