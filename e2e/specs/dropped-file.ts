import type { Page } from 'playwright-core';

/** Drops a file of this machine into the window, as dragging it there does. */
export async function dropFile(page: Page, file: string): Promise<void> {
  // A file field is how a page gets a real file; the drop then carries that.
  await page.evaluate(`{
    const input = document.createElement('input');
    input.type = 'file';
    input.id = 'e2e-file';
    document.body.append(input);
  }`);
  await page.locator('#e2e-file').setInputFiles(file);
  await page.evaluate(`{
    const input = document.querySelector('#e2e-file');
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(input.files[0]);
    input.remove();
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }`);
}
