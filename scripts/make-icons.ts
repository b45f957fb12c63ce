// Writes resources/icons/icon.png from the window's icon; packages make their own kinds (ico, icns) of it.
import { mkdir, readFile } from 'node:fs/promises';
import sharp from 'sharp';

const SIZE = 1024;
const folder = new URL('../resources/icons/', import.meta.url);
await mkdir(folder, { recursive: true });
const svg = await readFile(new URL('../src-renderer/public/icon.svg', import.meta.url));
// The drawing is 64 units wide; 72 dots an inch show it at that size.
await sharp(svg, { density: (72 * SIZE) / 64 })
  .resize(SIZE, SIZE)
  .png({ compressionLevel: 9, palette: true })
  .toFile(new URL('icon.png', folder).pathname);
