import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import {
  embeddingKey,
  type FrameSpec,
  imageEmbeddingKey,
  type ImageLeaf,
  leavesOf,
  textsOf,
} from '../../../../src-shared/model/frame-spec.ts';
import { clipPicture } from '../../clip/clip-picture.ts';
import { evaluateConditioning, evaluateExpression } from '../../interpolation/evaluate-conditioning.ts';
import type { RenderHooks, SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LearnedVocabulary } from '../learned-rows.ts';
import type { FrameInput } from '../pipeline.ts';
import { wholePicture } from '../picture.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from '../session-io.ts';
import type { KandinskyModel, PriorDescription } from './description.ts';
import { imagine } from './prior.ts';
import { encodeText } from './text.ts';
import { twoTextConditions, twoTextKeys } from './two-texts.ts';
import type { Vocabularies } from './vocabularies.ts';

/** What the decoder is told of one frame, by the U-Net's input names; [1, ...] each. */
export interface Condition {
  readonly [input: string]: Tensor;
}

export interface Conditions {
  readonly conditional: Condition;
  /** Null where guidance is off. */
  readonly unconditional: Condition | null;
  /** The encoded texts that take part, before blending. */
  readonly texts: ReadonlyMap<string, Tensor>;
}

const IMAGE_ENCODER = 'prior_image_encoder';

export function isGuided(spec: FrameSpec): boolean {
  return spec.sampler.guidanceScale > 1;
}

export function encodingKeys(model: KandinskyModel, spec: FrameSpec): string[] {
  if (model.version === '2.0') return twoTextKeys(spec);
  const texts = model.version === '2.2' ? [] : [...new Set([...textsOf(spec.prompt), ''])];
  const leaves = spec.image === undefined ? [] : leavesIn(spec);
  return [
    ...texts.flatMap((text) => Object.values(textKeys(spec, text))),
    ...leaves.map((leaf) => imageEmbeddingKey(spec.model, leaf, spec.text.embeddings)),
  ];
}

function leavesIn({ image }: FrameSpec): ImageLeaf[] {
  return [...leavesOf<ImageLeaf>(image!.positive), ...leavesOf<ImageLeaf>(image!.negative)];
}

function textKeys(spec: FrameSpec, text: string): { states: string; pooled: string } {
  return {
    states: embeddingKey(spec.model, text, spec.text),
    pooled: embeddingKey(spec.model, text, spec.text, 'pooled'),
  };
}

/** Texts and pictures encoded (or taken from what is stored), and the frame's expressions over them evaluated. */
export async function conditionsOf(
  source: SessionSource,
  model: KandinskyModel,
  vocabularies: Vocabularies,
  frame: FrameInput,
  hooks: RenderHooks,
): Promise<Conditions> {
  const { spec } = frame;
  const guided = isGuided(spec);
  if (model.prior === null) {
    const { text_encoder: first, text_encoder_2: second } = vocabularies.decoder;
    return twoTextConditions(source, [first!, second!], frame, guided, hooks);
  }
  const { prior } = model;
  if (spec.image === undefined) {
    throw new AppError('internal', 'The frame was planned for a model that is told no image embedding.');
  }
  const embeddings = new Map<string, Tensor>();
  for (const leaf of leavesIn(spec)) {
    const key = imageEmbeddingKey(spec.model, leaf, spec.text.embeddings);
    if (!embeddings.has(key))
      embeddings.set(key, await embeddingOf(source, prior, vocabularies.prior!, frame, leaf, hooks));
  }
  const lookup = (leaf: ImageLeaf): Tensor =>
    embeddings.get(imageEmbeddingKey(spec.model, leaf, spec.text.embeddings))!;
  const image = (of: 'positive' | 'negative'): Tensor =>
    evaluateExpression<ImageLeaf>(spec.image![of], lookup);
  const text = await textConditions(source, vocabularies.decoder['text_encoder'], frame, guided, hooks);
  return {
    conditional: { ...text.conditional, image_embeds: image('positive') },
    unconditional: guided ? { ...text.unconditional, image_embeds: image('negative') } : null,
    texts: text.texts,
  };
}

async function textConditions(
  source: SessionSource,
  decoder: LearnedVocabulary | undefined,
  { spec, encodings }: FrameInput,
  guided: boolean,
  hooks: RenderHooks,
): Promise<{ conditional: Condition; unconditional: Condition; texts: ReadonlyMap<string, Tensor> }> {
  if (decoder === undefined) return { conditional: {}, unconditional: {}, texts: new Map() };
  const states = new Map<string, Tensor>();
  const pooled = new Map<string, Tensor>();
  for (const text of new Set([...textsOf(spec.prompt), ...(guided ? [''] : [])])) {
    const found = await encodings.get(textKeys(spec, text), async () => {
      throwIfCancelled(hooks.signal, 'The frame');
      const encoded = await encodeText(source, 'text_encoder', decoder, text, { stressed: true });
      return { states: encoded.states, pooled: encoded.pooled };
    });
    states.set(text, found.states);
    pooled.set(text, found.pooled);
  }
  return {
    conditional: {
      encoder_hidden_states: evaluateConditioning(spec.prompt, (text) => states.get(text)!),
      text_embeds: evaluateConditioning(spec.prompt, (text) => pooled.get(text)!),
    },
    unconditional: guided ? { encoder_hidden_states: states.get('')!, text_embeds: pooled.get('')! } : {},
    texts: states,
  };
}

async function embeddingOf(
  source: SessionSource,
  prior: PriorDescription,
  vocabulary: LearnedVocabulary,
  { spec, encodings, wholeAssets }: FrameInput,
  leaf: ImageLeaf,
  hooks: RenderHooks,
): Promise<Tensor> {
  if (leaf.kind === 'zero') return prior.zero;
  const { embedding } = await encodings.get(
    { embedding: imageEmbeddingKey(spec.model, leaf, spec.text.embeddings) },
    async () => {
      throwIfCancelled(hooks.signal, 'The frame');
      if (leaf.kind === 'prior') {
        return { embedding: await imagine(source, prior, vocabulary, leaf, hooks) };
      }
      const picture = wholePicture(wholeAssets, leaf.asset);
      return { embedding: await encodePicture(source, clipPicture(picture, prior.preprocessor)) };
    },
  );
  return embedding;
}

async function encodePicture(source: SessionSource, pixels: Tensor): Promise<Tensor> {
  if (!source.has(IMAGE_ENCODER)) {
    throw new AppError(
      'invalid-model',
      'Pictures as conditions need the model folder to have prior_image_encoder/model.onnx, and it has none.',
    );
  }
  const session = await source.session(IMAGE_ENCODER);
  const input = requireTensor(IMAGE_ENCODER, 'input', session.inputs, ['pixel_values'], [4]);
  const output = requireTensor(IMAGE_ENCODER, 'output', session.outputs, ['image_embeds'], [2]);
  const results = await runSession(session, IMAGE_ENCODER, 'looking at the picture', {
    [input.name]: toPort(input, pixels.dims, pixels.data),
  });
  const embedding = fromPort(IMAGE_ENCODER, output.name, results[output.name]);
  requireFinite(embedding.data, "The picture's embedding");
  return embedding;
}
