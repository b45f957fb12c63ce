import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import {
  environmentOf,
  type LaunchedStudio,
  type LaunchOptions,
  SHOTS,
  watchProblems,
  PATIENCE_MS,
} from './launched-studio.ts';
import { childOf } from './processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TOKEN = 'e2e-token-of-the-tests';

export interface BrowserStudio extends LaunchedStudio {
  readonly origin: string;
}

/** The real server and a real browser, with nothing of the user's. */
export async function launchBrowser(executable: string, options: LaunchOptions = {}): Promise<BrowserStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-e2e-'));
  let host = await startServer(folder, { port: 0, token: TOKEN }, options);
  const { origin, port } = host;
  const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    deviceScaleFactor: options.scale ?? 1,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const problems = watchProblems(page);
  await page.goto(`${origin}/?token=${TOKEN}`);
  mkdirSync(SHOTS, { recursive: true });
  return {
    launcher: 'browser',
    page,
    origin,
    folder,
    problems,
    screenshot: async (name) => void (await page.screenshot({ path: join(SHOTS, `${name}.png`) })),
    async savedFile(start) {
      const [download] = await Promise.all([page.waitForEvent('download'), start()]);
      const file = join(folder, 'saved', download.suggestedFilename());
      await download.saveAs(file);
      return file;
    },
    killHost: () => ended(host.child, 'SIGKILL'),
    engine: () => childOf(host.child.pid as number, /engine-process/),
    startHost: async () => void (host = await startServer(folder, { port, token: TOKEN })),
    async close() {
      await browser.close();
      await ended(host.child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestServer {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** `inbetween serve` in a process of its own. */
export async function startServer(
  folder: string,
  { port, token }: { readonly port: number; readonly token: string },
  options: LaunchOptions = {},
): Promise<TestServer> {
  const cli = join(ROOT, 'src-main', 'cli.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', cli, 'serve', '--port', String(port), '--token', token],
    { stdio: ['ignore', 'pipe', 'inherit'], env: environmentOf(folder, options) },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const address = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`The host ended with ${code} before it was ready.`)));
  });
  const url = new URL(address);
  return { child, origin: url.origin, port: Number(url.port), close: () => ended(child, 'SIGTERM') };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
