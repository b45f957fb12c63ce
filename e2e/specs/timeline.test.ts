import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { clickTrack } from '../../test/support/click-track.ts';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { seriousFindings } from './serious-findings.ts';

/** A project without words renders nothing: these tests are about hands on keys. */
forEachLauncher('the timeline', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch()));
  after(() => studio?.close());

  const key = (name: string) => studio.page.getByRole('button', { name, exact: true });
  const playhead = () => studio.page.getByRole('slider', { name: 'Playhead' });
  const goTo = async (frame: number): Promise<void> => {
    await playhead().focus();
    await studio.page.keyboard.press('Home');
    for (let i = 0; i < frame / 12; i++) await studio.page.keyboard.press('Shift+ArrowRight');
    await studio.page.locator(`[aria-label="Playhead"][aria-valuenow="${frame}"]`).waitFor();
  };
  /** Drags a key by frames; the film of 49 frames is shown whole. */
  const drag = async (name: string, frames: number, modifier?: string): Promise<void> => {
    const { page } = studio;
    const box = await key(name).locator('i').boundingBox();
    const ruler = await playhead().boundingBox();
    assert.ok(box !== null && ruler !== null);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    if (modifier !== undefined) await page.keyboard.down(modifier);
    await page.mouse.move(x + (frames * (ruler.width - 48)) / 49, y, { steps: 5 });
  };
  const drop = async (modifier?: string): Promise<void> => {
    await studio.page.mouse.up();
    if (modifier !== undefined) await studio.page.keyboard.up(modifier);
  };

  test('the diamond of a lane makes keys, copies of them are pasted at the playhead', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).click();
    await goTo(0);
    await page.getByRole('button', { name: 'Add a seed key at the playhead' }).click();
    await goTo(12);
    await page.getByRole('button', { name: 'Add a seed key at the playhead' }).click();
    await key('Seed at frame 12: 0').locator('i').click();
    await page.keyboard.press('Control+KeyC');
    await goTo(24);
    await page.keyboard.press('Control+KeyV');
    await key('Seed at frame 24: 0').waitFor();
    await page.getByRole('button', { name: 'Undo: Paste key' }).waitFor();
  });

  test('Esc takes a drag back, Alt leaves a copy, ripple mode takes later keys along', async () => {
    const { page } = studio;
    await drag('Seed at frame 12: 0', 5);
    await key('Seed at frame 17: 0').waitFor();
    await page.keyboard.press('Escape');
    await key('Seed at frame 12: 0').waitFor();
    await drop();
    await drag('Seed at frame 12: 0', 6, 'Alt');
    await key('Seed at frame 18: 0').waitFor();
    await drop('Alt');
    await key('Seed at frame 12: 0').waitFor();
    await page.keyboard.press('Control+KeyZ');
    await key('Seed at frame 18: 0').waitFor({ state: 'detached' });
    await page.keyboard.press('Shift+KeyR');
    await drag('Seed at frame 12: 0', 5);
    await drop();
    await key('Seed at frame 17: 0').waitFor();
    await key('Seed at frame 29: 0').waitFor();
    await page.keyboard.press('Shift+KeyR');
  });

  test('a selection stretches by its edge, and a ripple delete closes the gap', async () => {
    const { page } = studio;
    await playhead().focus();
    await page.keyboard.press('Control+KeyA');
    const edge = page.getByRole('button', { name: 'Stretch the selection from its end' });
    await edge.focus();
    await page.keyboard.press('Shift+ArrowLeft');
    await key('Seed at frame 19: 0').waitFor();
    await page.keyboard.press('Control+KeyZ');
    await key('Seed at frame 29: 0').waitFor();
    await key('Seed at frame 17: 0').locator('i').click();
    await page.keyboard.press('Shift+Delete');
    await key('Seed at frame 29: 0').waitFor({ state: 'detached' });
    await key('Seed at frame 17: 0').waitFor();
  });

  test('a key has a menu, from the keyboard too', async () => {
    const { page } = studio;
    await key('Seed at frame 17: 0').focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitemcheckbox', { name: 'hold' }).waitFor();
    await studio.screenshot('timeline-menu');
    await page.keyboard.press('KeyH');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Undo: Set easing to hold' }).waitFor();
  });

  test('a numeric key is dragged up to another value and typed in its place', async () => {
    const { page } = studio;
    await goTo(24);
    await page.getByRole('button', { name: 'Add a guidance scale key at the playhead' }).click();
    const guidance = page.getByRole('button', { name: /^Guidance scale at frame 24: / });
    await guidance.waitFor();
    await guidance.locator('i').dblclick();
    await page.getByRole('textbox', { name: 'Guidance scale at frame 24' }).fill('7.5');
    await page.keyboard.press('Enter');
    await key('Guidance scale at frame 24: 7.5').waitFor();
    const box = await key('Guidance scale at frame 24: 7.5').locator('i').boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 5, box.y + 5);
    await page.mouse.down();
    await page.keyboard.down('Shift');
    await page.mouse.move(box.x + 7, box.y - 15, { steps: 4 });
    await drop('Shift');
    await key('Guidance scale at frame 24: 7.5').waitFor({ state: 'detached' });
    const label = (await guidance.getAttribute('aria-label')) ?? '';
    assert.ok(Number(label.split(': ')[1]) > 7.5, label);
  });

  test('markers are dropped, named and found again', async () => {
    const { page } = studio;
    await goTo(12);
    await page.keyboard.press('KeyM');
    await page.getByRole('button', { name: 'Marker Marker 1 at frame 12' }).waitFor();
    await page.keyboard.press('KeyM');
    await page.getByRole('textbox', { name: 'Name of the marker at frame 12' }).fill('drop');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Marker drop at frame 12' }).waitFor();
    await goTo(0);
    await page.keyboard.press('Shift+KeyM');
    await page.locator('[aria-label="Playhead"][aria-valuenow="12"]').waitFor();
  });

  test('a sound is seen, its beat is found, its onsets become markers', async () => {
    const { page } = studio;
    const file = join(studio.folder, 'clicks.wav');
    // 120 a minute, from a quarter of a second on.
    writeFileSync(
      file,
      clickTrack(
        Array.from({ length: 12 }, (_, i) => 0.25 + i / 2),
        6.5,
      ),
    );
    await page.keyboard.press('Shift+KeyS');
    await page.getByText('Choose a sound').locator('input').setInputFiles(file);
    await page.getByText('120.0 bpm').waitFor();
    await studio.screenshot('timeline-sound');
    await page.getByRole('button', { name: 'Use as beats' }).click();
    await page.getByRole('button', { name: 'Make markers' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('img', { name: 'Waveform of clicks.wav' }).waitFor();
    // The click at 0.75 s, at 12 frames a second.
    await page.getByRole('button', { name: 'Marker Onset 2 at frame 9' }).waitFor();
    await page.getByRole('button', { name: 'Marker drop at frame 12' }).waitFor();
    await page.getByRole('button', { name: 'Ruler unit: beats' }).waitFor();
    await studio.screenshot('timeline-beats');
  });

  test('several keyframes are changed at once in the panel', async () => {
    const { page } = studio;
    await playhead().focus();
    await page.keyboard.press('Control+KeyA');
    await page.getByLabel('Seed', { exact: true }).fill('42');
    await page.keyboard.press('Enter');
    await key('Seed at frame 0: 42').waitFor();
    await key('Seed at frame 17: 42').waitFor();
  });

  test('an action gets another key, and the old one does nothing', async () => {
    const { page } = studio;
    await page.keyboard.press('F1');
    await page.getByRole('button', { name: 'Play or pause: Space, change' }).click();
    await page.keyboard.press('KeyM');
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('button', { name: 'Play or pause: Space, change' }).click();
    await page.keyboard.press('KeyU');
    await page.getByRole('button', { name: 'Play or pause: U, change' }).waitFor();
    await studio.screenshot('timeline-shortcuts');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await playhead().focus();
    await page.keyboard.press('KeyU');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await page.keyboard.press('KeyU');
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  });

  test('the timeline, its menus and dialogs are accessible, and no script failed', async () => {
    const { page } = studio;
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(studio.problems, []);
  });
});
