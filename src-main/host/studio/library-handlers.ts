import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { importDocument } from '../project.ts';
import { fileName } from '../../../src-shared/model/file-name.ts';
import { replaceWhole } from '../../files/whole-file.ts';
import type { Downloads } from './downloads.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';
import type { RecentProjects } from './recent-projects.ts';

export interface LibraryWiring {
  readonly projects: OpenProjects;
  readonly recent: RecentProjects;
  readonly clock: () => number;
  readonly downloads: Downloads;
}

/** The files of projects: those opened lately, copies. */
export function libraryHandlers({
  projects,
  recent,
  clock,
  downloads,
}: LibraryWiring): Pick<Handlers, 'library.recent' | 'library.forget' | 'library.saveCopy'> {
  let copies = 0;
  return {
    'library.recent': async () => ({ projects: await recent.list() }),
    'library.forget': async ({ file }) => {
      await recent.forget(file);
      return {};
    },
    'library.saveCopy': async ({ project: id, file }, { client }) => {
      const open = projects.get(id, client);
      const name = `${fileName(open.edits.document.name)}.inbetween`;
      if (file === undefined) {
        const kept = join(downloads.folder(), name);
        await writeCopy(open, kept, clock);
        copies += 1;
        const download = `copy-${copies}`;
        downloads.keep(download, kept);
        return { file: null, download, name };
      }
      const target = checkedTarget(file, projects);
      await writeCopy(open, target, clock);
      return { file: target, download: null, name };
    },
  };
}

function checkedTarget(file: string, projects: OpenProjects): string {
  const target = resolve(file);
  if (extname(target).toLowerCase() !== '.inbetween') {
    throw new AppError(
      'invalid-input',
      `${file} ends in ${extname(target) || 'nothing'}; a copy of a project ends in .inbetween.`,
    );
  }
  if (!existsSync(dirname(target))) {
    throw new AppError('not-found', `There is no folder ${dirname(target)} for the copy.`);
  }
  for (const open of projects.all()) {
    if (isSameFile(open.file, target)) {
      throw new AppError('invalid-input', `${target} is open here; give the copy another name.`);
    }
  }
  return target;
}

/** Under whatever name it is reached: through a link, or in other letters where the disk does not tell them apart. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** Appears whole, by one rename, or not at all. */
async function writeCopy(open: OpenProject, target: string, clock: () => number): Promise<void> {
  const { store } = open.project;
  await replaceWhole(target, (part) =>
    store === undefined
      ? importDocument(open.edits.document, dirname(open.file), part, clock)
      : store.copyTo(part),
  );
}
