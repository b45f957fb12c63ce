import type { MenuItemConstructorOptions } from 'electron';
import type { DesktopMenu, MenuItem } from '../../src-shared/contract/desktop.ts';
import { acceleratorOf } from './menu-keys.ts';

export interface MenuSurroundings {
  readonly isMac: boolean;
  /** Reload and developer tools: in a checkout. */
  readonly isDevelopment: boolean;
  act(id: string): void;
  openFile(file: string): void;
  about(): void;
}

/** What menus are called, where it is not the name of the actions' group. */
const TITLES: Readonly<Record<string, string>> = { Project: 'File' };

/**
 * The application menu out of the window's actions: one menu for each of their groups, in their order, and what every
 * application has.
 */
export function menuTemplate(menu: DesktopMenu, around: MenuSurroundings): MenuItemConstructorOptions[] {
  const groups = [...new Set(menu.items.map(({ group }) => group))];
  const itemsOf = (group: string): MenuItemConstructorOptions[] =>
    menu.items.filter((item) => item.group === group).map((item) => entryOf(item, around));
  const menus = groups.map((group): MenuItemConstructorOptions => ({
    label: TITLES[group] ?? group,
    submenu: [...itemsOf(group), ...extrasOf(group, menu, around)],
  }));
  return [
    ...(around.isMac ? [{ role: 'appMenu' } as const] : []),
    ...menus,
    { role: 'windowMenu' },
    { label: 'Help', role: 'help', submenu: [{ label: 'About Inbetween', click: around.about }] },
  ];
}

function entryOf(
  { id, label, keys, enabled }: MenuItem,
  around: MenuSurroundings,
): MenuItemConstructorOptions {
  const accelerator = acceleratorOf(keys);
  // The window reads its keys itself: they can be rebound and know what a text field is for. On a Mac menus always
  // take theirs, so only those are shown that no text field needs.
  const isShown = accelerator !== undefined && (!around.isMac || /CmdOrCtrl|^F\d/.test(accelerator));
  return {
    id,
    label: label.replace(/&/g, '&&'),
    enabled,
    click: () => around.act(id),
    ...(isShown ? { accelerator, registerAccelerator: false } : {}),
  };
}

function extrasOf(group: string, menu: DesktopMenu, around: MenuSurroundings): MenuItemConstructorOptions[] {
  const separator = { type: 'separator' } as const;
  switch (group) {
    case 'Project':
      return [
        separator,
        {
          label: 'Open recent',
          enabled: menu.recent.length > 0,
          submenu: menu.recent.map(({ file, label }) => ({
            label: label.replace(/&/g, '&&'),
            click: () => around.openFile(file),
          })),
        },
        ...(around.isMac ? [] : [separator, { role: 'quit' } as const]),
      ];
    case 'Edit':
      // Text fields of a Mac get their keys from the menu alone.
      return around.isMac
        ? [separator, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }]
        : [];
    case 'View':
      return [
        separator,
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'resetZoom' },
        { role: 'togglefullscreen' },
        ...(around.isDevelopment
          ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const]
          : []),
      ];
    default:
      return [];
  }
}
