/** `brokertwin simulate`: the predicting arm alone. */
import { rmSync, statSync } from 'node:fs';
import { predict, type TraceOptions } from '../arms/predict.ts';
import { EXIT } from '../errors/errors.ts';
import { writeReport } from '../report/report.ts';
import { compareResults } from '../result/comparison.ts';
import { resultHash } from '../result/hash.ts';
import { simulationJson } from '../result/json.ts';
import { evaluateLevels } from '../result/levels.ts';
import { writePerfetto } from '../trace/perfetto.ts';
import { unfinishedTrace } from '../trace/start-trace.ts';
import { TraceFile } from '../trace/trace-file.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { runDirectory } from './run-directory.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';
import { identityLine, levelLines, resultLines } from './summary.ts';

export interface SimulateOptions extends ScenarioInput {
  readonly workers: number;
  readonly profile?: string;
  readonly tieSeed?: number;
  readonly sharedCores?: number;
  /** True or a directory: write a report there. */
  readonly report?: string | boolean;
  /** Files to write: every handled event, and the same for viewers. */
  readonly trace?: string;
  readonly perfetto?: string;
  /** The events in them: from <= time < until, in the simulated time of each phase; all if not given. */
  readonly traceFromNs?: number;
  readonly traceUntilNs?: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function simulateJob(options: SimulateOptions): Promise<JobOutcome> {
  const { progress } = options;
  const loaded = loadScenario(options);
  for (const warning of loaded.warnings) progress.note(warning);
  progress.stage('simulate');
  const trace = traceOf(options);
  const earlierMs = trace === null ? null : writtenMs(unfinishedTrace(trace.file));
  const { result, profile } = await predict({
    loaded,
    workers: options.workers,
    signal: options.signal,
    onProgress: ({ phase, fraction }) => progress.update(fraction, phase),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.tieSeed === undefined ? {} : { tieSeed: options.tieSeed }),
    ...(options.sharedCores === undefined ? {} : { sharedCores: options.sharedCores }),
    ...(trace === null ? {} : { trace }),
  }).catch((error: unknown) => {
    if (trace !== null) keepUnfinished(options, unfinishedTrace(trace.file), earlierMs);
    throw error;
  });
  const traced = trace === null ? [] : await writtenTraces(options, trace.file);
  progress.done();
  const { scenario } = loaded;
  const levels = evaluateLevels(scenario, result);
  const lines = [identityLine(result), ...resultLines(result), ...levelLines(levels)];
  if (options.report !== undefined && options.report !== false) {
    const directory = runDirectory(options.report === true ? undefined : options.report, scenario.name);
    const comparison = compareResults({
      predicted: result,
      measured: null,
      predictionHash: resultHash(result),
    });
    const paths = await writeReport({ comparison, scenario, profile, directory });
    lines.push(`report ${paths.html}`);
  }
  lines.push(...traced);
  const missed = levels.some((level) => level.verdict === 'missed');
  return {
    exitCode: missed ? EXIT.levelMissed : EXIT.good,
    json: { ...simulationJson(result, scenario), ...traceFiles(options) },
    text: lines.join('\n'),
  };
}

/** The trace to be written: the one asked for, or one beside what viewers get, for as long as that takes. */
function traceOf({ trace, perfetto, traceFromNs, traceUntilNs }: SimulateOptions): TraceOptions | null {
  const file = trace ?? (perfetto === undefined ? null : `${perfetto}.${process.pid}.trace`);
  return file === null ? null : { file, fromNs: traceFromNs ?? 0, untilNs: traceUntilNs ?? null };
}

function traceFiles({ trace, perfetto }: SimulateOptions): { trace?: string; perfetto?: string } {
  return { ...(trace === undefined ? {} : { trace }), ...(perfetto === undefined ? {} : { perfetto }) };
}

/** A line on each file. */
async function writtenTraces(options: SimulateOptions, file: string): Promise<string[]> {
  const { trace, perfetto, progress, signal } = options;
  const source = new TraceFile(file);
  try {
    const lines = trace === undefined ? [] : [fileLine('trace', trace, source)];
    if (perfetto === undefined) return lines;
    progress.stage('perfetto');
    const onProgress = (fraction: number): void => progress.update(fraction, perfetto);
    await writePerfetto(source, perfetto, { signal, onProgress });
    return [...lines, fileLine('perfetto', perfetto, source)];
  } finally {
    source.close();
    if (trace === undefined) rmSync(file, { force: true });
  }
}

function fileLine(name: string, file: string, { events }: TraceFile): string {
  const megabytes = (statSync(file).size / 1e6).toFixed(1);
  return `${name} ${file}  ${events.toLocaleString('en-US')} events, ${megabytes} MB`;
}

/** What there is of the trace of a run that failed or was interrupted stays, when it was asked for. */
function keepUnfinished(
  { trace, progress }: SimulateOptions,
  unfinished: string,
  earlierMs: number | null,
): void {
  if (trace === undefined) rmSync(unfinished, { force: true });
  else if (writtenMs(unfinished) !== earlierMs) progress.note(`the trace until then is in ${unfinished}`);
}

/** When a file was last written; null when there is none. */
function writtenMs(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
