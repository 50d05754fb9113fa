/** Kafka's own perf tools, run as users run them and looked at from outside. */

import { parseConsumerLine, parseProducerLine } from '../../src/java-clients/perf-output.ts';
import { PerfTool } from '../../src/java-clients/perf-tool.ts';
import { nowNs } from '../../src/load/clock.ts';
import { readProcess } from '../../src/local/observe/process-counters.ts';
import type { Outcome } from '../kernel/program.ts';
import { withTopic } from './programs.ts';
import { type ReadMark, rateOverSecondHalf } from './second-half.ts';
import { FULL_TOPIC, type Stage } from './stage.ts';

const NS_PER_SECOND = 1e9;
const GIB = 2 ** 30;
const TOPIC = 'bench';
/** More than it can send in the time. */
const ENDLESS = 2_000_000_000;
const STARTED_MS = 60_000;
const CONSUMED_MS = 180_000;

type Run = (stage: Stage) => Promise<Outcome['values']>;

export function produceWithPerfTest(of: {
  readonly valueBytes: number;
  readonly batchBytes: number;
  readonly lingerMs: number;
  /** As fast as it can when left out. */
  readonly recordsPerSecond?: number;
  /** What it reaches is the maximum that others are half of. */
  readonly isMaximum?: boolean;
}): Run {
  return (stage) =>
    withTopic(stage, async () => {
      const properties = [
        'acks=1',
        'enable.idempotence=false',
        `batch.size=${of.batchBytes}`,
        `linger.ms=${of.lingerMs}`,
      ];
      const args = ['--topic', TOPIC, '--num-records', String(ENDLESS), '--reporting-interval', '1000'];
      args.push('--record-size', String(of.valueBytes), '--throughput', String(of.recordsPerSecond ?? -1));
      const command = stage.tool('ProducerPerformance', [...args, '--command-property', ...properties]);
      const marks: ReadMark[] = [];
      const tool = new PerfTool({ name: 'perf-test', command }, (line, atNs) => {
        const found = parseProducerLine(line);
        if (found?.kind === 'window') {
          const records = (marks.at(-1)?.records ?? 0) + found.window.records;
          marks.push({ atSeconds: atNs / NS_PER_SECOND, records });
        }
      });
      try {
        await until(() => marks.length > 0 || tool.endedNs !== null, STARTED_MS);
        const values = await measure(stage, tool, marks, of.valueBytes);
        if (of.isMaximum === true) stage.foundMaximum(values.recordsPerSecond);
        return values;
      } finally {
        tool.kill();
        await tool.end;
      }
    });
}

/** The measured part begins and ends at a line of the tool, so that its windows are whole. */
async function measure(
  { seconds }: Stage,
  tool: PerfTool,
  marks: readonly ReadMark[],
  valueBytes: number,
): Promise<{ recordsPerSecond: number; cpuSecondsPerGiB: number }> {
  const { pid } = tool;
  const ended = () => tool.endedNs !== null;
  const lineAfter = async (count: number): Promise<void> => {
    await until(() => marks.length > count || ended(), STARTED_MS);
    if (ended() || pid === null) throw new Error(`perf-test ended: ${tool.lastWords}`);
  };
  await until(ended, seconds.warmUp * 1000);
  await lineAfter(marks.length);
  const from = { ...(marks.at(-1) ?? fail()), cpu: cpuSecondsOf(pid) };
  await until(ended, (seconds.measured - 0.5) * 1000);
  await lineAfter(marks.length);
  const to = { ...(marks.at(-1) ?? fail()), cpu: cpuSecondsOf(pid) };
  const records = to.records - from.records;
  return {
    recordsPerSecond: records / (to.atSeconds - from.atSeconds),
    cpuSecondsPerGiB: ((to.cpu - from.cpu) / (records * valueBytes)) * GIB,
  };
}

export async function consumeWithPerfTest(stage: Stage): Promise<Outcome['values']> {
  await stage.fill();
  const args = [
    '--topic',
    FULL_TOPIC,
    '--group',
    `perf-${nowNs()}`,
    '--num-records',
    String(stage.filledRecords),
  ];
  const more = ['--reporting-interval', '250', '--show-detailed-stats', '--timeout', '30000'];
  const command = stage.tool('ConsumerPerformance', [...args, ...more]);
  const marks: ReadMark[] = [];
  const tool = new PerfTool({ name: 'consumer-perf-test', command }, (line, atNs) => {
    const found = parseConsumerLine(line);
    if (found !== null) marks.push({ atSeconds: atNs / NS_PER_SECOND, records: found.records });
  });
  await until(() => tool.endedNs !== null, CONSUMED_MS);
  tool.kill();
  await tool.end;
  // Its last line may be missing when it ends inside of an interval.
  const total = Math.min(stage.filledRecords, marks.at(-1)?.records ?? 0);
  if (total < stage.filledRecords * 0.95)
    throw new Error(`consumer-perf-test read ${total}: ${tool.lastWords}`);
  return { recordsPerSecond: rateOverSecondHalf(marks, total) };
}

function cpuSecondsOf(pid: number | null): number {
  const cpuSeconds = pid === null ? undefined : readProcess(pid)?.cpuSeconds;
  if (cpuSeconds === undefined) throw new Error('perf-test is gone');
  return cpuSeconds;
}

function fail(): never {
  throw new Error('perf-test printed nothing');
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
