import { BrowserWindow, dialog, type WebContents } from 'electron';
import type { DesktopParams, FileFilter } from '../../src-shared/contract/desktop.ts';

const filtersOf = (filters: readonly FileFilter[]) =>
  filters.map(({ name, endings }) => ({ name, extensions: [...endings] }));

/** The system's dialog for opening; null when it was cancelled. */
export async function chooseFile(
  page: WebContents,
  { title, filters, kind }: DesktopParams<'dialog.open'>,
): Promise<string | null> {
  const window = BrowserWindow.fromWebContents(page);
  const options = {
    title,
    filters: filtersOf(filters),
    properties: [kind === 'folder' ? ('openDirectory' as const) : ('openFile' as const)],
  };
  const { canceled, filePaths } = await (window === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options));
  return canceled ? null : (filePaths[0] ?? null);
}

/** The system's dialog for saving; null when it was cancelled. */
export async function chooseTarget(
  page: WebContents,
  { title, name, filters }: DesktopParams<'dialog.save'>,
): Promise<string | null> {
  const window = BrowserWindow.fromWebContents(page);
  const options = { title, defaultPath: name, filters: filtersOf(filters) };
  const { canceled, filePath } = await (window === null
    ? dialog.showSaveDialog(options)
    : dialog.showSaveDialog(window, options));
  return canceled || !filePath ? null : filePath;
}
