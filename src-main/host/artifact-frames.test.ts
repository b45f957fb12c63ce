import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from '../../src-shared/model/document.ts';
import { draftOf } from '../../src-shared/model/draft.ts';
import { type FrameSpec, frameKey } from '../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import { bestStored, storedFrames } from './artifact-frames.ts';
import { nearestFrames } from './export/frame-sources.ts';
import { encodePng } from './render/frame-codec.ts';
import { openStore } from './store/project-store.ts';

const document = parseDocument({
  format: 'inbetween/1',
  model: 'fluent-world',
  size: { width: 16, height: 16 },
  sampler: { steps: 10 },
  draft: { steps: 4 },
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1 },
    { frame: 4, prompt: 'blue dog' },
  ],
});

test('a film as it is takes the draft of a frame before the final picture of its neighbour', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-stored-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openStore(join(folder, 'film.inbetween'), { create: true, clock: () => 1_700_000_000_000 });
  context.after(() => store.close());
  const defaults = { width: 16, height: 16, steps: 10, guidanceScale: 5, scheduler: 'ddim' as const };
  const planning = { fingerprint: 'f'.repeat(64), defaults, assetKeys: new Map(), embeddings: [] };
  const finals = [0, 1, 2, 3, 4].map((frame) => planFrame(document, frame, planning));
  const draft = (at: number): FrameSpec => {
    const spec = draftOf(document, finals[at] as FrameSpec);
    assert.ok(spec !== null);
    return spec;
  };
  const keep = async (spec: FrameSpec, grey: number): Promise<void> => {
    const bytes = await encodePng({ width: 16, height: 16, data: new Uint8Array(16 * 16 * 3).fill(grey) });
    store.putArtifacts([{ kind: 'frame', key: frameKey(spec), bytes, mediaType: 'image/png' }]);
  };
  assert.deepEqual(bestStored(store, document, finals), [null, null, null, null, null]);

  await keep(finals[0] as FrameSpec, 10);
  await keep(draft(0), 11);
  await keep(draft(1), 21);
  await keep(finals[4] as FrameSpec, 50);
  const best = bestStored(store, document, finals);
  assert.deepEqual(best, [finals[0], draft(1), null, null, finals[4]]);

  const read = storedFrames(
    store,
    best.map((spec, at) => spec ?? (finals[at] as FrameSpec)),
    () => assert.fail('nothing is rendered'),
  );
  const film = nearestFrames(
    read,
    best.map((spec) => spec !== null),
  );
  const shown = await Promise.all(finals.map(async (_, at) => (await film.frame(at))[0]));
  assert.deepEqual(shown, [10, 21, 21, 50, 50]);
});
