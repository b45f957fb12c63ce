import { mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { frameCount } from '../src-shared/model/document-types.ts';
import { frameKey } from '../src-shared/model/frame-spec.ts';
import { planFrame } from '../src-shared/model/plan.ts';
import { contextOf } from '../src-main/host/project-frames.ts';
import { hostFromEnvironment } from '../src-main/host-from-environment.ts';

/**
 * Renders the pictures of the start screen: five moments of each example, side by side. Run it after the embedded
 * model has changed: `node scripts/make-posters.ts`, or with the names of some: `node scripts/make-posters.ts inpainting`.
 */
const ROOT = join(import.meta.dirname, '..');
const EXAMPLES = join(ROOT, 'resources', 'examples');
const POSTERS = join(ROOT, 'src-renderer', 'public', 'examples');
const MOMENTS = 5;
const SIDE = 128;

const host = hostFromEnvironment({
  env: process.env,
  platform: process.platform,
  home: homedir(),
  root: ROOT,
  onNote: (message) => console.error(message),
});
mkdirSync(POSTERS, { recursive: true });
const wanted = process.argv.slice(2);
const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'));
const unknown = wanted.filter((name) => !files.includes(`${name}.json`));
if (unknown.length > 0) throw new Error(`There is no example ${unknown.join(', ')} in ${EXAMPLES}.`);
for (const file of files.filter((name) => wanted.length === 0 || wanted.includes(basename(name, '.json')))) {
  const project = await host.openProject(join(EXAMPLES, file));
  const model = await host.models.load(project.document.model, EXAMPLES);
  const context = contextOf(project, model);
  const pictures: Buffer[] = [];
  const last = frameCount(project.document) - 1;
  for (let moment = 0; moment < MOMENTS; moment++) {
    const frame = Math.round((moment * last) / (MOMENTS - 1));
    await host.renderRange(project, model, { from: frame, to: frame });
    const key = frameKey(planFrame(project.document, frame, context));
    pictures.push(Buffer.from(project.cache.getArtifact('frame', key)?.bytes ?? []));
  }
  const width = SIDE * MOMENTS;
  const tiles = await Promise.all(
    pictures.map(async (picture, at) => {
      const { width } = await sharp(picture).metadata();
      // Of pictures smaller than a tile the pixels are kept.
      const input = await sharp(picture)
        .resize(SIDE, SIDE, { kernel: width < SIDE ? 'nearest' : 'lanczos3' })
        .toBuffer();
      return { input, left: at * SIDE, top: 0 };
    }),
  );
  await sharp({ create: { width, height: SIDE, channels: 3, background: '#17171b' } })
    .composite(tiles)
    .webp({ quality: 82 })
    .toFile(join(POSTERS, `${basename(file, '.json')}.webp`));
  project.close();
  console.log(file);
}
await host.dispose();
