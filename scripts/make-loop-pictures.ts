import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/**
 * The pictures of docs/how-a-frame-is-made.md, out of an inspection of the example:
 * `inbetween inspect resources/examples/red-cat-to-blue-dog.json --frame 0 --out LOOP --decode`, then
 * `node scripts/make-loop-pictures.ts LOOP`.
 */
const IMAGES = join(import.meta.dirname, '..', 'docs', 'images');
const STEPS = [1, 3, 5, 8, 11, 15];
const TENSORS = ['latents', 'noise', 'x0'] as const;
const SIDE = 144;
const GAP = 4;

const loop = process.argv[2];
if (loop === undefined) {
  console.error('Name the folder that "inbetween inspect" wrote.');
  process.exit(2);
}
const picture = (name: string) => sharp(join(loop, 'pictures', `${name}.png`));
const out = (name: string) => join(IMAGES, name);

// Rows: latents, predicted noise, predicted picture. Columns: steps.
const tiles = await Promise.all(
  TENSORS.flatMap((tensor, row) =>
    STEPS.map(async (step, column) => ({
      input: await picture(`step-${String(step).padStart(3, '0')}-${tensor}-decoded`)
        .resize(SIDE)
        .toBuffer(),
      left: column * (SIDE + GAP),
      top: row * (SIDE + GAP),
    })),
  ),
);
const extent = (count: number): number => count * (SIDE + GAP) - GAP;
await sharp({
  create: { width: extent(STEPS.length), height: extent(TENSORS.length), channels: 3, background: 'white' },
})
  .composite(tiles)
  .jpeg({ quality: 80 })
  .toFile(out('loop-steps.jpg'));
await picture('noise-channels').jpeg({ quality: 70 }).toFile(out('loop-noise.jpg'));
await picture('conditioning-prompt')
  .resize(768, 192, { kernel: 'nearest', fit: 'fill' })
  .png()
  .toFile(out('loop-embedding.png'));
await sharp(await readFile(join(loop, 'sigmas.svg')))
  .resize(640)
  .flatten({ background: 'white' })
  .png({ palette: true })
  .toFile(out('loop-sigmas.png'));
await picture('picture').resize(256).jpeg({ quality: 88 }).toFile(out('loop-picture.jpg'));
