import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { seriousFindings } from './serious-findings.ts';

forEachLauncher('the inspector', (launch) => {
  let studio: LaunchedStudio;
  before(async () => {
    studio = await launch();
    const { page } = studio;
    page.setDefaultTimeout(40_000);
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('red (cat:1.3), 4k photo');
    await page.keyboard.press('Enter');
    await page.locator('.badge', { hasText: 'final' }).waitFor();
  });
  after(() => studio?.close());

  const dialog = () => studio.page.getByRole('dialog', { name: 'Inspector' });
  const step = () => dialog().getByRole('slider', { name: 'Step' });
  const status = (text: string | RegExp) => dialog().getByRole('status').filter({ hasText: text });

  test('it opens before the first step, with the prompt as tokens and the schedule', async () => {
    const { page } = studio;
    await page.getByRole('slider', { name: 'Playhead' }).focus();
    await page.keyboard.press('Shift+I');
    await status('stands before its first step').waitFor();
    const tokens = dialog().getByRole('list', { name: 'Tokens of red (cat:1.3), 4k photo' });
    assert.match((await tokens.textContent()) ?? '', /cat.*×1\.3/);
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 0 of 15');
    await dialog().getByText('Starting latents').waitFor();
    await studio.screenshot('inspector-1-start');
  });

  test('one step, and it stands still: latents, predicted noise and x0 side by side', async () => {
    const { page } = studio;
    await page.keyboard.press('ArrowRight');
    await dialog().getByText('Latents after step 1').waitFor();
    await status('stands still').waitFor();
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 1 of 15');
    for (const name of ['Latents after step 1', 'Predicted picture, x0']) {
      await dialog().getByRole('img', { name, exact: true }).waitFor();
    }
    await page.keyboard.press('Digit2');
    await dialog().getByRole('img', { name: 'Predicted picture, x0, channel 11' }).waitFor();
    await page.keyboard.press('Digit1');
  });

  test('it runs, pauses in the middle, and goes back over the steps that were computed', async () => {
    const { page } = studio;
    await page.keyboard.press('Space');
    await page.keyboard.press('Space');
    await status('stands still').waitFor();
    await page.keyboard.press('ArrowRight');
    await dialog()
      .getByText(/Latents after step [3-9]/)
      .waitFor();
    await page.keyboard.press('Home');
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 0 of 15');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 2 of 15');
  });

  test('run to its end it is the stored frame, and any step can be seen through the decoder', async () => {
    const { page } = studio;
    await dialog().getByRole('button', { name: 'To the end' }).click();
    await status('done, the stored frame bit for bit').waitFor();
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 15 of 15');
    const slider = step();
    await slider.fill('8');
    await dialog().getByText('Latents after step 8').waitFor();
    await studio.screenshot('inspector-2-step-8');
    await page.keyboard.press('Digit3');
    await dialog().getByRole('status').filter({ hasText: 'decoding' }).first().waitFor({ state: 'detached' });
    await dialog().getByRole('tab', { name: 'Embeddings' }).click();
    await dialog().getByText('What the model is given: prompt').waitFor();
    await studio.screenshot('inspector-3-decoded');
    await page.keyboard.press('Digit2');
    await page.evaluate("document.documentElement.dataset.theme = 'light'");
    await studio.screenshot('inspector-4-light');
  });

  test('every panel says what it shows, by the keyboard too, and Escape closes the words alone', async () => {
    const { page } = studio;
    await page.keyboard.press('Digit1');
    for (const [panel, words] of [
      ['Latents after step 8', /drawn after this step/],
      ['Predicted noise', /takes for noise/],
      ['Predicted picture, x0', /vague/],
      ['Noise schedule', /standard deviation/],
      ['Embeddings', /one row of numbers a token/],
    ] as const) {
      const button = dialog().getByRole('button', { name: `What is this? ${panel}` });
      await button.focus();
      await page.keyboard.press('Enter');
      const note = dialog().getByRole('note').filter({ visible: true });
      assert.match((await note.textContent()) ?? '', words);
      assert.equal(await button.getAttribute('aria-expanded'), 'true');
      if (panel === 'Noise schedule') await studio.screenshot('inspector-5-explained');
      await page.keyboard.press('Escape');
      await note.waitFor({ state: 'detached' });
    }
    await dialog().waitFor();
  });

  test('it is labelled and can be read by machines', async () => {
    const { page } = studio;
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('a loop can be started anew and stopped', async () => {
    const { page } = studio;
    await page.keyboard.press('KeyR');
    await status('stands before its first step').waitFor();
    await page.keyboard.press('ArrowRight');
    await dialog().getByText('Latents after step 1').waitFor();
    await page.keyboard.press('KeyS');
    await status('stopped after step 1').waitFor();
  });

  test('End runs on to the end while a step is being computed', async () => {
    const { page } = studio;
    await page.keyboard.press('KeyR');
    await status('stands before its first step').waitFor();
    const engine = studio.engine() as number;
    // Held still, so that the step is under way for as long as it takes to press the key.
    process.kill(engine, 'SIGSTOP');
    await page.keyboard.press('ArrowRight');
    await status('computing step 1 of 15').waitFor();
    await page.keyboard.press('End');
    process.kill(engine, 'SIGCONT');
    await status('done, the stored frame bit for bit').waitFor();
    assert.equal(await step().getAttribute('aria-valuetext'), 'step 15 of 15');
  });

  test('the dialog closes', async () => {
    const { page } = studio;
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    assert.deepEqual(studio.problems, []);
  });
});
