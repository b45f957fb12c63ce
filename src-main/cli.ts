import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from './cli/context.ts';
import { runProgram } from './cli/program.ts';
import { hostFromEnvironment } from './host-from-environment.ts';
import type { Host } from './host/host.ts';

/** The command line: reads the environment, wires the host and sets the exit status; nothing else. */
const { env, platform } = process;
const root = join(import.meta.dirname, '..');
const stop = new AbortController();
let host: Host | undefined;

/** A terminal's Ctrl-C comes twice within a moment: from the terminal and from the launcher, which passes it on. */
const ONE_PRESS_MS = 300;
let stoppedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) {
      stoppedAt = Date.now();
      stop.abort();
    } else if (Date.now() - stoppedAt > ONE_PRESS_MS) {
      // The second time the user means it.
      process.exit(130);
    }
  });
}
// Started by the launcher: when it is killed outright, its channel closes and this process ends too.
if (process.channel) {
  process.channel.unref();
  process.on('disconnect', () => process.exit(137));
}
// A reader that has seen enough (`| head`) closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  clock: Date.now,
  version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
  randomSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
  host(options = {}) {
    const notes = options.onNote ?? ((message: string) => process.stderr.write(`Note: ${message}\n`));
    host ??= hostFromEnvironment({
      env,
      platform,
      home: homedir(),
      root,
      onNote: notes,
      threads: options.threads,
      provider: options.provider,
      embeddingFiles: options.embedding,
      inBackground: options.inBackground ?? false,
    });
    return host;
  },
};

const status = await runProgram(context, process.argv.slice(2));
await host?.dispose();
process.exitCode = status;
