/** Perf tools that run, with what they have printed so far. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../errors/errors.ts';
import { NS_PER_MS, nowNs } from '../load/clock.ts';
import { type ProducerSummary, parseConsumerLine, parseProducerLine } from './perf-output.ts';
import { PerfTool, type ToolCommand } from './perf-tool.ts';
import type { TimedWindow } from './series.ts';

const POLL_MS = 20;

/** One process; a consumer has windows and no summaries. */
export interface ClientRun {
  readonly tool: PerfTool;
  readonly windows: readonly TimedWindow[];
  /** Of all its records, and of those after the warm-up. */
  readonly total: ProducerSummary | null;
  readonly steady: ProducerSummary | null;
}

export function startTool(command: ToolCommand): ClientRun {
  const windows: TimedWindow[] = [];
  const run: {
    tool: PerfTool;
    windows: TimedWindow[];
    total: ProducerSummary | null;
    steady: ProducerSummary | null;
  } = {
    windows,
    total: null,
    steady: null,
    tool: new PerfTool(command, (line, endNs) => {
      const found = parseProducerLine(line);
      if (found?.kind === 'window') windows.push({ ...found.window, endNs });
      else if (found?.kind === 'summary') run[found.steady ? 'steady' : 'total'] = found.summary;
      const read = parseConsumerLine(line);
      if (read === null) return;
      const records = read.records - windows.reduce((sum, window) => sum + window.records, 0);
      const seconds = read.recordsPerSecond > 0 ? records / read.recordsPerSecond : 0;
      windows.push({ records, seconds, endNs });
    }),
  };
  return run;
}

/**
 * Runs tools side by side to their ends; they are killed when `signal` aborts.
 *
 * @throws UserError (exit 3) when one of them fails
 */
export async function runTools(
  commands: readonly ToolCommand[],
  signal: AbortSignal | undefined,
): Promise<ClientRun[]> {
  const runs = commands.map(startTool);
  const kill = (): void => {
    for (const { tool } of runs) tool.kill();
  };
  signal?.addEventListener('abort', kill);
  try {
    await Promise.all(runs.map(({ tool }) => tool.end));
  } finally {
    signal?.removeEventListener('abort', kill);
  }
  if (signal?.aborted !== true) for (const run of runs) requireSuccess(run);
  return runs;
}

/** @throws UserError (exit 3) when the tool has ended otherwise than well */
export function requireSuccess({ tool }: ClientRun): void {
  if (tool.endedNs === null || tool.exitCode === 0) return;
  throw new UserError(
    `${tool.name}: expected Kafka's perf tool to run to its end, found exit code ${tool.exitCode}: ${tool.lastWords}`,
    EXIT.clusterUnreachable,
  );
}

/** Looks again and again; false when the condition does not hold before `untilNs`. */
export async function untilTrue(condition: () => boolean, untilNs: number): Promise<boolean> {
  for (;;) {
    if (condition()) return true;
    const leftMs = (untilNs - nowNs()) / NS_PER_MS;
    if (leftMs <= 0) return false;
    await sleep(Math.max(1, Math.min(POLL_MS, leftMs)));
  }
}
