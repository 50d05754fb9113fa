/** Our own runs, and the library's: each in a process of its own. */
import { join } from 'node:path';
import { nowNs } from '../../src/load/clock.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { Outcome } from '../kernel/program.ts';
import { runChild } from '../kernel/run-child.ts';
import type { RunSummary } from './run-ours.ts';
import { type ReadMark, rateOverSecondHalf } from './second-half.ts';
import { FULL_TOPIC_FILE, ONE_BROKER_FILE, type Stage } from './stage.ts';

const TIMEOUT_MS = 240_000;

/** Whether records are stamped, and whether a verifier reads them meanwhile. */
type RunKind = 'plain' | 'stamp' | 'verify';
type Run = (stage: Stage) => Promise<Outcome['values']>;
/** Of the scenario, by path. */
type Changes = Readonly<Record<string, string>>;

export function produceWithOurs(changes: Changes, kind: RunKind = 'plain'): Run {
  return (stage) =>
    withTopic(stage, async () => {
      const { warmUp, measured } = stage.seconds;
      const times = { 'run.warmup': `${warmUp}s`, 'run.duration': `${measured}s` };
      const found = await runOurs(stage, ONE_BROKER_FILE, { ...times, ...changes }, { kind });
      if (found.recordsFailed > 0 || found.troubles > 0) {
        throw new Error(`${found.recordsFailed} records failed, ${found.troubles} troubles: ${found.errors}`);
      }
      if (found.verdicts.some((verdict) => verdict !== 'proven')) {
        throw new Error(`the delivery is ${found.verdicts.join(', ')}`);
      }
      return found.values;
    });
}

export async function consumeWithOurs(stage: Stage): Promise<Outcome['values']> {
  await stage.fill();
  // A group of its own each time, which has committed nothing yet.
  const group = `ours-${nowNs()}`;
  const changes = { producers: '{}', 'consumers.ours.group': group };
  const { consumedPerSecond } = await runOurs(stage, FULL_TOPIC_FILE, changes);
  const marks: ReadMark[] = [];
  for (const [second, records] of consumedPerSecond.entries()) {
    marks.push({ atSeconds: second + 1, records: (marks.at(-1)?.records ?? 0) + records });
  }
  return { recordsPerSecond: rateOverSecondHalf(marks, marks.at(-1)?.records ?? 0) };
}

export function produceWithLibrary(stage: Stage): Promise<Outcome['values']> {
  return withTopic(stage, async () => {
    const { warmUp, measured } = stage.seconds;
    const args = [
      join(import.meta.dirname, 'library-producer.ts'),
      stage.bootstrapServers,
      `${warmUp}`,
      `${measured}`,
    ];
    const printed = await runChild({ command: process.execPath, args, timeoutMs: TIMEOUT_MS });
    return JSON.parse(printed) as Outcome['values'];
  });
}

/** Plays a scenario of ours in a process of its own, against topics that are there; to so many records of a producer, if given. */
export async function runOurs(
  stage: Stage,
  file: string,
  changes: Changes,
  { kind = 'plain', recordsMax = 0 }: { readonly kind?: RunKind; readonly recordsMax?: number } = {},
): Promise<RunSummary> {
  const program = join(import.meta.dirname, 'run-ours.ts');
  const args = [program, stage.bootstrapServers, file, kind, `${recordsMax}`, ...settings(changes)];
  return JSON.parse(await runChild({ command: process.execPath, args, timeoutMs: TIMEOUT_MS })) as RunSummary;
}

/** A fresh topic for one run, removed after it. */
export async function withTopic<Result>(stage: Stage, run: () => Promise<Result>): Promise<Result> {
  const { scenario } = readScenario(ONE_BROKER_FILE);
  const task = { scenario, bootstrapServers: stage.bootstrapServers };
  await createTopics(task);
  try {
    return await run();
  } finally {
    await deleteTopics(task);
  }
}

function settings(changes: Changes): string[] {
  return Object.entries(changes).map(([path, value]) => `${path}=${value}`);
}
