import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import type { HostRuntime } from './host-child.ts';

/** better-sqlite3 crashes or does not load below. */
const OLDEST_NODE = 24;

export interface RuntimeSurroundings {
  /** INBETWEEN_NODE or the setting: a Node that runs the host. */
  readonly node: string | undefined;
  /** The checkout; undefined in a package. */
  readonly checkout: string | undefined;
  /** Of Electron's own Node. */
  readonly ownNode: string;
  readonly platform: NodeJS.Platform;
}

/**
 * What runs the host: the Node that is set; in a checkout the project's own, since the host runs from source there;
 * else Electron itself.
 * @throws {AppError} not-found, invalid-input
 */
export function hostRuntime({ node, checkout, ownNode, platform }: RuntimeSurroundings): HostRuntime {
  if (node !== undefined && node !== '') {
    if (existsSync(node)) return { kind: 'node', path: node };
    throw new AppError('not-found', `The Node that is to run the host, ${node}, does not exist.`);
  }
  if (checkout !== undefined) {
    const own = join(checkout, 'node_modules', 'node', 'bin', platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(own)) return { kind: 'node', path: own };
  }
  if (Number(ownNode.split('.')[0]) >= OLDEST_NODE) return { kind: 'electron' };
  throw new AppError(
    'invalid-input',
    `This Electron brings Node ${ownNode}; the host needs ${OLDEST_NODE} or newer. Set INBETWEEN_NODE to the path of one.`,
  );
}
