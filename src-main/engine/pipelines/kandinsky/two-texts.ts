import { throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import {
  type Conditioning,
  embeddingKey,
  type FrameSpec,
  textsOf,
} from '../../../../src-shared/model/frame-spec.ts';
import { evaluateConditioning } from '../../interpolation/evaluate-conditioning.ts';
import type { RenderHooks, SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LearnedVocabulary } from '../learned-rows.ts';
import type { FrameInput } from '../pipeline.ts';
import type { Condition, Conditions } from './conditions.ts';
import { encodeRows, encodeText } from './text.ts';

/** Where the parts of a prompt's encoding are kept. */
interface Keys {
  readonly states: string;
  readonly pooled: string;
  readonly second: string;
}

type Encoded = Readonly<Record<keyof Keys, Tensor>>;

export function twoTextKeys(spec: FrameSpec): string[] {
  return textsIn(spec, true).flatMap((text) => Object.values(keysOf(spec, text)));
}

/**
 * What Kandinsky 2.0's decoder is told: a prompt by the rows of both text encoders and the first one's pooled vector.
 * The original always leads away from an empty prompt; a negative prompt stands in its place.
 */
export async function twoTextConditions(
  source: SessionSource,
  vocabularies: readonly [LearnedVocabulary, LearnedVocabulary],
  { spec, encodings }: FrameInput,
  guided: boolean,
  hooks: RenderHooks,
): Promise<Conditions> {
  const encoded = new Map<string, Encoded>();
  for (const text of textsIn(spec, guided)) {
    const found = await encodings.get(keysOf(spec, text), async () => {
      throwIfCancelled(hooks.signal, 'The frame');
      const { states, pooled } = await encodeText(source, 'text_encoder', vocabularies[0], text, {
        stressed: true,
      });
      const second = await encodeRows(source, 'text_encoder_2', vocabularies[1], text);
      return { states, pooled, second };
    });
    encoded.set(text, found);
  }
  const part = (conditioning: Conditioning, of: keyof Keys): Tensor =>
    evaluateConditioning(conditioning, (text) => encoded.get(text)![of]);
  const told = (conditioning: Conditioning): Condition => ({
    encoder_hidden_states: part(conditioning, 'states'),
    text_embeds: part(conditioning, 'pooled'),
    encoder_hidden_states_2: part(conditioning, 'second'),
  });
  return {
    conditional: told(spec.prompt),
    unconditional: guided ? told(spec.negative) : null,
    texts: new Map([...encoded].map(([text, { states }]) => [text, states])),
  };
}

function textsIn(spec: FrameSpec, guided: boolean): string[] {
  return [...new Set([...textsOf(spec.prompt), ...(guided ? textsOf(spec.negative) : [])])];
}

function keysOf(spec: FrameSpec, text: string): Keys {
  const key = (part?: string): string => embeddingKey(spec.model, text, spec.text, part);
  return { states: key(), pooled: key('pooled'), second: key('second') };
}
