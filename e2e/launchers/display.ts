import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';

export interface Display {
  /** For DISPLAY, as `:99`; undefined where the system shows windows without one. */
  readonly name: string | undefined;
  close(): void;
}

/** A screen for windows of tests: on Linux a virtual one of its own. Undefined where none can be had. */
export async function openDisplay(): Promise<Display | undefined> {
  if (process.platform !== 'linux') return { name: undefined, close: () => {} };
  if (!hasXvfb() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Installing Xvfb for the tests of the desktop (once) ...');
    const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'xvfb'], options);
  }
  if (!hasXvfb()) return undefined;
  // The server takes a free number itself and writes it to the descriptor.
  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-noreset'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  );
  return { name: `:${await numberOf(server)}`, close: () => void server.kill() };
}

function numberOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    (server.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}.`)));
  });
}

function hasXvfb(): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'Xvfb')));
}
