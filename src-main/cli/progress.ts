import type { CliContext } from './context.ts';

export interface ProgressLine {
  /** What is going on, for example "Rendering". */
  readonly label: string;
  /** 0..1 */
  readonly fraction: number;
  /** For example "frame 12/25". */
  readonly detail: string;
  readonly remainingMs?: number | undefined;
}

export interface ProgressPrinter {
  update(line: ProgressLine): void;
  /** A message on a line of its own. */
  message(text: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** Terminals are repainted this often at most; logs get a line every so often. */
const REPAINT_MS = 80;
const LOG_MS = 5000;

/** A bar with the time left on a terminal, a line now and then elsewhere; all on standard error. */
export function createProgress({ stderr, clock }: CliContext): ProgressPrinter {
  const terminal = stderr.isTTY === true;
  let last = Number.NEGATIVE_INFINITY;
  let logged = clock();
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write('\r\x1b[2K');
    shown = false;
  };
  return {
    update(line) {
      const now = clock();
      if (terminal) {
        if (now - last < REPAINT_MS && line.fraction < 1) return;
        last = now;
        clear();
        stderr.write(barOf(line, stderr.columns ?? 80));
        shown = true;
      } else if (now - logged >= LOG_MS) {
        logged = now;
        stderr.write(`${textOf(line)}\n`);
      }
    },
    message(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    end: clear,
  };
}

function textOf({ label, fraction, detail, remainingMs }: ProgressLine): string {
  const left = remainingMs === undefined ? '' : `, ${duration(remainingMs)} left`;
  return `${label} ${Math.floor(fraction * 100)} % (${detail}${left})`;
}

function barOf(line: ProgressLine, columns: number): string {
  const left = line.remainingMs === undefined ? '' : `  ${duration(line.remainingMs)} left`;
  const text = `${String(Math.floor(line.fraction * 100)).padStart(3)} %  ${line.detail}${left}`;
  const room = Math.max(8, Math.min(32, columns - line.label.length - text.length - 4));
  const filled = Math.round(line.fraction * room);
  return `${line.label} ${'█'.repeat(filled)}${'░'.repeat(room - filled)} ${text}`;
}

/** Milliseconds as people say it: "12 s", "3 min 05 s", "1 h 20 min". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Bytes as people say it: "812 B", "41 KB", "5.3 MB". */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
