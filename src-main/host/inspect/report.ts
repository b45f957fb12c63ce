import type {
  InspectionEnd,
  InspectionStart,
  InspectionStep,
} from '../../../src-shared/contract/inspection.ts';

/** What `inbetween inspect` writes as inspection.json; pictures are file names in `pictures`. */
export interface InspectionReport {
  readonly format: 'inbetween-inspection/1';
  readonly project: string;
  readonly model: string;
  readonly start: InspectionStart;
  readonly steps: readonly InspectionStep[];
  readonly end: InspectionEnd;
  /** Pictures of the model's own decoder by tensor, e.g. `step-001-latents`; only where asked for. */
  readonly decoded: Readonly<Record<string, string>>;
}

/** What the columns of a step show, and what their files are called. */
export const SHOWN = [
  { tensor: 'next', file: 'latents', title: 'Latents after the step' },
  { tensor: 'noise', file: 'noise', title: 'Predicted noise' },
  { tensor: 'denoised', file: 'x0', title: 'Predicted x0' },
] as const;

export function stepName(step: number, file: string): string {
  return `step-${String(step).padStart(3, '0')}-${file}`;
}

/** What a model's output is called in plain words. */
export function predictionWord(prediction: InspectionStart['schedule']['prediction']): string {
  return { epsilon: 'noise', v_prediction: 'velocity', sample: 'clean latents' }[prediction];
}
