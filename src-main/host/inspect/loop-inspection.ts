import type {
  InspectionEnd,
  InspectionStart,
  InspectionStep,
  StepTensor,
} from '../../../src-shared/contract/inspection.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { type FrameSpec, frameKey, textsOf } from '../../../src-shared/model/frame-spec.ts';
import type { LoopSchedule } from '../../engine/loop-observer.ts';
import type { Observation } from '../../engine/observe-frame.ts';
import { sigmaOf } from '../../engine/schedulers/noise-level.ts';
import { sameTensor, type Tensor } from '../../engine/tensor/tensor.ts';
import { describeNoise } from './describe-noise.ts';
import { type KeepPicture, viewEmbedding, viewLatents } from './views.ts';

export interface LoopInspectionPorts {
  readonly frame: number;
  readonly spec: FrameSpec;
  /** What the engine tells, held between two observations. */
  readonly observations: AsyncGenerator<Observation>;
  readonly keep: KeepPicture;
  /** The stored latents of the frame, if there are. */
  stored(): Tensor | undefined;
}

/** One frame's loop, step by step, in numbers and pictures. */
export interface LoopInspection {
  /** The loop stands before its first step afterwards. */
  start(): Promise<InspectionStart>;
  /** @throws {AppError} invalid-input after the end; whatever the engine says */
  next(): Promise<{ readonly step: InspectionStep } | { readonly end: InspectionEnd }>;
  /**
   * A tensor of a step that was shown; step 0 has the starting latents as `next`, the starting noise as `input`.
   * @throws {AppError} invalid-input naming the steps there are
   */
  tensor(step: number, name: StepTensor): Tensor;
  /** Embeddings that the model is given; `texts` are those of single prompts. After {@link start}. */
  readonly embeddings: {
    readonly texts: readonly Tensor[];
    readonly prompt: Tensor;
    readonly negative: Tensor | null;
  };
  /** Breaks the loop off. */
  close(): Promise<void>;
}

type Kept = Readonly<Partial<Record<StepTensor, Tensor | null>>>;
type Told<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>;

export function createLoopInspection({
  frame,
  spec,
  observations,
  keep,
  stored,
}: LoopInspectionPorts): LoopInspection {
  const kept: Kept[] = [];
  let embeddings: LoopInspection['embeddings'] | undefined;
  let sigmas: readonly number[] = [];

  const take = async (): Promise<Observation> => {
    const { value, done } = await observations.next();
    if (done === true || value === undefined) {
      throw new AppError('invalid-input', 'The inspection is over; start it once more to see it again.');
    }
    return value;
  };

  const stepOf = async (told: Told<'stepped'>): Promise<InspectionStep> => {
    const { step, steps, timestep, colours } = told;
    const { next, noise, guided, denoised, input, conditional, unconditional } = told;
    kept[step] = { next, noise, guided, denoised, input, conditional, unconditional };
    const name = (tensor: string): string => `step-${String(step).padStart(3, '0')}-${tensor}`;
    return {
      step,
      steps,
      timestep,
      sigma: sigmas[step - 1] ?? 0,
      sigmaNext: sigmas[step] ?? 0,
      next: await viewLatents(name('latents'), next, colours.next, keep),
      noise: await viewLatents(name('noise'), noise, colours.noise, keep),
      guided: await viewLatents(name('output'), guided, null, keep),
      denoised: await viewLatents(name('x0'), denoised, colours.denoised, keep),
      input: await viewLatents(name('input'), input, null, keep),
      conditional: await viewLatents(name('conditional'), conditional, null, keep),
      unconditional:
        unconditional === null ? null : await viewLatents(name('unconditional'), unconditional, null, keep),
    };
  };

  return {
    async start() {
      const conditioned = await take();
      const started = await take();
      if (conditioned.kind !== 'conditioned' || started.kind !== 'started') {
        throw new AppError('invalid-input', 'Frames of this kind of model cannot be inspected yet.');
      }
      const { texts, prompt, negative } = conditioned;
      embeddings = { texts: texts.map(({ embedding }) => embedding), prompt, negative };
      sigmas = sigmasOf(started.schedule);
      kept[0] = { next: started.latents, input: started.noise };
      const uses = {
        prompt: textsOf(spec.prompt),
        negative: negative === null ? [] : textsOf(spec.negative),
      };
      const { levels: _, ...schedule } = started.schedule;
      return {
        frame,
        key: frameKey(spec),
        width: spec.width,
        height: spec.height,
        noiseOf: describeNoise(spec.noise),
        guidanceScale: spec.sampler.guidanceScale,
        texts: await Promise.all(
          texts.map(async ({ text, tokens, embedding }, i) => ({
            text,
            uses: (['prompt', 'negative'] as const).filter((use) => uses[use].includes(text)),
            encoders: tokens,
            embedding: await viewEmbedding(`embedding-${i + 1}`, embedding, keep),
          })),
        ),
        prompt: await viewEmbedding('conditioning-prompt', prompt, keep),
        negative: negative === null ? null : await viewEmbedding('conditioning-negative', negative, keep),
        schedule: { ...schedule, sigmas },
        noise: await viewLatents('noise', started.noise, null, keep),
        latents: await viewLatents('step-000-latents', started.latents, null, keep),
      };
    },
    async next() {
      const told = await take();
      if (told.kind === 'stepped') return { step: await stepOf(told) };
      if (told.kind !== 'finished')
        throw new AppError('internal', `The loop told "${told.kind}" out of turn.`);
      const { latents, image, notes } = told.result;
      const before = stored();
      return {
        end: {
          latents: await viewLatents('final-latents', latents, null, keep),
          picture: await keep('picture', image),
          notes: notes.map(({ message }) => message),
          equalsStored: before === undefined ? null : sameTensor(before, latents),
        },
      };
    },
    tensor(step, name) {
      const found = kept[step]?.[name];
      if (found !== undefined && found !== null) return found;
      throw new AppError(
        'invalid-input',
        `Step ${step} has no tensor "${name}"; the inspection has shown the steps 0 to ${kept.length - 1}${kept[step] === undefined ? '' : ', and guidance may be off'}.`,
      );
    },
    get embeddings() {
      if (embeddings === undefined) throw new AppError('internal', 'The inspection was not started.');
      return embeddings;
    },
    close: async () => void (await observations.return(undefined)),
  };
}

/** The scheduler's own, or what its forward process says of methods that have none; 0 after the last step. */
function sigmasOf({ sigmas, levels, timesteps }: LoopSchedule): number[] {
  if (sigmas.length > timesteps.length) return sigmas.slice(0, timesteps.length + 1);
  return [...levels.map(sigmaOf), 0];
}
