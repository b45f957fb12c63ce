import type { Studio } from './studio.svelte.ts';

const EXAMPLE = /(^|[/\\])red-cat-to-blue-dog\.json$/;

/** The first time, the window opens on a film that plays while its frames come, instead of an empty screen. */
export async function firstRun(studio: Studio): Promise<void> {
  if (studio.host?.isFirstRun !== true) return;
  const example = studio.host?.examples.find(({ file }) => EXAMPLE.test(file));
  // A file that was double-clicked goes before the example.
  if (example === undefined || studio.project !== null || studio.opening !== '') return;
  if (await studio.openCopy(example.file)) studio.player.setSpeed(1);
}
