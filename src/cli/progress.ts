import { styleText } from 'node:util';
import type { Progress } from '../jobs/progress.ts';

/** The part of a stream that progress needs. */
interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

interface ProgressOptions {
  readonly stream: ProgressStream;
  readonly quiet: boolean;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
}

const LINE_EVERY_MS = 2_000;
const DRAW_EVERY_MS = 100;
const BAR_CELLS = 28;
const COLUMNS_DEFAULT = 80;
const ERASE_LINE = '\r\u001b[2K';
/** Below this share, the time left is a guess that jumps about. */
const FRACTION_FOR_TIME_LEFT_MIN = 0.02;

/** Progress on `stream`: a bar with the time left on a terminal, plain lines elsewhere, nothing when quiet. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.quiet) return silent;
  return options.stream.isTTY === true ? barProgress(options) : lineProgress(options);
}

const ignore = (): void => undefined;
const silent: Progress = { stage: ignore, update: ignore, note: ignore, done: ignore, fail: ignore };

/** At most a line per stage every two seconds, and one when the stage ends. */
function lineProgress({ stream, now }: ProgressOptions): Progress {
  let current: { readonly name: string; readonly startMs: number } | null = null;
  let writtenMs = 0;
  const end = (): void => {
    if (current !== null) stream.write(`${current.name}: done in ${duration(now() - current.startMs)}\n`);
    current = null;
  };
  return {
    stage(name) {
      end();
      writtenMs = now();
      current = { name, startMs: writtenMs };
      stream.write(`${name}\n`);
    },
    update(fraction, detail) {
      const nowMs = now();
      if (current === null || nowMs - writtenMs < LINE_EVERY_MS) return;
      writtenMs = nowMs;
      const parts = [...describeFraction(fraction, nowMs - current.startMs), detail].filter(
        (part) => part !== '',
      );
      stream.write(`${current.name}: ${parts.join(', ')}\n`);
    },
    note: (line) => void stream.write(`${line}\n`),
    done: end,
    fail() {
      current = null;
    },
  };
}

/** One line that is drawn over and over; finished stages and notes stay above it. */
function barProgress({ stream, now }: ProgressOptions): Progress {
  let current: { readonly name: string; readonly startMs: number; line: string } | null = null;
  let drawnMs = Number.NEGATIVE_INFINITY;
  const draw = (line: string): void => {
    drawnMs = now();
    stream.write(`${ERASE_LINE}${line.slice(0, (stream.columns ?? COLUMNS_DEFAULT) - 1)}`);
  };
  const end = (): void => {
    if (current === null) return;
    const tick = styleText('green', '✓', { stream: process.stderr });
    stream.write(`${ERASE_LINE}${tick} ${current.name}  ${duration(now() - current.startMs)}\n`);
    current = null;
  };
  return {
    stage(name) {
      end();
      current = { name, startMs: now(), line: name };
      draw(name);
    },
    update(fraction, detail) {
      if (current === null) return;
      const parts = [...describeFraction(fraction, now() - current.startMs), detail];
      current.line = [current.name, ...(fraction === null ? [] : [bar(fraction)]), ...parts].join('  ');
      if (now() - drawnMs >= DRAW_EVERY_MS || fraction === 1) draw(current.line);
    },
    note(line) {
      stream.write(`${ERASE_LINE}${line}\n`);
      if (current !== null) draw(current.line);
    },
    done: end,
    fail() {
      if (current !== null) stream.write(ERASE_LINE);
      current = null;
    },
  };
}

function bar(fraction: number): string {
  const full = Math.round(within(fraction) * BAR_CELLS);
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
}

function describeFraction(fraction: number | null, elapsedMs: number): readonly string[] {
  if (fraction === null) return [];
  const share = within(fraction);
  const percent = `${Math.floor(share * 100)} %`;
  if (share < FRACTION_FOR_TIME_LEFT_MIN || share === 1) return [percent];
  return [percent, `${duration((elapsedMs * (1 - share)) / share)} left`];
}

function within(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}

function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
