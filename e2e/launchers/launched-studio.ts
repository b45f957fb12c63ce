import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConsoleMessage, Page } from 'playwright-core';

/** Pictures of the stages are kept here, for people to look at. */
export const SHOTS = join(import.meta.dirname, '..', '..', 'out', 'e2e');

/** How long a spec waits for what it looks for: two slow cores render, paint and test at once. */
export const PATIENCE_MS = 60_000;

/** A studio that a launcher has started. Specs speak to its page and to nothing that only one launcher has. */
export interface LaunchedStudio {
  readonly launcher: 'browser' | 'electron';
  readonly page: Page;
  /** Temporary folder of this studio: data, cache and projects. */
  readonly folder: string;
  /** Messages of failed scripts and refused content; a test ends with none. */
  readonly problems: readonly string[];
  /** Into out/e2e; the launcher's name is put before `name`. */
  screenshot(name: string): Promise<void>;
  /** Lets the studio save a file (`start` clicks what saves it) and answers where it is. */
  savedFile(start: () => Promise<void>): Promise<string>;
  /** Kills the host outright. */
  killHost(): Promise<void>;
  /** Process id of the engine, while there is one. */
  engine(): number | undefined;
  /** Starts it again at the same place; the desktop does so by itself. */
  startHost(): Promise<void>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  readonly width?: number;
  readonly height?: number;
  /** Device pixels per CSS pixel. */
  readonly scale?: number;
  /** Nothing was done here before: the window opens on the example. */
  readonly firstRun?: boolean;
}

/** The environment of a studio that has nothing of the user's. */
export function environmentOf(folder: string, options: LaunchOptions = {}): NodeJS.ProcessEnv {
  // Who has a folder of projects has been here before.
  if (options.firstRun !== true) mkdirSync(join(folder, 'Inbetween'), { recursive: true });
  return {
    ...process.env,
    // Where the dialog for opening starts.
    HOME: folder,
    USERPROFILE: folder,
    INBETWEEN_DATA_DIR: join(folder, 'data'),
    INBETWEEN_CACHE_DIR: join(folder, 'cache'),
    INBETWEEN_PROJECTS_DIR: join(folder, 'Inbetween'),
  };
}

/** Collects what fails in a page. */
export function watchProblems(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message: ConsoleMessage) => {
    // A host that is killed on purpose is reported by the browser itself.
    const expected = /WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !expected) problems.push(message.text());
  });
  return problems;
}
