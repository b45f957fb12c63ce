import type { Command } from 'commander';
import { DEFAULT_PORT, serve } from '../server.ts';
import type { CliContext } from './context.ts';
import { engineOptions, type EngineFlags } from './shared-options.ts';
import { integer } from './values.ts';

interface ServeFlags extends EngineFlags {
  readonly port?: number;
  readonly host?: string;
  readonly token?: string;
}

const HELP = `
The first line on standard output is the address, with the token that lets you in. Without --host only this
machine can reach it; from another one, forward the port over SSH, or give --host with a --token. Renders go on
when a window is closed. Ctrl-C stops: exit status 0, what was rendered is kept.`;

export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description('Run the studio for a browser or a desktop window, here or on another machine.')
    .option('--port <n>', `0 takes a free one (default: ${DEFAULT_PORT})`, integer(0, 65_535))
    .option('--host <address>', 'where to listen; beyond this machine only with --token (default: 127.0.0.1)')
    .option('--token <text>', 'what lets a window in (default: a new random one)')
    .addHelpText('after', HELP);
  engineOptions(command).action((flags: ServeFlags) => run(context, flags));
}

async function run(context: CliContext, flags: ServeFlags): Promise<void> {
  const { host: address, port, token, ...engine } = flags;
  const server = await serve({
    host: context.host({ ...engine, inBackground: true }),
    clock: context.clock,
    platform: process.platform,
    onFault: (message) => context.stderr.write(`${message}\n`),
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(token === undefined ? {} : { token }),
  });
  context.stdout.write(`${server.address}\n`);
  context.stderr.write('Inbetween is running. Ctrl-C stops.\n');
  if (server.isPublic) {
    context.stderr.write(
      'Note: other machines can reach it, and the connection is not encrypted: whoever reads along learns the token. On networks that are not yours, forward the port over SSH instead.\n',
    );
  }
  await stopped(context.signal);
  context.stderr.write('Stopping ...\n');
  await server.close();
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
