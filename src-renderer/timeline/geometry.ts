/** Where frames lie on the screen. Frame f covers the pixels from x(f) to x(f + 1). */
export interface View {
  /** Frame at the left edge; may be fractional. */
  readonly left: number;
  /** Pixels a frame. */
  readonly scale: number;
  /** Pixels. */
  readonly width: number;
}

/** Pixels a frame: from all of 100,000 frames on a screen to one frame as wide as a thumbnail. */
export const SCALE = { min: 0.005, max: 120 } as const;
/** Room behind the last frame when everything is shown, in pixels: for the picture of a key that stands there. */
const MARGIN = 76;

export function xOf(view: View, frame: number): number {
  return (frame - view.left) * view.scale;
}

/** The frame under a pixel, fractional. */
export function frameAt(view: View, x: number): number {
  return view.left + x / view.scale;
}

/** Another scale, with the frame under pixel `x` kept there. */
export function zoomAt(view: View, x: number, factor: number): View {
  const scale = Math.min(SCALE.max, Math.max(SCALE.min, view.scale * factor));
  return { ...view, scale, left: Math.max(0, frameAt(view, x) - x / scale) };
}

export function panBy(view: View, pixels: number, count: number): View {
  const most = Math.max(0, count - view.width / view.scale / 2);
  return { ...view, left: Math.min(most, Math.max(0, view.left + pixels / view.scale)) };
}

/** All frames at once, with `margin` pixels behind the last. */
export function fit(width: number, count: number, margin = MARGIN): View {
  const scale = Math.max(1, width - margin) / Math.max(1, count);
  return { left: 0, width, scale: Math.min(SCALE.max, Math.max(SCALE.min, scale)) };
}

/** First and last frame that show, at least in part. */
export function visible(view: View, count: number): { readonly from: number; readonly to: number } {
  return {
    from: Math.max(0, Math.floor(view.left)),
    to: Math.min(count - 1, Math.ceil(frameAt(view, view.width))),
  };
}

/** Frames between labelled ticks, at least `room` pixels apart: 1, 2, 5 … of frames or whole seconds. */
export function tickStep(view: View, fps: number, unit: 'frames' | 'seconds', room = 56): number {
  const rate = Math.max(1, Math.round(fps));
  const steps =
    unit === 'frames'
      ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
      : [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * rate);
  return steps.find((step) => step * view.scale >= room) ?? (steps.at(-1) as number);
}

/** The nearest of `targets` within `tolerance` pixels of a frame, or the frame itself rounded. */
export function snapped(view: View, frame: number, targets: Iterable<number>, tolerance = 7): number {
  let best = Math.round(frame);
  let distance = tolerance / view.scale;
  for (const target of targets) {
    const away = Math.abs(target - frame);
    if (away <= distance) {
      best = target;
      distance = away;
    }
  }
  return best;
}
