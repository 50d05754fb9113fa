import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import type { RunPhaseOptions } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { consumerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { missing } from '../support/components.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';
import { type Played, playPhase } from './real-phase.ts';

const skip = missing(['java', 'maven']) ?? false;
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip === false) {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      // Members learn of each other by heartbeat.
      config: {
        'group.consumer.heartbeat.interval.ms': '1000',
        'group.consumer.min.heartbeat.interval.ms': '1000',
      },
      progress: () => undefined,
    });
  }
});

after(() => cluster?.stop());

function play(scenario: Scenario, options: Partial<RunPhaseOptions>): Promise<Played> {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  return playPhase({ scenario, phase: examplePhase(), bootstrapServers, ...options });
}

function threadNames(): string[] {
  return readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim(),
  );
}

test('a paced phase keeps its rate, and every record is acknowledged, in the log and consumed exactly once', {
  skip,
}, async () => {
  const scenario = exampleScenario({
    consumers: [
      exampleConsumer({ count: 2, config: consumerConfig({ 'heartbeat.interval.ms': 500 }) }),
      exampleConsumer({
        name: 'analytics',
        group: 'analytics',
        count: 2,
        config: consumerConfig({ 'group.protocol': 'consumer' }),
      }),
    ],
  });
  let names: string[] = [];
  let p99Ms: number | null = null;
  const { result, records } = await play(scenario, {
    onWarm: () => {
      names = threadNames();
    },
    onProgress: (progress) => {
      p99Ms = progress.p99Ms ?? p99Ms;
    },
  });
  // A fresh broker on a busy machine may acknowledge in the phase what came due before it.
  assert.ok(
    Math.abs(result.throughputRecordsPerSecond / 2000 - 1) < 0.05,
    `${result.throughputRecordsPerSecond}/s`,
  );
  assert.deepEqual(result.errors, {});
  assert.equal(records, result.totals.recordsAcknowledged);
  assert.equal(records, 10_000);
  assert.equal(result.totals.recordsConsumed, 2 * records);
  assert.equal(result.counts.recordsDue, 8000);
  assert.equal(result.counts.recordsAcknowledged, 8000);
  assert.equal(result.counts.recordsConsumed, 16_000);
  assert.equal(result.counts.recordsFailed, 0);
  assert.equal(result.publishLatencyMs?.count, 8000);
  assert.ok(
    result.publishLatencyMs.p50 > 0.5 && result.publishLatencyMs.p50 < 100,
    `${result.publishLatencyMs.p50} ms`,
  );
  assert.ok((result.endToEndLatencyMs?.p50 ?? 0) > 0.5);
  assert.ok(
    result.classes
      .filter(({ role }) => role === 'consumer')
      .every(({ lag }) => lag !== null && lag.end >= 0 && lag.end <= lag.max + 1000),
  );
  assert.equal(result.windows.startSeconds.length, 4);
  assert.ok(result.counts.produceRequests <= result.counts.produceBatches);
  assert.ok(names.includes('bt-producer-0') && names.includes('bt-consumer-0'), names.join(' '));
  assert.ok(p99Ms !== null && p99Ms > 0);
  assert.ok(result.workers.every(({ cpuSeconds, utilisation }) => cpuSeconds > 0 && utilisation < 1));
});

test('keys, headers, compression and lognormal sizes arrive whole', { skip }, async () => {
  const scenario = exampleScenario({
    producers: (['gzip', 'snappy', 'lz4', 'zstd'] as const).map((compression) =>
      exampleProducer({
        name: compression,
        count: 1,
        rate: { kind: 'constant', recordsPerSecond: 300 },
        record: {
          value: { kind: 'lognormal', medianBytes: 300, p99Bytes: 2000 },
          key: { cardinality: 1000, bytes: 12, zipf: 1.1 },
          headersBytes: 20,
        },
        config: producerConfig({ acks: 'all', 'compression.type': compression }),
      }),
    ),
  });
  const { result, records } = await play(scenario, {
    phase: examplePhase({ warmupMs: 500, durationMs: 1500 }),
  });
  assert.deepEqual(result.errors, {});
  assert.equal(result.recordsWithoutDueTime, 0);
  assert.equal(result.counts.recordsAcknowledged, 1800);
  assert.equal(result.totals.recordsConsumed, records);
});

test('acks=0 counts what was written, and the log has it', { skip }, async () => {
  const scenario = exampleScenario({
    producers: [exampleProducer({ config: producerConfig({ acks: '0' }) })],
  });
  const { result, records } = await play(scenario, { phase: examplePhase({ durationMs: 1500 }) });
  assert.equal(result.counts.recordsAcknowledged, 3000);
  assert.equal(records, result.totals.recordsAcknowledged);
});

test('a broker that stands still for 2 s of 10 s shows in p99 and max in full, and not as lateness', {
  skip,
}, async () => {
  const { result, records } = await play(exampleScenario(), {
    phase: examplePhase({ durationMs: 10_000 }),
    onWarm: async () => {
      const pid = cluster?.brokers[0]?.pid ?? assert.fail('no broker');
      await sleep(1000);
      process.kill(pid, 'SIGSTOP');
      await sleep(2000);
      process.kill(pid, 'SIGCONT');
    },
  });
  const latency = result.publishLatencyMs ?? assert.fail();
  const endToEnd = result.endToEndLatencyMs ?? assert.fail();
  // A fifth of all records came due in the pause, a hundredth in its first 0.1 s.
  for (const { p50, p99, max } of [latency, endToEnd]) {
    const found = `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
    assert.ok(p99 > 1800 && p99 < 2300, found);
    assert.ok(max > 1950 && max < 2600, found);
    assert.ok(p50 < 100, found);
  }
  const lateness = result.generator.latenessMs ?? assert.fail();
  assert.ok(lateness.p99 < 150, `lateness p99 ${lateness.p99} ms`);
  assert.ok(result.generator.keptSchedule);
  assert.equal(result.counts.recordsAcknowledged, 20_000);
  assert.equal(records, result.totals.recordsAcknowledged);
});

test('a saturating phase stays within buffer.memory, and what it counts is what the log has', {
  skip,
}, async () => {
  const bufferBytes = 4 * 1024 * 1024;
  const valueBytes = 1024;
  const scenario = exampleScenario({
    producers: [
      exampleProducer({
        record: { value: { kind: 'constant', bytes: valueBytes }, key: null, headersBytes: 0 },
        config: producerConfig({ acks: '1', 'batch.size': 65_536, 'buffer.memory': bufferBytes }),
      }),
    ],
  });
  const { result, records } = await play(scenario, {
    phase: examplePhase({ load: 'max', warmupMs: 1500, durationMs: 4000 }),
  });
  assert.equal(records, result.totals.recordsAcknowledged);
  assert.equal(result.totals.recordsConsumed, records);
  assert.equal(result.generator.latenessMs, null);
  assert.ok(result.generator.keptSchedule);
  assert.ok(result.throughputRecordsPerSecond > 3000, `${result.throughputRecordsPerSecond}/s`);
  // Little's law: the mean time of a record in the two buffers times the rate is what they hold.
  const heldBytes =
    ((result.publishLatencyMs?.mean ?? 0) / 1000) * result.throughputRecordsPerSecond * valueBytes;
  assert.ok(heldBytes < 2.2 * bufferBytes, `${heldBytes} bytes`);
});

test('an aborted phase keeps what was measured', { skip }, async () => {
  const abort = new AbortController();
  const { result } = await play(exampleScenario(), {
    phase: examplePhase({ durationMs: 60_000 }),
    signal: abort.signal,
    onWarm: () => {
      setTimeout(() => abort.abort(), 1500);
    },
  });
  assert.ok(result.interrupted);
  assert.ok(Math.abs(result.durationSeconds - 1.5) < 0.5, `${result.durationSeconds} s`);
  assert.ok((result.publishLatencyMs?.count ?? 0) > 1000);
  assert.ok(Math.abs(result.throughputRecordsPerSecond / 2000 - 1) < 0.2);
});

test('a topic that is there already is refused by name', { skip }, async () => {
  const task = { scenario: exampleScenario(), bootstrapServers: cluster?.bootstrapServers ?? assert.fail() };
  await createTopics(task);
  await assert.rejects(
    createTopics(task),
    (error: unknown) =>
      error instanceof UserError &&
      error.exitCode === EXIT.clusterUnreachable &&
      /topic "orders": expected a cluster without it/.test(error.lines[0]),
  );
  await deleteTopics(task);
  await createTopics(task);
  await deleteTopics(task);
});
