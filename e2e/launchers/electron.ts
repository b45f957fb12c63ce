import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { sandboxArguments } from '../../scripts/electron-env.ts';
import type { Display } from './display.ts';
import {
  environmentOf,
  type LaunchedStudio,
  type LaunchOptions,
  SHOTS,
  watchProblems,
  PATIENCE_MS,
} from './launched-studio.ts';
import { childOf } from './processes.ts';

const HELD_APP = join(import.meta.dirname, 'held-app');

export interface ElectronStudio extends LaunchedStudio {
  /** The main process, for tests of the shell itself. */
  readonly app: ElectronApplication;
}

export interface ElectronOptions extends LaunchOptions {
  /** More arguments, for instance a file to open. */
  readonly args?: readonly string[];
  /** A folder of an earlier studio, which is then kept. */
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The real shell in a real Electron, with nothing of the user's; its host is the shell's child. */
export async function launchElectron(
  executable: string,
  display: Display,
  options: ElectronOptions = {},
): Promise<ElectronStudio> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'inbetween-e2e-'));
  const app = await _electron.launch(launchOf(executable, display, options, folder));
  const page = await app.firstWindow();
  page.setDefaultTimeout(PATIENCE_MS);
  const problems = watchProblems(page);
  await app.evaluate(
    ({ BrowserWindow }, [width, height]) =>
      BrowserWindow.getAllWindows()[0]?.setContentSize(width as number, height as number),
    [options.width ?? 1440, options.height ?? 900],
  );
  mkdirSync(SHOTS, { recursive: true });
  const { pid } = app.process();
  const hostOf = (): number | undefined => childOf(pid as number, /host-process/);
  return {
    launcher: 'electron',
    app,
    page,
    folder,
    problems,
    screenshot: async (name) =>
      void (await page.screenshot({ path: join(SHOTS, `desktop-${basename(name)}.png`) })),
    async savedFile(start) {
      const target = join(folder, 'saved');
      mkdirSync(target, { recursive: true });
      // The system's dialog cannot be clicked: it answers by itself, for a path and for a download.
      const saved = app.evaluate(
        ({ dialog, session }, to) =>
          new Promise<string>((resolve) => {
            dialog.showSaveDialog = ((...args: unknown[]) => {
              const { defaultPath } = args.at(-1) as { defaultPath: string };
              const filePath = `${to}/${defaultPath.split('/').at(-1)}`;
              resolve(filePath);
              return Promise.resolve({ canceled: false, filePath });
            }) as never;
            session.defaultSession.once('will-download', (_event, item) => {
              const filePath = `${to}/${item.getFilename()}`;
              item.setSavePath(filePath);
              item.once('done', () => resolve(filePath));
            });
          }),
        target,
      );
      await start();
      return saved;
    },
    async killHost() {
      const host = hostOf();
      if (host === undefined) throw new Error('The shell has no host.');
      process.kill(host, 'SIGKILL');
    },
    engine: () => childOf(hostOf() ?? 0, /engine-process/),
    // The shell has started it again.
    startHost: () => Promise.resolve(),
    async close() {
      await app.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function launchOf(
  executable: string,
  display: Display,
  options: ElectronOptions,
  folder: string,
): Parameters<typeof _electron.launch>[0] {
  return {
    executablePath: executable,
    timeout: 180_000,
    args: [
      ...sandboxArguments(),
      // The virtual display has none, and Chromium's search for one ends in a crash of its own.
      '--disable-gpu',
      ...(options.scale === undefined ? [] : [`--force-device-scale-factor=${options.scale}`]),
      HELD_APP,
      ...(options.args ?? []),
    ],
    env: stringsOf({
      ...environmentOf(folder, options),
      // Chromium's own folders follow HOME.
      XDG_CONFIG_HOME: join(folder, 'config'),
      ...(display.name === undefined ? {} : { DISPLAY: display.name }),
      ...options.env,
    }),
  };
}

function stringsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
