import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import type { ImageLeaf } from '../../../../src-shared/model/frame-spec.ts';
import type { RenderHooks, SessionSource } from '../../ports.ts';
import { createOriginalPrior } from '../../schedulers/kandinsky/original-prior.ts';
import type { PriorSampler } from '../../schedulers/kandinsky/prior-sampler.ts';
import { createUnclip } from '../../schedulers/kandinsky/unclip.ts';
import { guide } from '../../schedulers/guidance.ts';
import { add, multiply } from '../../tensor/ops.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LearnedVocabulary } from '../learned-rows.ts';
import { type NoiseStream, openNoise } from '../noise-stream.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from '../session-io.ts';
import { rowOf, stacked } from './batches.ts';
import type { PriorDescription } from './description.ts';
import { type EncodedText, encodeText } from './text.ts';
import { PRIOR_TEXT_ENCODER } from './vocabularies.ts';

export type PriorLeaf = Extract<ImageLeaf, { kind: 'prior' }>;
type Method = Pick<PriorLeaf, 'method' | 'steps' | 'rows'>;

const PRIOR = 'prior';

/** @throws {AppError} `invalid-input` for steps that the method does not run */
export function priorSampler(prior: PriorDescription, { method, steps }: Method): PriorSampler {
  switch (method) {
    case 'unclip':
      return createUnclip(prior.scheduler, steps);
    case 'ancestral':
      return createOriginalPrior(String(steps));
    case 'ddim':
      return createOriginalPrior(`ddim${steps}`);
  }
}

/** Draws, and forgets, what `runs` runs of the prior draw: what comes after them begins there. */
export function passRuns(prior: PriorDescription, method: Method, runs: number, noise: NoiseStream): void {
  if (runs === 0) return;
  const sampler = priorSampler(prior, method);
  const dims = [method.rows, prior.mean.dims[1]!];
  const draws = 1 + sampler.timesteps.filter((_, step) => sampler.drawsAt(step)).length;
  for (let i = 0; i < runs * draws; i++) noise.next(dims);
}

/** The picture embedding [1, width] that the prior imagines for a text. */
export async function imagine(
  source: SessionSource,
  prior: PriorDescription,
  vocabulary: LearnedVocabulary,
  leaf: PriorLeaf,
  hooks: RenderHooks,
): Promise<Tensor> {
  if (leaf.method === 'ddim' && leaf.rows === 1) {
    throw new AppError(
      'invalid-input',
      `The prior's steps are "ddim${leaf.steps}", which is the original samplers' way; accepted here: a whole number, or the scheduler p_sampler, ddim_sampler or plms_sampler.`,
    );
  }
  const sampler = priorSampler(prior, leaf);
  const encode = (text: string): Promise<EncodedText> =>
    encodeText(source, PRIOR_TEXT_ENCODER, vocabulary, text, {
      stressed: false,
      atGreatestId: leaf.method !== 'unclip',
    });
  const guided = leaf.guidanceScale > 1;
  const texts = guided ? [await encode(leaf.negative), await encode(leaf.text)] : [await encode(leaf.text)];
  const predict = await openPrior(source, texts);

  const noise = openNoise(leaf.noise);
  passRuns(prior, leaf, leaf.run, noise);
  const dims = [leaf.rows, prior.mean.dims[1]!];
  const draw = (): Tensor => rowOf(noise.next(dims), leaf.row);
  let sample = draw();
  for (const [step, timestep] of sampler.timesteps.entries()) {
    await hooks.yield?.();
    throwIfCancelled(hooks.signal, 'The frame');
    const rows = await predict(sample, timestep);
    const [first, second] = rows as [Tensor, Tensor?];
    const clean = second === undefined ? first : guide(first, second, leaf.guidanceScale);
    sample = sampler.step(clean, sample, step, sampler.drawsAt(step) ? draw() : null);
    requireFinite(sample.data, `The prior's embedding after step ${step + 1}`);
  }
  return add(multiply(sample, prior.std), prior.mean);
}

/** The prior bound to texts: one prediction [1, width] of the clean embedding for each of them. */
async function openPrior(
  source: SessionSource,
  texts: readonly EncodedText[],
): Promise<(sample: Tensor, timestep: number) => Promise<Tensor[]>> {
  const session = await source.session(PRIOR);
  const input = (name: string) => requireTensor(PRIOR, 'input', session.inputs, [name]);
  const [sampleIn, timeIn, pooledIn, statesIn, maskIn] = [
    input('hidden_states'),
    input('timestep'),
    input('proj_embedding'),
    input('encoder_hidden_states'),
    input('attention_mask'),
  ];
  const output = requireTensor(PRIOR, 'output', session.outputs, ['predicted_image_embedding'], [2]);
  const pooled = stacked(texts.map((text) => text.pooled));
  const states = stacked(texts.map((text) => text.states));
  const mask = texts.flatMap((text) => text.mask);
  const constant = {
    [pooledIn.name]: toPort(pooledIn, pooled.dims, pooled.data),
    [statesIn.name]: toPort(statesIn, states.dims, states.data),
    [maskIn.name]: toPort(maskIn, [texts.length, states.dims[1]!], mask),
  };
  return async (sample, timestep) => {
    const rows = stacked(texts.map(() => sample));
    const results = await runSession(session, PRIOR, 'imagining the picture', {
      ...constant,
      [sampleIn.name]: toPort(sampleIn, rows.dims, rows.data),
      [timeIn.name]: toPort(timeIn, timeIn.dims.length === 0 ? [] : [1], [timestep]),
    });
    const predicted = fromPort(PRIOR, output.name, results[output.name]);
    return texts.map((_, i) => rowOf(predicted, i));
  };
}
