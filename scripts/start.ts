import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildWindow } from './build-window.ts';

/**
 * `npm start`: builds the window when it is not built, serves it with its host on this machine and opens it in the
 * browser where there is a display; otherwise the address is printed. Options are those of `inbetween serve`.
 */
console.log('Preparing the studio ...');
await buildWindow();

const server = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, '..', 'src-main', 'cli.ts'),
    'serve',
    ...process.argv.slice(2),
  ],
  { stdio: ['inherit', 'pipe', 'inherit', 'ipc'] },
);
let first = '';
server.stdout?.on('data', (chunk: Buffer) => {
  if (first.includes('\n')) return;
  first += chunk.toString();
  const address = first.split('\n')[0] as string;
  if (!first.includes('\n')) return;
  console.log(`\nThe studio: ${address}\n`);
  openBrowser(address);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal));
// The launcher is gone: so is everything below it.
process.on('disconnect', () => server.kill('SIGTERM'));
server.on('exit', (code) => process.exit(code ?? 1));

function openBrowser(address: string): void {
  const { platform, env } = process;
  const hasDisplay =
    platform === 'win32' ||
    platform === 'darwin' ||
    env.DISPLAY !== undefined ||
    env.WAYLAND_DISPLAY !== undefined;
  if (!hasDisplay || env.CI !== undefined) return;
  const [command, args] =
    platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', address]]
      : [platform === 'darwin' ? 'open' : 'xdg-open', [address]];
  const opener = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  // Without an opener the printed address is enough.
  opener.on('error', () => {});
  opener.unref();
}
