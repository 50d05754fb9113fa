/** A running perf tool: its lines as they come, with the time at which they came, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { nowNs } from '../load/clock.ts';
import { onExit } from '../local/system/on-exit.ts';
import { type MetricLine, parseError, parseMetric } from './perf-output.ts';

export interface ToolCommand {
  /** Name of the process in results, unique in a phase. */
  readonly name: string;
  readonly command: readonly string[];
}

/** Lines kept of a tool that fails, to say why. */
const LAST_LINES = 3;

export class PerfTool {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #metrics: MetricLine[] = [];
  readonly #errors = new Map<string, number>();
  readonly #lastLines: string[] = [];
  #ended: { readonly atNs: number; readonly exitCode: number | null } | null = null;
  /** Settles when the tool has ended and all that it printed was read. */
  readonly end: Promise<void>;

  /** @param onLine is told every line and when it came, in ns of the generator's clock */
  constructor({ name, command }: ToolCommand, onLine: (line: string, atNs: number) => void) {
    this.name = name;
    const [program, ...args] = command;
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const forget = onExit(() => this.kill());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#keep(line);
        onLine(line, nowNs());
      });
    }
    this.end = new Promise((resolve) => {
      const ended = (exitCode: number | null): void => {
        this.#ended ??= { atNs: nowNs(), exitCode };
        forget();
        resolve();
      };
      this.#child.once('error', (error) => {
        this.#keep(error.message);
        ended(null);
      });
      this.#child.once('close', (exitCode) => ended(exitCode));
    });
  }

  /** Null when it could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** When it ended, ns; null while it runs. */
  get endedNs(): number | null {
    return this.#ended?.atNs ?? null;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#ended?.exitCode ?? null;
  }

  /** What it printed last, in one line. */
  get lastWords(): string {
    return this.#lastLines.join(' | ');
  }

  /** Java errors that it told of, with how often each came. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** The sum of a metric over its tags; null when the tool has not printed it. */
  metric(name: string, tags: (tags: string) => boolean = () => true): number | null {
    const found = this.#metrics.filter((metric) => metric.name === name && tags(metric.tags));
    return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
  }

  kill(): void {
    if (this.#ended === null) this.#child.kill('SIGKILL');
  }

  #keep(line: string): void {
    const metric = parseMetric(line);
    if (metric !== null) {
      this.#metrics.push(metric);
      return;
    }
    const error = parseError(line);
    if (error !== null) this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }
}
