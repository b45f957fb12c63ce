import { openStore } from './project-store.ts';
import { testArtifact } from './test-folder.ts';

/**
 * For the kill tests: saves without end and says on stdout what was saved, after it was. Opens and closes the file
 * again and again, so that a kill falls into these as well. Arguments: file, a name for this writer.
 */
const [file = '', writer = ''] = process.argv.slice(2);
for (let round = 0; ; round += 1) {
  const store = openStore(file, { create: true, clock: Date.now, maxBytes: 4 << 20 });
  for (let frame = 0; frame < 12; frame += 1) {
    const name = `${writer} ${round} ${frame}`;
    const size = 1000 + ((round * 12 + frame) % 7) * 30_000;
    store.putArtifacts([
      testArtifact('frame', name, size),
      testArtifact('latents', name, 16_384),
      testArtifact('embedding', name, 4000),
    ]);
    const revision = store.transact(() => {
      const current = store.document()?.revision ?? 0;
      const history = { label: name, diff: JSON.stringify(name) };
      return store.saveDocument(JSON.stringify({ name }), { expectedRevision: current, history }).revision;
    });
    process.stdout.write(`${JSON.stringify({ name, revision })}\n`);
  }
  store.close();
}
