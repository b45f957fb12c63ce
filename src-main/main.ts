import { join } from 'node:path';
import { messageOf } from '../src-shared/kernel/errors.ts';
import { app, dialog } from 'electron';
import { claimScheme } from './shell/app-scheme.ts';
import { fileInArguments } from './shell/opened-files.ts';
import { shellPlaces } from './shell/places.ts';
import { openSettings } from './shell/settings.ts';
import { type Shell, startShell } from './shell/shell.ts';

/** The desktop's entry: reads the environment, follows the application's life, and wires the shell; nothing else. */
const { env } = process;
// Tests and people with several studios keep them apart by the same variable as the host's files.
const data = env.INBETWEEN_DATA_DIR;
if (data !== undefined && data !== '') app.setPath('userData', join(data, 'desktop'));

let shell: Shell | undefined;
let asked: string | undefined;
let isStopped = false;

if (app.requestSingleInstanceLock()) {
  claimScheme();
  // Root on Linux has no sandbox of Chromium's and must say so; pages keep the sandbox's interface all the same.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.on('second-instance', (_event, args, cwd) => shell?.show(fileInArguments(args, cwd)));
  app.on('open-file', (event, file) => {
    event.preventDefault();
    if (shell === undefined) asked = file;
    else shell.show(file);
  });
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (isStopped || shell === undefined) return;
    // Projects are closed and jobs end in order before the application does.
    event.preventDefault();
    void shell.stop().finally(() => {
      isStopped = true;
      app.quit();
    });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  app
    .whenReady()
    .then(() => {
      const places = shellPlaces(app.getAppPath(), app.isPackaged);
      app.setAboutPanelOptions({
        applicationName: 'Inbetween',
        applicationVersion: places.version,
        copyright: 'MIT licensed',
      });
      shell = startShell({
        places,
        settings: openSettings(join(app.getPath('userData'), 'desktop.json')),
        node: env.INBETWEEN_NODE,
      });
      shell.show(asked ?? fileInArguments(process.argv, process.cwd()));
    })
    .catch((error: unknown) => {
      dialog.showErrorBox('Inbetween does not start', messageOf(error));
      app.exit(1);
    });
} else {
  app.quit();
}
