/** What all runs of the benchmark share: one broker, and what earlier runs have found. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import { segmentsOf } from '../../test/load/stored-batches.ts';
import { runOurs } from './programs.ts';
import type { Seconds } from './seconds.ts';

export const ONE_BROKER_FILE = join(import.meta.dirname, 'one-broker.yaml');
export const FULL_TOPIC_FILE = join(import.meta.dirname, 'full-topic.yaml');
export const FULL_TOPIC = 'full';

const KAFKA = '4.3.1';
/** As Kafka's own start script has it. */
const HEAP_MIB = 1024;
/** In the topic that consumers read, for each second of a run: with full runs 12 GiB, for which the page cache has room. */
const FULL_RECORDS_PER_SECOND = 0.4 * 2 ** 20;
const FILL_DEADLINE = '120s';
const READ_BYTES = 1 << 20;

export class Stage {
  readonly #cluster: LocalCluster;
  readonly seconds: Seconds;
  readonly #say: (line: string) => void;
  #maximum: number | null = null;
  /** In the topic that consumers read. */
  #filledRecords = 0;

  private constructor(cluster: LocalCluster, seconds: Seconds, say: (line: string) => void) {
    this.#cluster = cluster;
    this.seconds = seconds;
    this.#say = say;
  }

  static async open(seconds: Seconds, say: (line: string) => void): Promise<Stage> {
    const cluster = await startLocalCluster({
      version: KAFKA,
      brokers: 1,
      heapMiB: HEAP_MIB,
      jmx: false,
      config: { 'log.retention.check.interval.ms': '500', 'log.initial.task.delay.ms': '500' },
      progress: say,
    });
    return new Stage(cluster, seconds, say);
  }

  get bootstrapServers(): string {
    return this.#cluster.bootstrapServers;
  }

  /** Command line of one of Kafka's tools, with the heap that its script gives it. */
  tool(name: string, args: readonly string[]): string[] {
    const { java, classpath } = this.#cluster.jars;
    const tool = `org.apache.kafka.tools.${name}`;
    return [java, '-Xmx512M', '-cp', classpath, tool, '--bootstrap-server', this.bootstrapServers, ...args];
  }

  /** What perf-test reached in the first round. */
  foundMaximum(recordsPerSecond: number): void {
    this.#maximum ??= recordsPerSecond;
  }

  /** Whole records/s, the same in all rounds. */
  halfOfMaximum(): number {
    if (this.#maximum === null) throw new Error('half of a maximum that was not measured');
    return Math.round(this.#maximum / 2);
  }

  get filledRecords(): number {
    return this.#filledRecords;
  }

  /**
   * Makes the topic that consumers read ready for one of them: fills it the first time, and has the page cache hold all of it, of
   * which other runs, or a kernel that reclaims cold pages, have taken some.
   */
  async fill(): Promise<void> {
    if (this.#filledRecords === 0) {
      const { scenario } = readScenario(FULL_TOPIC_FILE);
      await createTopics({ scenario, bootstrapServers: this.bootstrapServers });
      this.#say(`filling topic ${FULL_TOPIC}`);
      const { warmUp, measured } = this.seconds;
      const recordsMax = Math.ceil((warmUp + measured) * FULL_RECORDS_PER_SECOND);
      const filled = await runOurs(
        this,
        FULL_TOPIC_FILE,
        { consumers: '{}', 'run.duration': FILL_DEADLINE },
        { recordsMax },
      );
      this.#filledRecords = filled.recordsAcknowledged;
      this.#say(`${this.#filledRecords} records are in it`);
    }
    for (const segment of segmentsOf(this.#cluster.directory, FULL_TOPIC)) {
      readThrough(segment);
    }
  }

  close(): Promise<void> {
    return this.#cluster.stop();
  }
}

function readThrough(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(READ_BYTES);
    while (readSync(descriptor, bytes) > 0);
  } finally {
    closeSync(descriptor);
  }
}
