import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const require = createRequire(import.meta.url);

/** An SVG drawing as PNG at twice its size. Its texts are in DejaVu Sans, also on machines that have no fonts. */
export async function drawingToPng(svg: string): Promise<Uint8Array> {
  const folder = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  // A text that is drawn from a file makes its font known to the SVG renderer of this process, which takes no files.
  await sharp({
    text: { text: ' .', font: 'DejaVu Sans 9', fontfile: join(folder, 'DejaVuSans.ttf') },
  })
    .png()
    .toBuffer();
  return sharp(Buffer.from(svg), { density: 144 }).png().toBuffer();
}
