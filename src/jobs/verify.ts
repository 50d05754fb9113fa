/**
 * `brokertwin verify`: the same scenario on several numbers of workers, several times, and stopped at a checkpoint and
 * continued, must give the same bytes; and where two traces first differ.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PredictOptions, predict } from '../arms/predict.ts';
import { EXIT, UserError } from '../errors/errors.ts';
import { resultHash } from '../result/hash.ts';
import { diffTraces, type TraceDifference } from '../trace/diff.ts';
import { differenceJson, differenceLines } from '../trace/diff-text.ts';
import { TraceFile } from '../trace/trace-file.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';

export interface VerifyOptions extends ScenarioInput {
  readonly workers: readonly number[];
  /** Runs on each number of workers, and one more that is stopped at a checkpoint. */
  readonly runs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface DiffOptions {
  /** The traces' files. */
  readonly a: string;
  readonly b: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

interface VerifiedRun {
  readonly workers: number;
  readonly traceHash: string;
  readonly resultHash: string;
  /** Share of each phase after which the run was stopped at a checkpoint. */
  readonly checkpointAt?: number;
}

/** Somewhere inside the measured part of a phase. */
const CHECKPOINT_AT = 0.37;

export async function verifyJob(options: VerifyOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  const loaded = loadScenario(options);
  const total = options.workers.length * (options.runs + 1);
  const runs: VerifiedRun[] = [];
  progress.stage('verify');
  for (const workers of options.workers) {
    for (let run = 0; run <= options.runs; run += 1) {
      const checkpoint = run === options.runs ? { checkpointAt: CHECKPOINT_AT } : {};
      progress.update(runs.length / total, `run ${runs.length + 1} of ${total}, ${workers} workers`);
      const { result } = await predict({ loaded, workers, signal, ...checkpoint });
      const traceHash = result.simulation?.traceHash ?? '';
      runs.push({ workers, traceHash, resultHash: resultHash(result), ...checkpoint });
    }
  }
  const [first] = runs;
  const other = runs.find((run) => run.traceHash !== first.traceHash || run.resultHash !== first.resultHash);
  const lines = runs.map(
    ({ workers, traceHash, resultHash, checkpointAt }) =>
      `${workers} workers  trace ${traceHash}  result ${resultHash.slice(0, 16)}` +
      (checkpointAt === undefined ? '' : '  stopped at a checkpoint and continued'),
  );
  if (other === undefined) lines.push(`all ${total} runs agree`);
  else if (other.checkpointAt !== undefined) {
    lines.push('the run that was stopped at a checkpoint differs: this is a fault of brokertwin');
  } else {
    lines.push('the runs differ: this is a fault of brokertwin; two more runs, traced:');
    progress.stage('trace');
    lines.push(
      ...(await tracedDifference(
        { loaded, workers: first.workers, signal },
        { loaded, workers: other.workers, signal },
      )),
    );
  }
  progress.done();
  const same = other === undefined;
  return { exitCode: same ? EXIT.good : EXIT.ourFault, json: { same, runs }, text: lines.join('\n') };
}

/**
 * Compares two traces.
 * @throws UserError when one can't be read, or was cut off and is the same as far as it goes
 */
export async function diffJob({ a, b, progress, signal }: DiffOptions): Promise<JobOutcome> {
  progress.stage('compare');
  const onProgress = (fraction: number): void => progress.update(fraction, `${a} and ${b}`);
  const { same, lines, json } = await withTraces(a, b, async (traceA, traceB) => {
    const difference = await diffTraces(traceA, traceB, { signal, onProgress });
    const same = difference.first === null && difference.layout.length === 0;
    const cutOff = [traceA.cutOff, traceB.cutOff].filter((line) => line !== null);
    if (same && cutOff.length > 0) throw new UserError([...cutOff, 'as far as they go the traces agree']);
    return {
      same,
      lines: [...cutOff, ...differenceLines(traceA, traceB, difference), conclusion(difference)],
      json: { same, cutOff, ...differenceJson(traceA, traceB, difference) },
    };
  });
  progress.done();
  return { exitCode: same ? EXIT.good : EXIT.ourFault, json, text: lines.join('\n') };
}

/** Lines on where two runs first differ, found by running both again with a trace. */
export async function tracedDifference(a: PredictOptions, b: PredictOptions): Promise<string[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'brokertwin-verify-'));
  try {
    const files = ['a', 'b'].map((name) => path.join(directory, `${name}.trace`));
    await predict({ ...a, trace: { file: files[0], fromNs: 0, untilNs: null } });
    await predict({ ...b, trace: { file: files[1], fromNs: 0, untilNs: null } });
    return await withTraces(files[0], files[1], async (traceA, traceB) => {
      const difference = await diffTraces(traceA, traceB, a.signal === undefined ? {} : { signal: a.signal });
      return [...differenceLines(traceA, traceB, difference), conclusion(difference)];
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function withTraces<T>(
  a: string,
  b: string,
  act: (a: TraceFile, b: TraceFile) => Promise<T>,
): Promise<T> {
  const traceA = new TraceFile(a);
  try {
    const traceB = new TraceFile(b);
    try {
      return await act(traceA, traceB);
    } finally {
      traceB.close();
    }
  } finally {
    traceA.close();
  }
}

function conclusion({ first, layout }: TraceDifference): string {
  if (first !== null) return 'the traces differ';
  return layout.length === 0 ? 'the traces are the same' : 'the traces differ, though no event does';
}
