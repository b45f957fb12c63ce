import { AppError } from '../../src-shared/kernel/errors.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { draftOf } from '../../src-shared/model/draft.ts';
import { type FrameSpec, frameKey, latentsKey } from '../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../engine/tensor/tensor.ts';
import type { FrameSource } from './export/types.ts';
import { decodeImage } from './render/frame-codec.ts';
import type { FrameCache } from './render/ports.ts';
import type { ArtifactInput, ArtifactStore } from './store/store-types.ts';
import { decodeTensor, encodeTensor, TENSOR_MEDIA_TYPE } from './store/tensor-codec.ts';

/** The store as the render job sees it: pictures as PNG, latents and embeddings as tensors. */
export function frameCacheOf(store: ArtifactStore): FrameCache {
  return {
    hasFrames(keys) {
      const present = store.hasArtifacts('frame', keys);
      store.touchArtifacts('frame', present);
      return present;
    },
    embedding(key) {
      const artifact = store.getArtifact('embedding', key);
      return artifact === undefined ? undefined : decodeTensor(artifact.bytes);
    },
    put(frame) {
      const embeddings: ArtifactInput[] = Object.entries(frame.embeddings).map(([key, tensor]) => ({
        kind: 'embedding',
        key,
        bytes: encodeTensor(tensor),
        mediaType: TENSOR_MEDIA_TYPE,
      }));
      store.putArtifacts([
        {
          kind: 'frame',
          key: frame.frameKey,
          bytes: frame.png,
          mediaType: 'image/png',
          meta: { width: frame.width, height: frame.height },
          costMs: frame.costMs,
        },
        {
          kind: 'latents',
          key: frame.latentsKey,
          bytes: encodeTensor(frame.latents),
          mediaType: TENSOR_MEDIA_TYPE,
          costMs: frame.costMs,
        },
        ...embeddings,
      ]);
    },
  };
}

/** The final latents of a frame that was rendered before. */
export function storedLatents(store: ArtifactStore, spec: FrameSpec): Tensor | undefined {
  const artifact = store.getArtifact('latents', latentsKey(spec));
  return artifact === undefined ? undefined : decodeTensor(artifact.bytes);
}

/** The best stored picture of each frame: its final one, else its draft; null where there is neither. */
export function bestStored(
  store: Pick<ArtifactStore, 'hasArtifacts'>,
  document: ProjectDocument,
  finals: readonly FrameSpec[],
): (FrameSpec | null)[] {
  const keys = finals.map(frameKey);
  const stored = store.hasArtifacts('frame', keys);
  const best = finals.map((spec, at) => (stored.has(keys[at] as string) ? spec : null));
  const drafts = new Map<string, { readonly at: number; readonly spec: FrameSpec }[]>();
  finals.forEach((final, at) => {
    const spec = best[at] === null ? draftOf(document, final) : null;
    if (spec === null) return;
    const key = frameKey(spec);
    drafts.set(key, [...(drafts.get(key) ?? []), { at, spec }]);
  });
  for (const key of store.hasArtifacts('frame', [...drafts.keys()]))
    for (const { at, spec } of drafts.get(key) ?? []) best[at] = spec;
  return best;
}

/**
 * Stored frames as an exporter reads them. `renderAgain` is called for a picture that turns out to be damaged or
 * evicted since it was rendered.
 */
export function storedFrames(
  store: ArtifactStore,
  specs: readonly FrameSpec[],
  renderAgain: (spec: FrameSpec) => Promise<void>,
): FrameSource {
  const first = specs[0];
  if (first === undefined) throw new AppError('invalid-input', 'There are no frames to export.');
  return {
    count: specs.length,
    width: first.width,
    height: first.height,
    async frame(index) {
      const spec = specs[index] as FrameSpec;
      const key = frameKey(spec);
      let artifact = store.getArtifact('frame', key);
      if (artifact === undefined) {
        await renderAgain(spec);
        artifact = store.getArtifact('frame', key);
      }
      if (artifact === undefined)
        throw new AppError('storage-failed', `Frame ${index} was rendered but is not in ${store.file}.`);
      return (await decodeImage(artifact.bytes, `frame ${index}`)).data;
    },
  };
}
