import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWholeFile } from '../../files/whole-file.ts';

const LIMIT = 20;
const schema = z.strictObject({
  version: z.literal(1),
  projects: z.array(z.strictObject({ file: z.string(), name: z.string(), opened: z.number() })).max(1000),
});
export type RecentProject = z.infer<typeof schema>['projects'][number];

export interface RecentProjects {
  /** Those whose file is still there, the latest first. */
  list(): Promise<readonly RecentProject[]>;
  add(project: RecentProject): Promise<void>;
  forget(file: string): Promise<void>;
}

/** The projects that were opened lately, in a small file of the user's. */
export function createRecentProjects(path: string, note: (message: string) => void): RecentProjects {
  /** One change after the other: each reads what the one before has written. */
  let turn: Promise<unknown> = Promise.resolve();

  const read = async (): Promise<readonly RecentProject[]> => {
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8'))).projects;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
      note(`The list of recent projects, ${path}, cannot be used and begins anew: ${what}`);
      return [];
    }
  };
  const change = (edit: (known: readonly RecentProject[]) => readonly RecentProject[]): Promise<void> => {
    const done = turn.then(async () => {
      const projects = edit(await read()).slice(0, LIMIT);
      await writeWholeFile(path, `${JSON.stringify({ version: 1, projects }, null, 2)}\n`);
    });
    // The list is a convenience: that it cannot be kept is told, and stops nothing.
    turn = done.catch((error: Error) => note(`The list of recent projects cannot be kept: ${error.message}`));
    return turn as Promise<void>;
  };

  return {
    async list() {
      await turn;
      return (await read()).filter(({ file }) => existsSync(file));
    },
    add: (project) => change((known) => [project, ...known.filter(({ file }) => file !== project.file)]),
    forget: (file) => change((known) => known.filter((project) => project.file !== file)),
  };
}
