import type { Page } from 'playwright-core';

/** What the page's thread did while it was watched, milliseconds. */
export interface ThreadWork {
  /** One a frame of the screen: all that the thread did since the frame before, scripts, styles, layout and paint. */
  readonly frames: readonly Work[];
  /** One a task: what a task takes, nothing else can happen in. */
  readonly tasks: readonly Work[];
}

interface Work {
  readonly wall: number;
  /** Of the processor: steadier than the clock while other programs run. */
  readonly cpu: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
const TASK = 'RunTask';
/** Chromium's name of the end of a frame: what was painted goes to the screen. */
const FRAME = 'Commit';

/** Runs `work` and tells, from Chromium's own trace, what the page's main thread did meanwhile. */
export async function watchThread(page: Page, work: () => Promise<void>): Promise<ThreadWork> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('The page has no browser that could be traced.');
  await browser.startTracing(page, { categories: CATEGORIES });
  await work();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return workOf(mainThread(trace.traceEvents));
}

/** The events of the page: of all renderers' main threads the busiest. */
function mainThread(events: readonly TraceEvent[]): TraceEvent[] {
  const threads = events
    .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
    .map(({ pid, tid }) => events.filter((event) => event.pid === pid && event.tid === tid));
  const busy = (thread: readonly TraceEvent[]): number =>
    thread.reduce((sum, { name, dur }) => sum + (name === TASK ? (dur ?? 0) : 0), 0);
  const busiest = threads.toSorted((a, b) => busy(b) - busy(a))[0];
  if (busiest === undefined) throw new Error('The trace has no thread of the page.');
  return busiest.toSorted((a, b) => a.ts - b.ts);
}

function workOf(events: readonly TraceEvent[]): ThreadWork {
  const shown = events.filter(({ name }) => name === FRAME).map(({ ts }) => ts);
  const tasks: Work[] = [];
  const frames: Work[] = [];
  let since: Work = { wall: 0, cpu: 0 };
  let next = 0;
  for (const { name, ph, ts, dur = 0, tdur = 0 } of events) {
    if (name !== TASK || ph !== 'X') continue;
    const task = { wall: dur / 1000, cpu: tdur / 1000 };
    tasks.push(task);
    since = { wall: since.wall + task.wall, cpu: since.cpu + task.cpu };
    // A frame is one task: scripts' animation callbacks, styles, layout, paint. What came before led to it.
    if (shown[next] === undefined || (shown[next] as number) > ts + dur) continue;
    while (shown[next] !== undefined && (shown[next] as number) <= ts + dur) next += 1;
    frames.push(since);
    since = { wall: 0, cpu: 0 };
  }
  return { frames, tasks };
}
