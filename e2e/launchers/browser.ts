import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..', '..');
const TOKEN = 'e2e-token-of-the-tests';
/** Pictures of the stages are kept here, for people to look at. */
const SHOTS = join(ROOT, 'out', 'e2e');

export interface LaunchedStudio {
  readonly page: Page;
  readonly origin: string;
  /** Temporary folder of this studio: data, cache and projects. */
  readonly folder: string;
  /** Messages of failed scripts and refused content; a test ends with none. */
  readonly problems: readonly string[];
  screenshot(name: string): Promise<void>;
  /** Kills the host outright. */
  killHost(): Promise<void>;
  /** Starts it again at the same place. */
  startHost(): Promise<void>;
  close(): Promise<void>;
}

/** The real server and a real browser, with nothing of the user's. */
export async function launchBrowser(
  executable: string,
  options: { readonly scale?: number; readonly width?: number; readonly height?: number } = {},
): Promise<LaunchedStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-e2e-'));
  let host = await startServer(folder, 0);
  const { origin, port } = host;
  const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    deviceScaleFactor: options.scale ?? 1,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // A host that is killed on purpose is reported by the browser itself.
    const expected = /WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !expected) problems.push(message.text());
  });
  await page.goto(`${origin}/?token=${TOKEN}`);
  mkdirSync(SHOTS, { recursive: true });
  return {
    page,
    origin,
    folder,
    problems,
    screenshot: async (name) => void (await page.screenshot({ path: join(SHOTS, `${name}.png`) })),
    killHost: () => ended(host.child, 'SIGKILL'),
    startHost: async () => void (host = await startServer(folder, port)),
    async close() {
      await browser.close();
      await ended(host.child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(
  folder: string,
  port: number,
): Promise<{ child: ChildProcess; origin: string; port: number }> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'src-main', 'cli.ts'),
      'serve',
      '--port',
      String(port),
      '--token',
      TOKEN,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        // Where the dialog for opening starts.
        HOME: folder,
        USERPROFILE: folder,
        INBETWEEN_DATA_DIR: join(folder, 'data'),
        INBETWEEN_CACHE_DIR: join(folder, 'cache'),
        INBETWEEN_PROJECTS_DIR: join(folder, 'Inbetween'),
      },
    },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const address = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`The host ended with ${code} before it was ready.`)));
  });
  const url = new URL(address);
  return { child, origin: url.origin, port: Number(url.port) };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
