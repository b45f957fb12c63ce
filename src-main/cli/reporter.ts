import type { RenderProgress } from '../host/render/render-job.ts';
import type { CliContext } from './context.ts';
import { createProgress, type ProgressPrinter } from './progress.ts';

/** Tells how a job goes: a bar on standard error and, with `--json`, one event a line on standard output. */
export interface Reporter {
  rendering(progress: RenderProgress): void;
  frame(event: { index: number; key: string; costMs: number }): void;
  exporting(progress: { done: number; total: number }): void;
  /** A step of the one frame that is worked on. */
  step(step: number, steps: number, data: Readonly<Record<string, number>>): void;
  /** Repeated messages are shown once, with the frame that they came up at first. */
  note(message: string, frame?: number): void;
  done(event: Readonly<Record<string, unknown>>, sentence: string): void;
  end(): void;
}

export function createReporter(context: CliContext, json: boolean): Reporter {
  const progress: ProgressPrinter = createProgress(context);
  const told = new Set<string>();
  const emit = (event: Readonly<Record<string, unknown>>): void => {
    if (json) context.stdout.write(`${JSON.stringify(event)}\n`);
  };
  let lastDone = -1;
  let workStart: number | undefined;
  return {
    rendering({ done, total, rendered, fraction, remainingMs, frameMs }) {
      const pace = frameMs === undefined ? '' : `  ${(frameMs / 1000).toFixed(2)} s/frame`;
      progress.update({ label: 'Rendering', fraction, detail: `frame ${done}/${total}${pace}`, remainingMs });
      if (done === lastDone) return;
      lastDone = done;
      emit({
        event: 'progress',
        done,
        total,
        rendered,
        etaSeconds: remainingMs === undefined ? null : remainingMs / 1000,
      });
    },
    frame: ({ index, key, costMs }) =>
      emit({ event: 'frame', frame: index, key, milliseconds: Math.round(costMs) }),
    exporting({ done, total }) {
      const now = context.clock();
      workStart ??= now;
      const remainingMs = done < 2 ? undefined : ((now - workStart) / done) * (total - done);
      progress.update({
        label: 'Exporting',
        fraction: total === 0 ? 1 : done / total,
        detail: `${done}/${total}`,
        remainingMs,
      });
    },
    step(step, steps, data) {
      const now = context.clock();
      workStart ??= now;
      const remainingMs = step < 2 ? undefined : ((now - workStart) / (step - 1)) * (steps - step);
      progress.update({
        label: 'Sampling',
        fraction: step / steps,
        detail: `step ${step}/${steps}`,
        remainingMs,
      });
      emit({ event: 'step', step, steps, ...data });
    },
    note(message, frame) {
      if (told.has(message)) return;
      told.add(message);
      progress.message(`Note: ${frame === undefined ? '' : `frame ${frame}: `}${message}`);
      emit({ event: 'note', message, ...(frame === undefined ? {} : { frame }) });
    },
    done(event, sentence) {
      progress.end();
      emit({ event: 'done', ...event });
      if (!json) context.stdout.write(`${sentence}\n`);
    },
    end: () => progress.end(),
  };
}
