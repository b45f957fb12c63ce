import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';

forEachLauncher('frames while they are rendered', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch()));
  after(() => studio?.close());
  const status = () => studio.page.getByRole('contentinfo', { name: 'Status' });
  const badge = (text: string) => studio.page.locator('.badge', { hasText: text });

  test('the steps of a frame show as they come, drafts come before finals', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Red cat to blue dog' }).click();
    // Seven frames of the twenty-five: the model is real, and this machine may be slow.
    await page.getByLabel('Frames per second').fill('3');
    await page.getByLabel('Frames per second').press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' }).waitFor();
    // What passes quickly is waited for first; screenshots take longer than a draft on a busy machine.
    await status()
      .getByText(/Drafting \d+ of 7/)
      .waitFor();
    await page.keyboard.press('End');
    await badge('draft').waitFor();
    await page.getByRole('list', { name: 'Denoising steps' }).waitFor();
    await page.getByText(/^step \d+ of \d+$/).waitFor();
  });

  test('a paused render rests until it is resumed, also in a window that comes later', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Pause rendering' }).click();
    await status()
      .getByText(/^Paused at/)
      .waitFor();
    await studio.screenshot('frames-1-paused');
    await page.getByRole('button', { name: 'Resume rendering' }).click();
    await status()
      .getByText(/Drafting|Rendering/)
      .waitFor();
    await studio.screenshot('frames-2-steps');
  });

  test('frames get their final pictures, and motion is measured', async () => {
    const { page } = studio;
    page.setDefaultTimeout(120_000);
    await status().getByText('Every frame is rendered').waitFor();
    page.setDefaultTimeout(20_000);
    await badge('final').waitFor();
    await page.getByRole('img', { name: /^Motion meter/ }).waitFor();
    await page
      .getByText(/^(even|\d+\.\d × at \d+)$/)
      .first()
      .waitFor();
    await studio.screenshot('frames-4-final');
  });

  test('a drag says what it would cost', async () => {
    const { page } = studio;
    const key = page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' });
    const first = page.getByRole('button', { name: 'Prompt at frame 0: red cat, 4k photo' });
    const [from, to] = [await key.boundingBox(), await first.boundingBox()];
    assert.ok(from !== null && to !== null);
    await page.mouse.move(from.x + 15, from.y + 30);
    await page.mouse.down();
    // Two frames of six to the left.
    await page.mouse.move(from.x + 15 - (from.x - to.x) / 3, from.y + 30, { steps: 8 });
    await status()
      .getByText(/^This edit re-renders \d+ frames, about/)
      .waitFor();
    await studio.screenshot('frames-5-cost');
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await status().getByText('Every frame is rendered').waitFor();
  });

  test('typing says what it would cost, and Esc takes it back', async () => {
    const { page } = studio;
    const guidance = page.getByRole('complementary', { name: 'Keyframe' }).getByLabel('Guidance');
    await guidance.fill('7.25');
    const cost = page
      .getByRole('complementary', { name: 'Keyframe' })
      .getByText(/re-renders \d+ frames, about/);
    await cost.waitFor();
    await status()
      .getByText(/^This edit re-renders \d+ frames, about/)
      .waitFor();
    await studio.screenshot('frames-5-typing');
    await page.keyboard.press('Escape');
    await cost.waitFor({ state: 'detached' });
    await status().getByText('Every frame is rendered').waitFor();
  });

  test('typing on a lane says what it would cost, and Esc takes it back', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Seed at frame 0: 1632' }).dblclick();
    const field = page.getByRole('textbox', { name: 'Seed at frame 0' });
    await field.fill('7');
    await status()
      .getByText(/^This edit re-renders 7 frames, about/)
      .waitFor();
    await studio.screenshot('frames-5-lane');
    await field.press('Escape');
    await field.waitFor({ state: 'detached' });
    await status().getByText('Every frame is rendered').waitFor();
  });

  test('the motion is evened out in one step, whose cost is told before', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Even out the motion …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Even out the motion' });
    await dialog.getByText(/^This edit (re-renders|changes) \d+ frames?/).waitFor();
    await studio.screenshot('frames-5-even');
    await dialog.getByRole('button', { name: 'Even out', exact: true }).click();
    await page.getByRole('button', { name: 'Undo: Even out the motion' }).click();
    await status().getByText('Every frame is rendered').waitFor();
  });

  test('a take is made, looked at, pinned to its frame and undone', async () => {
    const { page } = studio;
    await page.keyboard.press('Home');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    const takes = page.getByRole('region', { name: 'Takes' });
    await takes.getByRole('button', { name: 'New take: another seed' }).click();
    await badge('take 1 of 1').waitFor();
    await takes.getByRole('button', { name: 'Compare side by side' }).click();
    await page.getByRole('img', { name: 'Frame 3, take 1 of 1' }).waitFor();
    await studio.screenshot('frames-6-take');
    await takes.getByRole('button', { name: 'Only this frame' }).click();
    await takes.getByRole('button', { name: /in use$/ }).waitFor();
    // Its picture is there already: nothing is rendered.
    await status().getByText('Every frame is rendered').waitFor();
    await studio.screenshot('frames-7-pinned');
    await page.getByRole('button', { name: /^Undo: Pin frame 3/ }).click();
    await takes.getByRole('button', { name: /in use$/ }).waitFor({ state: 'detached' });
  });

  test('takes are put in order by how well they match the prompt', async () => {
    const { page } = studio;
    const takes = page.getByRole('region', { name: 'Takes' });
    await takes.getByRole('button', { name: 'New take: another seed' }).click();
    await badge('take 2 of 2').waitFor();
    await takes.getByRole('button', { name: 'Best match with the prompt first' }).click();
    await takes.getByText('By Fluent World CLIP.').waitFor();
    const named = await takes
      .getByRole('button', { name: /^Take \d/ })
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label') ?? ''));
    assert.match(named[0] ?? '', /, match 1 of 2/);
    assert.match(named[1] ?? '', /, match 2 of 2/);
    await studio.screenshot('frames-8-match');
    await takes.getByRole('button', { name: 'Best match with the prompt first' }).click();
    await takes.getByText('By Fluent World CLIP.').waitFor({ state: 'detached' });
  });

  test('a flagged frame is found again', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Flag this frame' }).click();
    await badge('flagged').waitFor();
    await page.keyboard.press('End');
    await badge('flagged').waitFor({ state: 'detached' });
    await page.keyboard.press('Shift+F');
    await badge('flagged').waitFor();
    await page.getByText('frame 3', { exact: true }).waitFor();
  });

  test('no script failed and no content was refused', () => {
    assert.deepEqual(studio.problems, []);
  });
});
