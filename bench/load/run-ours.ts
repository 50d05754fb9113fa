/**
 * One run of our generator: `node run-ours.ts BOOTSTRAP-SERVERS SCENARIO-FILE plain|stamp|verify RECORDS PATH=VALUE ...` plays the
 * scenario's first phase against topics that are there, to its end or (RECORDS not 0) to so many records of a producer, and prints a
 * RunSummary. CPU is that of the whole process.
 */
import { readFileSync } from 'node:fs';
import { runPhase } from '../../src/load/run-phase.ts';
import { withVerifier } from '../../src/load/verify/verification.ts';
import { consumerConfig } from '../../src/scenario/kafka-defaults.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

const GIB = 2 ** 30;
const US_PER_SECOND = 1e6;

export interface RunSummary {
  readonly values: {
    readonly recordsPerSecond: number;
    readonly cpuSecondsPerGiB: number;
    readonly latenessP99Ms: number;
    /** Most that the process had in memory. */
    readonly memoryGiB: number;
    readonly recordsPerRequest: number;
    readonly bytesPerBatch: number;
    readonly batchesPerRequest: number;
  };
  readonly recordsFailed: number;
  /** Of a verified run, else nothing. */
  readonly verdicts: readonly string[];
  /** Over the whole run. */
  readonly recordsAcknowledged: number;
  /** Connections lost, batches sent again and the like, over the whole run. */
  readonly troubles: number;
  readonly errors: string;
  /** By second from the start. */
  readonly consumedPerSecond: readonly number[];
}

const [bootstrapServers, file, kind, recordsMax, ...set] = process.argv.slice(2);
const read = readScenario(file, { set }).scenario;
const verify = kind !== 'plain';
const scenario =
  kind === 'verify' ? withVerifier(read, consumerConfig({ 'enable.auto.commit': false })) : read;
const [phase] = scenario.run.phases;
let begin = process.cpuUsage();
let cpu = begin;
const load = await runPhase({
  scenario,
  phase,
  bootstrapServers,
  verify,
  ...(recordsMax === '0' ? {} : { recordsMax: Number(recordsMax) }),
  onWarm: () => {
    begin = process.cpuUsage();
  },
  onMeasured: () => {
    cpu = process.cpuUsage(begin);
  },
});
const gib = (load.throughputBytesPerSecond * load.durationSeconds) / GIB;
const { counts } = load;
const summary: RunSummary = {
  values: {
    recordsPerSecond: load.throughputRecordsPerSecond,
    cpuSecondsPerGiB: (cpu.user + cpu.system) / US_PER_SECOND / gib,
    latenessP99Ms: load.generator.latenessMs?.p99 ?? 0,
    memoryGiB: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 2 ** 20,
    recordsPerRequest: counts.recordsAcknowledged / counts.produceRequests,
    bytesPerBatch: (load.batchBytes ?? 0) / counts.produceBatches,
    batchesPerRequest: counts.produceBatches / counts.produceRequests,
  },
  recordsFailed: counts.recordsFailed,
  verdicts: load.deliveries.map(({ verdict, broken, notJudged }) =>
    [verdict, ...broken, ...notJudged].join('; '),
  ),
  recordsAcknowledged: load.totals.recordsAcknowledged,
  troubles: Object.values(load.errors).reduce((sum, count) => sum + count, 0),
  errors: Object.keys(load.errors).join('; '),
  consumedPerSecond: load.windows.consumedRecordsPerSecond,
};
process.stdout.write(`${JSON.stringify(summary)}\n`);
