import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { BEARER_PROTOCOL_PREFIX } from '../../../src-shared/contract/protocol.ts';
import { sameSecret, sessionValue } from './token.ts';

export interface AccessRules {
  readonly token: string;
  readonly cookieName: string;
  /** Names besides loopback and addresses under which the host may be reached, lower case. */
  readonly hostNames: readonly string[];
  /** Origins besides the host's own, for instance a desktop window's `studio://app`. */
  readonly origins: readonly string[];
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/**
 * Whether a request may come in: addressed to this host by a name that only it has, from a page of its own, by
 * somebody who holds the token. `needsOrigin` is for what a foreign page could start with the user's cookie
 * (WebSockets, uploads): there the cookie counts only beside the Origin header that every browser then sends.
 */
export function refusalOf(
  request: IncomingMessage,
  rules: AccessRules,
  options: { needsOrigin?: boolean; queryToken?: string | undefined } = {},
): Refusal | undefined {
  const { host, origin } = request.headers;
  // Against DNS rebinding: a foreign name that resolves to this machine is in the Host header. Addresses cannot be.
  if (host === undefined || !isOurHost(host, rules.hostNames)) {
    return { status: 421, message: `This host is not served as ${JSON.stringify(host ?? '')}.` };
  }
  if (origin !== undefined && !isOurOrigin(origin, host, rules.origins)) {
    return { status: 403, message: `Pages of ${origin} may not use this host.` };
  }
  const { token } = rules;
  const secrets = [bearerOf(request), options.queryToken].filter((secret) => secret !== undefined);
  if (secrets.length > 0) {
    if (secrets.every((secret) => sameSecret(secret, token))) return undefined;
    return { status: 401, message: 'The token is wrong.' };
  }
  const cookie = cookieOf(request, rules.cookieName);
  if (cookie !== undefined && sameSecret(cookie, sessionValue(token))) {
    if (options.needsOrigin !== true || origin !== undefined) return undefined;
    return { status: 403, message: 'The Origin header is missing; accepted is one, or a bearer token.' };
  }
  return { status: 401, message: 'The token is missing.' };
}

function isOurHost(header: string, names: readonly string[]): boolean {
  const name = hostNameOf(header);
  if (name === undefined) return false;
  return name === 'localhost' || isIP(name) !== 0 || names.includes(name);
}

/** The name of a Host header without its port, lower case; of an IPv6 address without brackets. */
function hostNameOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function isOurOrigin(origin: string, host: string, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true;
  try {
    const url = new URL(origin);
    return /^https?:$/.test(url.protocol) && url.host === new URL(`${url.protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function bearerOf(request: IncomingMessage): string | undefined {
  const header = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (header !== undefined) return header;
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return protocols
    .find((name) => name.startsWith(BEARER_PROTOCOL_PREFIX))
    ?.slice(BEARER_PROTOCOL_PREFIX.length);
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}
