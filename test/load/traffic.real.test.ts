/**
 * What a broker sees of our producer and of Kafka's own with the same settings, at the same rate: requests, batches, bytes.
 * docs/load-traffic.md has the figures of all cases, which BROKERTWIN_TRAFFIC=all plays and prints.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPhase } from '../../src/load/run-phase.ts';
import { createTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { stageBean } from '../../src/local/observe/request-metrics.ts';
import { javaProperties } from '../../src/local/security/java-properties.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { examplePhase, exampleProducer, exampleScenario, exampleTopic } from './example-scenario.ts';
import { sumOfMBeans } from './real-phase.ts';
import { segmentsOf, storedBatches } from './stored-batches.ts';

interface Case {
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly partitions: number;
  readonly acks: '1' | 'all';
  /** Records with one of 1000 keys; the perf test makes none, so that kafka-verifiable-producer stands in for it. */
  readonly keyed: boolean;
  readonly recordsPerSecond: number;
  /** Played in every run of the tests. */
  readonly always?: true;
  /** Shown, and not held to the tolerance: see docs/load-traffic.md. */
  readonly differs?: true;
}

interface Traffic {
  readonly recordsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly batchesPerRequest: number;
  readonly recordsPerBatch: number;
  readonly bytesPerBatch: number;
}

const all = process.env.BROKERTWIN_TRAFFIC === 'all';
const TOLERANCE = 0.15;
const SETTLE_MS = all ? 1500 : 1000;
const WINDOW_MS = all ? 2000 : 1500;
const WINDOWS_MAX = 5;
const STEADY = 0.05;
const VALUE_BYTES = 200;
/** What kafka-verifiable-producer makes: numbers as text. */
const KEYED_VALUE_BYTES = 7;
const KEYS = 1000;

const plain = {
  lingerMs: 5,
  batchBytes: 16_384,
  partitions: 1,
  acks: 'all',
  keyed: false,
  recordsPerSecond: 10_000,
} as const;
const CASES: readonly Case[] = [
  { ...plain, always: true },
  { ...plain, partitions: 12, lingerMs: 20, always: true },
  { ...plain, partitions: 12, lingerMs: 20, batchBytes: 262_144, acks: '1', always: true },
  { ...plain, partitions: 12, keyed: true, lingerMs: 20, acks: '1', always: true },
  { ...plain, acks: '1' },
  { ...plain, partitions: 12 },
  { ...plain, batchBytes: 262_144 },
  { ...plain, recordsPerSecond: 20_000 },
  { ...plain, partitions: 12, keyed: true, acks: '1', recordsPerSecond: 5000 },
  { ...plain, lingerMs: 0, recordsPerSecond: 400, differs: true },
  { ...plain, lingerMs: 0, differs: true },
  { ...plain, lingerMs: 0, partitions: 12, keyed: true, acks: '1', differs: true },
];

const skip = missing(['java', 'maven']) ?? false;
let cluster: LocalCluster | null = null;
let directory = '';

before(async () => {
  if (skip === false) {
    directory = mkdtempSync(join(tmpdir(), 'brokertwin-traffic-'));
    cluster = await startLocalCluster({ version: '4.3.1', brokers: 1, jmx: true, progress: () => undefined });
    // The broker compiles.
    await playOurs({ ...plain, recordsPerSecond: 50_000 }, 'warm-up', () => sleep(3000));
  }
});

after(async () => {
  await cluster?.stop();
  if (directory !== '') rmSync(directory, { recursive: true });
});

for (const [index, one] of CASES.filter(({ always }) => all || always).entries()) {
  const { lingerMs, batchBytes, partitions, acks, keyed, recordsPerSecond } = one;
  const name = [
    `linger.ms ${lingerMs}`,
    `batch.size ${batchBytes}`,
    `acks ${acks}`,
    `${partitions} partitions`,
    keyed ? 'keyed' : 'sticky',
    `${recordsPerSecond} records/s`,
  ].join(', ');
  test(`a broker sees of our producer what it sees of Kafka's: ${name}`, {
    skip,
  }, async () => {
    let found = await playBoth(one, `${index}`);
    if (disagreements(one, found).length > 0) {
      // A busy machine disturbs one of them now and then; what differs in kind differs again.
      found = await playBoth(one, `${index}-again`);
    }
    if (all) console.log(`| ${name} |${row(found.ours, found.javas)}`);
    assert.deepEqual(disagreements(one, found), []);
  });
}

interface Both {
  readonly ours: Traffic;
  readonly javas: Traffic;
}

async function playBoth(one: Case, name: string): Promise<Both> {
  const ours = await playOurs(one, `ours-${name}`, () => watch(`ours-${name}`, one.recordsPerSecond));
  return { ours, javas: await playJavas(one, `javas-${name}`) };
}

function disagreements(one: Case, { ours, javas }: Both): string[] {
  if (one.differs === true) return [];
  const compared = ['recordsPerSecond', 'requestsPerSecond', 'batchesPerRequest', 'recordsPerBatch'] as const;
  // Values of the verifiable producer grow with their numbers.
  return [...compared, ...(one.keyed ? [] : (['bytesPerBatch'] as const))]
    .filter((what) => Math.abs(ours[what] / javas[what] - 1) > TOLERANCE)
    .map((what) => `${what}: ours ${ours[what].toFixed(2)}, Java's ${javas[what].toFixed(2)}`);
}

function row(ours: Traffic, javas: Traffic): string {
  const both = (what: keyof Traffic, digits: number) =>
    ` ${ours[what].toFixed(digits)} / ${javas[what].toFixed(digits)} |`;
  return [
    both('requestsPerSecond', 0),
    both('batchesPerRequest', 2),
    both('recordsPerBatch', 1),
    both('bytesPerBatch', 0),
  ].join('');
}

/** What the broker sees of a topic's records in the first window in which they come at their rate. */
async function watch(topic: string, recordsPerSecond: number): Promise<Traffic> {
  await sleep(SETTLE_MS);
  let seen = await watchWindow(topic);
  for (let left = WINDOWS_MAX - 1; left > 0 && !isSteady(seen, recordsPerSecond); left--) {
    seen = await watchWindow(topic);
  }
  return seen.traffic;
}

/** A machine that was busy with something else has producers catch up. */
function isSteady({ traffic, messagesPerSecond }: Seen, recordsPerSecond: number): boolean {
  return [traffic.recordsPerSecond, messagesPerSecond].every(
    (found) => Math.abs(found / recordsPerSecond - 1) < STEADY,
  );
}

interface Seen {
  readonly traffic: Traffic;
  /** As the broker counts them. */
  readonly messagesPerSecond: number;
}

async function watchWindow(topic: string): Promise<Seen> {
  const from = await brokerCounts();
  await sleep(WINDOW_MS);
  const to = await brokerCounts();
  const batches = storedBatches(segmentsOf(running().directory, topic)).filter(
    ({ baseTimestampMs }) => baseTimestampMs >= from.atMs && baseTimestampMs < to.atMs,
  );
  const sum = (value: (batch: (typeof batches)[number]) => number) =>
    batches.reduce((total, batch) => total + value(batch), 0);
  const seconds = (to.atMs - from.atMs) / 1000;
  const requests = to.requests - from.requests;
  return {
    traffic: {
      recordsPerSecond: sum(({ records }) => records) / seconds,
      requestsPerSecond: requests / seconds,
      batchesPerRequest: batches.length / requests,
      recordsPerBatch: sum(({ records }) => records) / batches.length,
      bytesPerBatch: sum(({ bytes }) => bytes) / batches.length,
    },
    messagesPerSecond: (to.messages - from.messages) / seconds,
  };
}

async function playOurs<Seen>(one: Case, topic: string, look: () => Promise<Seen>): Promise<Seen> {
  const scenario = await scenarioOf(one, topic);
  const abort = new AbortController();
  const seen: Seen[] = [];
  await runPhase({
    scenario,
    bootstrapServers: running().bootstrapServers,
    phase: examplePhase({ warmupMs: 0, durationMs: 60_000 }),
    signal: abort.signal,
    onWarm: async () => {
      seen.push(await look());
      abort.abort();
    },
  });
  return seen[0];
}

async function playJavas(one: Case, topic: string): Promise<Traffic> {
  await scenarioOf(one, topic);
  const { jars, bootstrapServers } = running();
  const file = join(directory, `${topic}.properties`);
  writeFileSync(
    file,
    javaProperties({
      'linger.ms': String(one.lingerMs),
      'batch.size': String(one.batchBytes),
      acks: one.acks,
      'enable.idempotence': String(one.acks === 'all'),
    }),
  );
  const common = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--command-config', file];
  const paced = ['--throughput', String(one.recordsPerSecond)];
  const records = String(one.recordsPerSecond * 60);
  const tool = one.keyed
    ? [
        ...['VerifiableProducer', ...common, ...paced],
        ...['--max-messages', records, '--repeating-keys', String(KEYS)],
        ...['--acks', one.acks === 'all' ? '-1' : '1'],
      ]
    : [
        'ProducerPerformance',
        ...common,
        ...paced,
        '--num-records',
        records,
        '--record-size',
        String(VALUE_BYTES),
      ];
  const child = spawn(
    jars.java,
    ['-cp', jars.classpath, `org.apache.kafka.tools.${tool[0]}`, ...tool.slice(1)],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  try {
    for (let left = 200; storedBatches(segmentsOf(running().directory, topic)).length === 0; left--) {
      assert.ok(left > 0 && child.exitCode === null, `${tool[0]} produces nothing`);
      await sleep(50);
    }
    return await watch(topic, one.recordsPerSecond);
  } finally {
    child.kill('SIGKILL');
  }
}

/** A scenario of the case, whose topic is made. */
async function scenarioOf(one: Case, topic: string) {
  const scenario = exampleScenario({
    topics: [exampleTopic({ name: topic, partitions: one.partitions })],
    producers: [
      exampleProducer({
        topics: [topic],
        count: 1,
        rate: { kind: 'constant', recordsPerSecond: one.recordsPerSecond },
        record: {
          value: { kind: 'constant', bytes: one.keyed ? KEYED_VALUE_BYTES : VALUE_BYTES },
          key: one.keyed ? { cardinality: KEYS, bytes: 3, zipf: null } : null,
          headersBytes: 0,
        },
        config: producerConfig({
          'linger.ms': one.lingerMs,
          'batch.size': one.batchBytes,
          acks: one.acks,
          'enable.idempotence': one.acks === 'all',
        }),
      }),
    ],
    consumers: [],
  });
  await createTopics({ scenario, bootstrapServers: running().bootstrapServers });
  return scenario;
}

async function brokerCounts() {
  const count = (mbean: string) =>
    sumOfMBeans(running().brokers[0]?.jolokiaUrl, { mbean, attributes: ['Count'] });
  const requests = await count(stageBean('Produce', 'TotalTimeMs'));
  const messages = await count('kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec');
  return { atMs: Date.now(), requests, messages };
}

function running(): LocalCluster {
  return cluster ?? assert.fail('no cluster');
}
