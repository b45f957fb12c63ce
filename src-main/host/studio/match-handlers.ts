import { homedir } from 'node:os';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import { type FrameSpec, textsOf } from '../../../src-shared/model/frame-spec.ts';
import { type Matrix, unitRows } from '../../engine/clip/scores.ts';
import { evaluateConditioning } from '../../engine/interpolation/evaluate-conditioning.ts';
import { parsePromptWeights } from '../../engine/text/prompt-weights.ts';
import type { Host } from '../host.ts';
import type { ClipModel } from '../matching.ts';
import { decodeImage } from '../render/frame-codec.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';
import { takeFrame } from './take-frame.ts';

/** Pictures whose embeddings are remembered. */
const REMEMBERED = 1000;

/** How well takes match the prompt of their frame, by a CLIP model. */
export function matchHandlers({
  host,
  projects,
}: {
  readonly host: Host;
  readonly projects: OpenProjects;
}): Pick<Handlers, 'takes.match'> {
  /** Unit embeddings of frames by CLIP model and frame key, the oldest first. */
  const known = new Map<string, readonly number[]>();

  /** The frame's prompt as a unit vector: texts are blended as the frame blends them. */
  const promptVector = async (
    clip: ClipModel,
    { prompt }: FrameSpec,
    signal: AbortSignal,
  ): Promise<readonly number[]> => {
    const texts = textsOf(prompt);
    const { texts: rows } = await host.matching.embed(clip, texts.map(withoutWeights), [], signal);
    const vectors = unitRows(rows);
    const blended = evaluateConditioning(prompt, (text) => {
      const vector = vectors[texts.indexOf(text)]!;
      return { dims: [1, vector.length], data: Float32Array.from(vector) };
    });
    return unitRows(blended)[0]!;
  };

  /** Embeds those of the stored pictures that are not known yet. */
  const picturesOf = async (
    clip: ClipModel,
    open: OpenProject,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly number[] | null)[]> => {
    const nameOf = (key: string): string => `${clip.fingerprint} ${key}`;
    const missing: string[] = [];
    const pictures = [];
    for (const key of new Set(keys)) {
      if (known.has(nameOf(key))) continue;
      const stored = open.project.cache.getArtifact('frame', key);
      if (stored === undefined) continue;
      missing.push(key);
      pictures.push(await decodeImage(stored.bytes, `Frame ${key}`));
    }
    if (pictures.length > 0) {
      const rows: Matrix = unitRows((await host.matching.embed(clip, [], pictures, signal)).pictures);
      for (const [i, key] of missing.entries()) known.set(nameOf(key), rows[i]!);
      for (const name of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(name);
      }
    }
    return keys.map((key) => known.get(nameOf(key)) ?? null);
  };

  return {
    'takes.match': async ({ project: id, frame, takes }, { client, signal }) => {
      const open = projects.get(id, client);
      const installed = await host.matching.usual();
      if (installed === null) return { clip: null, matches: takes.map(() => null) };
      const frames = [];
      for (const take of takes) frames.push(await takeFrame(open, frame, take));
      const [first] = frames;
      const clip = { name: installed.name, title: installed.title };
      if (first === undefined) return { clip, matches: [] };
      const model = await host.matching.load(installed.name, homedir());
      const wanted = await promptVector(model, first.spec, signal);
      const keys = frames.map(({ key }) => key);
      const vectors = await picturesOf(model, open, keys, signal);
      return {
        clip,
        matches: vectors.map((vector) =>
          vector === null ? null : vector.reduce((sum, value, i) => sum + value * wanted[i]!, 0),
        ),
      };
    },
  };
}

/** "(red:1.3) cat" as CLIP should read it: "red cat". */
function withoutWeights(prompt: string): string {
  return parsePromptWeights(prompt)
    .map(({ text }) => text)
    .join('');
}
