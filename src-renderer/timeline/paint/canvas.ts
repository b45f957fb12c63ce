import { devicePixelRatio } from 'svelte/reactivity/window';

/** Colours as the style sheet has them. */
export type Paint = (variable: string) => string;

export interface Canvas {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

const paints = new Map<string | undefined, Map<string, string>>();

/**
 * The colours of the theme that is on. A style sheet says them once for all: asking it while a window opens would have
 * the styles of everything computed first.
 */
export function themePaint(): Paint {
  const { theme } = document.documentElement.dataset;
  const known = paints.get(theme) ?? new Map<string, string>();
  paints.set(theme, known);
  return (variable) => {
    const found = known.get(variable) ?? getComputedStyle(document.body).getPropertyValue(variable);
    known.set(variable, found);
    return found;
  };
}

/** A canvas at the screen's own resolution, cleared. An effect that paints with it does so anew when that changes. */
export function prepare(element: HTMLCanvasElement, width: number, height: number): Canvas | undefined {
  const context = element.getContext('2d');
  if (context === null || width < 1) return undefined;
  const ratio = devicePixelRatio.current ?? 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== w || element.height !== h) {
    element.width = w;
    element.height = h;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
