import { existsSync } from 'node:fs';
import { app, type BrowserWindow, Menu, session as sessions, shell } from 'electron';
import { CHANNELS } from '../../src-shared/contract/desktop-bridge.ts';
import type { DesktopMenu } from '../../src-shared/contract/desktop.ts';
import { appContent } from './app-content.ts';
import { serveScheme } from './app-scheme.ts';
import { notify, showProgress } from './attention.ts';
import { answerBridge } from './bridge.ts';
import { chooseFile, chooseTarget } from './dialogs.ts';
import { startHostChild } from './host-child.ts';
import { createHostSelection } from './host-choice.ts';
import { createHostLinks } from './host-links.ts';
import { hostRuntime } from './host-runtime.ts';
import { createHostSupervisor, type HostSupervisor } from './host-supervisor.ts';
import { menuTemplate } from './menu-template.ts';
import type { ShellPlaces } from './places.ts';
import { denyForeignDownloads } from './rules/downloads.ts';
import { denyNetwork } from './rules/network.ts';
import { denyPermissions } from './rules/permissions.ts';
import type { SettingsStore } from './settings.ts';
import { createStudioWindow } from './window.ts';

export interface ShellOptions {
  readonly places: ShellPlaces;
  readonly settings: SettingsStore;
  /** INBETWEEN_NODE. */
  readonly node: string | undefined;
}

export interface Shell {
  /** Brings the window to the front and lets it open a file of this machine. */
  show(file?: string): void;
  /** Ends the host. */
  stop(): Promise<void>;
}

/** Wires the parts of the desktop together; once the app is ready. */
export function startShell({ places, settings, node }: ShellOptions): Shell {
  const local = createLocalHost(places, node ?? settings.value.node);
  const selection = createHostSelection(settings, local);
  const links = createHostLinks(selection, local);
  const session = sessions.defaultSession;
  let window: BrowserWindow | undefined;
  let waiting: string | undefined;

  denyPermissions(session);
  denyForeignDownloads(session);
  denyNetwork(session);
  serveScheme(
    session,
    appContent(places.renderer, () => selection.endpoint()),
  );

  const openFile = (file: string): void => {
    waiting = file;
    window?.webContents.send(CHANNELS.openFile, file);
  };
  const setMenu = (menu: DesktopMenu): void =>
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        menuTemplate(menu, {
          isMac: process.platform === 'darwin',
          isDevelopment: !app.isPackaged,
          act: (id) => window?.webContents.send(CHANNELS.action, id),
          openFile,
          about: () => app.showAboutPanel(),
        }),
      ),
    );
  setMenu({ items: [], recent: [] });

  answerBridge({
    isOurs: (page) => page === window?.webContents,
    send: links.send,
    disconnect: links.disconnect,
    handlers: {
      'host.connect': (_params, page) => links.connect(page),
      'host.choice': () => selection.current,
      'host.choose': (choice) => selection.choose(choice),
      'shell.start': () => {
        const file = waiting ?? null;
        waiting = undefined;
        return { file, problem: settings.problem };
      },
      'dialog.open': (params, page) => chooseFile(page, params),
      'dialog.save': (params, page) => chooseTarget(page, params),
      reveal: ({ file }) => (shell.showItemInFolder(file), null),
      'menu.set': (menu) => (setMenu(menu), null),
      progress: ({ fraction }, page) => (showProgress(page, fraction), null),
      notify: ({ title, body }, page) => (notify(page, title, body), null),
      opened: ({ file }) => (app.addRecentDocument(file), null),
    },
  });

  return {
    show(file) {
      if (window === undefined || window.isDestroyed()) {
        waiting = file;
        window = createStudioWindow({
          preload: places.preload,
          icon: existsSync(places.icon) ? places.icon : undefined,
          settings,
          devTools: !app.isPackaged,
        });
        const page = window.webContents;
        page.on('did-start-navigation', (_event, _url, isInPlace, isMainFrame) => {
          if (isMainFrame && !isInPlace) links.dropAll(page);
        });
        page.on('destroyed', () => links.dropAll(page));
        return;
      }
      if (window.isMinimized()) window.restore();
      window.focus();
      if (file !== undefined) openFile(file);
    },
    stop: () => local.stop(),
  };
}

function createLocalHost(places: ShellPlaces, node: string | undefined): HostSupervisor {
  return createHostSupervisor({
    start: () => {
      const runtime = hostRuntime({
        node,
        checkout: places.checkout,
        ownNode: process.versions.node,
        platform: process.platform,
      });
      return startHostChild(runtime, places.hostEntry);
    },
    message: { root: places.root, rendererFolder: places.renderer, version: places.version },
    clock: Date.now,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
}
