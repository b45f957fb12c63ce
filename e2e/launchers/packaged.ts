import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { sandboxArguments } from '../../scripts/electron-env.ts';
import type { Display } from './display.ts';
import { environmentOf, SHOTS, watchProblems, PATIENCE_MS } from './launched-studio.ts';

export interface PackagedStudio {
  readonly page: Page;
  /** Temporary folder of this studio: data, cache and projects. */
  readonly folder: string;
  readonly problems: readonly string[];
  /** What it has written to its standard error so far. */
  stderr(): string;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * The built application as a user starts it. Its fuses shut Node's inspector, so Playwright sees the page alone, through
 * Chromium's debugging port, and nothing of the main process.
 * @param args more arguments of the command line
 */
export async function launchPackaged(
  executable: string,
  display: Display,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<PackagedStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-e2e-'));
  const child = spawn(
    executable,
    [...sandboxArguments(), '--disable-gpu', '--remote-debugging-port=0', ...args],
    {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: {
        ...environmentOf(folder),
        XDG_CONFIG_HOME: join(folder, 'config'),
        ...(display.name === undefined ? {} : { DISPLAY: display.name }),
        ...env,
      },
    },
  );
  let stderr = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(stderr)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The application ended with ${code}: ${stderr}`)));
  });
  // Electron has no contexts of Chromium's that the defaults could be set in.
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('The application has no pages.');
  const page = context.pages()[0] ?? (await context.waitForEvent('page'));
  page.setDefaultTimeout(PATIENCE_MS);
  mkdirSync(SHOTS, { recursive: true });
  return {
    page,
    folder,
    problems: watchProblems(page),
    stderr: () => stderr,
    screenshot: async (name) => void (await page.screenshot({ path: join(SHOTS, `${name}.png`) })),
    async close() {
      await browser.close();
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
