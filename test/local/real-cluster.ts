/** A real cluster for tests of operations, and what is asked of it besides. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka';
import {
  type ClusterDescription,
  describeCluster,
  type PartitionDescription,
} from '../../src/local/admin/describe-cluster.ts';
import type { LocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { perform } from '../../src/local/operations/perform.ts';
import type { OperationBody } from '../../src/operations/operation.ts';

const UNTIL_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 10_000;

/** Asks by way of the management network, whatever is cut on the other. */
export class RealCluster {
  readonly cluster: LocalCluster;

  constructor(cluster: LocalCluster) {
    this.cluster = cluster;
  }

  /** Carries out an operation. */
  do(operation: OperationBody, signal?: AbortSignal): Promise<void> {
    return perform(this.cluster.handle, operation, signal);
  }

  /** `host:port` of the brokers that run, or of the given ones. */
  servers(ids: readonly number[] = this.runningBrokers()): string[] {
    const { handle } = this.cluster;
    return ids.map((id) => {
      const node = handle.node(id);
      return `${handle.machine(node).managementAddress}:${node.managementPort}`;
    });
  }

  runningBrokers(): number[] {
    return this.cluster.brokers.map(({ id }) => id);
  }

  /** @param ids whom to ask: who is cut off has old news */
  describe(ids?: readonly number[]): Promise<ClusterDescription> {
    return describeCluster({ bootstrapServers: this.servers(ids).join(',') });
  }

  async partitionsOf(topic: string, ids?: readonly number[]): Promise<PartitionDescription[]> {
    return (await this.describe(ids)).partitions.filter((partition) => partition.topic === topic);
  }

  /** The topic's partition 0. */
  async partition(topic: string, ids?: readonly number[]): Promise<PartitionDescription> {
    const [first] = await this.partitionsOf(topic, ids);
    assert.ok(first !== undefined, `topic ${topic} has partitions`);
    return first;
  }

  async isFenced(id: number): Promise<boolean> {
    const { brokers } = await this.describe();
    return brokers.find((broker) => broker.id === id)?.fenced !== false;
  }

  createTopic(
    topic: string,
    assignments: readonly (readonly number[])[],
    configs: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    return createTopic(this.servers(), topic, assignments, configs);
  }

  /** A producer that never tries a second time, so that what fails is seen to fail. */
  producer(bootstrapBrokers: readonly string[] = this.servers()): Producer {
    return new Producer({
      clientId: 'test',
      bootstrapBrokers: [...bootstrapBrokers],
      retries: 0,
      timeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    });
  }

  /** Produces records of a kilobyte to one partition, one after the other; milliseconds that each took. */
  async produce(topic: string, records: number, partition = 0): Promise<number[]> {
    const producer = this.producer();
    try {
      const tookMs: number[] = [];
      for (let record = 0; record < records; record += 1) {
        const startedAt = performance.now();
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: [{ topic, partition, value: Buffer.alloc(1000) }],
        });
        tookMs.push(performance.now() - startedAt);
      }
      return tookMs;
    } finally {
      await producer.close();
    }
  }

  /** Waits until all brokers are there and all replicas in sync, and every broker knows it. */
  async untilWhole(): Promise<void> {
    let lacking: string[] = [];
    await until(
      () => `all brokers there and all replicas in sync, found ${lacking.join(', ')}`,
      async () => {
        const views = await Promise.all(this.runningBrokers().map((id) => this.describe([id])));
        lacking = views.flatMap(({ brokers, offline, underReplicated }) => [
          ...brokers.filter(({ fenced }) => fenced).map(({ id }) => `broker ${id} fenced`),
          ...[...offline, ...underReplicated].map(
            ({ topic, partition, isr }) => `${topic}-${partition} in ${isr}`,
          ),
        ]);
        return lacking.length === 0;
      },
    );
  }
}

/**
 * Creates a topic and waits until every broker knows its leaders: each learns of it in its own time.
 *
 * @param assignments replicas of each partition, leader first
 */
export async function createTopic(
  bootstrapBrokers: readonly string[],
  topic: string,
  assignments: readonly (readonly number[])[],
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...bootstrapBrokers] });
  try {
    await admin.createTopics({
      topics: [topic],
      partitions: -1,
      replicas: -1,
      assignments: assignments.map((brokers, partition) => ({ partition, brokers: [...brokers] })),
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    });
  } finally {
    await admin.close();
  }
  await until(`every broker knows the leaders of ${topic}`, async () => {
    const views = await Promise.all(
      bootstrapBrokers.map((bootstrapServers) => describeCluster({ bootstrapServers })),
    );
    return views.every(({ partitions }) => {
      const own = partitions.filter((partition) => partition.topic === topic);
      return own.length === assignments.length && own.every(({ leader }) => leader !== null);
    });
  });
}

export async function until(
  what: string | (() => string),
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + UNTIL_TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      assert.fail(
        `expected within ${UNTIL_TIMEOUT_MS / 1000} s: ${typeof what === 'string' ? what : what()}`,
      );
    }
    await sleep(POLL_MS);
  }
}

export function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
}
