import { div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { weightedSum } from '../tensor/ops.ts';
import { readConfig } from './config-reader.ts';
import { distilledTimesteps } from './distilled-timesteps.ts';
import { readNoiseSchedule } from './noise-schedule.ts';
import { addNoiseAtAlpha, cleanFromAlpha, noiseFromAlpha, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { requireFiniteSignal } from './zero-snr.ts';

const DEFAULT_GAMMA = 0.3;

/**
 * "Trajectory Consistency Distillation" (arXiv 2402.19159), strategic stochastic sampling; γ is the options' eta
 * (default 0.3). Noise is drawn at every step but the last, and not at all with γ = 0.
 * Reference: TCDScheduler, diffusers 0.42.1.
 */
export function createTcd(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'tcd');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    zeroSnr: 'zero',
  });
  const prediction = readPredictionType(reader);
  const timesteps = distilledTimesteps(reader, 'tcd', options, trainTimesteps);
  requireFiniteSignal(reader, prediction, { kind: 'none' }, timesteps, alphasCumprod);
  const gamma = options.eta ?? DEFAULT_GAMMA;
  const drawsNoise = (evaluation: number): boolean => gamma > 0 && evaluation < timesteps.length - 1;

  return {
    name: 'tcd',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes: [],
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: ({ evaluation }) => drawsNoise(evaluation),
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const previous = timesteps[evaluation + 1] ?? 0;
      const alpha = alphasCumprod[timesteps[evaluation]!]!;
      const alphaPrevious = alphasCumprod[previous]!;
      const alphaS = alphasCumprod[Math.floor(mul32(1 - gamma, previous))]!;
      const denoised = cleanFromAlpha(prediction, modelOutput, sample, alpha);
      const predictedNoise = noiseFromAlpha(prediction, modelOutput, sample, alpha);
      const noised = weightedSum([sqrt32(alphaS), denoised], [sqrt32(sub32(1, alphaS)), predictedNoise]);
      const state = { evaluation: evaluation + 1, history: [], scalars: {} };
      if (!drawsNoise(evaluation)) return { sample: noised, state, denoised };
      const share = div32(alphaPrevious, alphaS);
      const next = weightedSum([sqrt32(share), noised], [sqrt32(sub32(1, share)), requireNoise(noise)]);
      return { sample: next, state, denoised };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, alphasCumprod[timesteps[evaluation]!]!),
  };
}
