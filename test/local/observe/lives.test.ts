import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { z } from 'zod';
import { brokerSeries } from '../../../src/local/observe/broker-metrics.ts';
import { type MBeanValues, mbeanKey } from '../../../src/local/observe/jolokia.ts';
import { type BrokerReading, gapsOf, livesOf, readingOf } from '../../../src/local/observe/lives.ts';
import { observe } from '../../../src/local/observe/observer.ts';
import { ratesOf, windowsOf } from '../../../src/local/observe/windows.ts';
import { REQUEST_TYPES } from '../../../src/result/run-result.ts';

const BYTES = mbeanKey('kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec');
const FLUSH = mbeanKey('kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs');
const URP = mbeanKey('kafka.server:type=ReplicaManager,name=UnderReplicatedPartitions');
const IDLE = mbeanKey('kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent');
const GC = mbeanKey('java.lang:type=GarbageCollector,name=G1 Young Generation');

/** A read of a broker's JVM that was started `uptimeMs` before, at the moment `startTime`. */
function reading(atMs: number, startTime: number, uptimeMs: number, bytes: number): BrokerReading {
  const values: MBeanValues = new Map([
    ['java.lang:type=Runtime', { StartTime: startTime, Uptime: uptimeMs }],
    [BYTES, { Count: bytes }],
    [FLUSH, { Count: bytes / 100, Mean: bytes === 0 ? 0 : 2.5 }],
    [URP, { Value: bytes / 50 }],
    [IDLE, { Count: 5e8 * (atMs / 1000) }],
    [GC, { CollectionCount: bytes / 100, CollectionTime: bytes / 2 }],
  ]);
  return readingOf(atMs, values);
}

/** Watched from 100,000 ms: a broker that dies after the second read and is back, 1.5 s old, in the fourth. */
const READINGS = [
  reading(100_000, 1, 50_000, 1000),
  reading(102_000, 1, 52_000, 1200),
  null,
  reading(106_000, 2, 1_500, 300),
  reading(108_000, 2, 3_500, 400),
];

test('a window after a restart goes back to the restart, and a window that ends in a gap has no value', () => {
  const windows = windowsOf(READINGS, 100_000);
  assert.deepEqual(
    windows.map((window) => window?.seconds ?? null),
    [2, null, 1.5, 2],
  );
  assert.deepEqual(
    ratesOf(windows, (read) => read.values.get(BYTES)?.Count ?? 0),
    [100, null, 200, 50],
  );
});

test('a gap in one life is part of the window after it; what began before the watch has no value at first', () => {
  const gap = [READINGS[0], null, reading(104_000, 1, 54_000, 1400)];
  assert.deepEqual(
    ratesOf(windowsOf(gap, 100_000), (read) => read.values.get(BYTES)?.Count ?? 0),
    [null, 100],
  );
  const late = [null, reading(102_000, 1, 52_000, 1200), reading(104_000, 1, 54_000, 1400)];
  assert.deepEqual(
    ratesOf(windowsOf(late, 100_000), (read) => read.values.get(BYTES)?.Count ?? 0),
    [null, 100],
  );
});

test("a broker's series have rates, means, gauges and shares of their windows", () => {
  const series = brokerSeries(READINGS, { host: 'local', broker: 3, beginMs: 100_000, windowSeconds: 2 });
  const values = (resource: string) => series.find((entry) => entry.resource === resource);
  assert.deepEqual(values('bytes.in')?.values, [100, null, 200, 50]);
  assert.deepEqual(values('log.flushes')?.values, [1, null, 2, 0.5]);
  assert.deepEqual(values('log.flushTime')?.values, [2.5, null, 2.5, 2.5]);
  assert.deepEqual(values('partitions.underReplicated')?.values, [24, null, 6, 8]);
  assert.deepEqual(values('gc.time')?.values, [0.05, null, 0.1, 0.025]);
  assert.equal(values('gc.time')?.of, 'G1 Young Generation');
  assert.equal(values('handlers.idle')?.values[0], 0.5);
  assert.equal(values('controller.active'), undefined, 'a broker that is no controller has no series of it');
  assert.equal(values('bytes.in')?.windowSeconds, 2);
});

test('lives begin where watching did, or at zero; a restart and a gap are told', () => {
  const reads = READINGS.filter((read) => read !== null);
  const lives = livesOf(reads, 100_000);
  assert.deepEqual(
    lives.map(({ from, to }) => [from.get(BYTES)?.Count, to.get(BYTES)?.Count]),
    [
      [1000, 1200],
      [undefined, 400],
    ],
  );
  const failed = { atMs: 104_000, problem: 'connect ECONNREFUSED' };
  assert.deepEqual(gapsOf(3, [reads[0], reads[1], failed, reads[2], reads[3]], 100_000), [
    'broker 3 gave no metrics after 4.0 s: connect ECONNREFUSED',
    'broker 3 was started anew 4.5 s after the begin: what it counted after 2.0 s is lost',
  ]);
  assert.deepEqual(gapsOf(3, [failed], 100_000), ['metrics of broker 3 are unknown: connect ECONNREFUSED']);
  assert.deepEqual(gapsOf(3, [reads[0], reads[1]], 100_000), []);
});

test('an observer follows a broker that dies and comes back as another process', async () => {
  let startTime = 1;
  let uptimeMs = 60_000;
  let bytes = 1000;
  const answerTo = (read: { readonly mbean: string; readonly path?: string | undefined }): unknown => {
    if (read.mbean.endsWith('Runtime')) return { StartTime: startTime, Uptime: uptimeMs };
    if (read.mbean.includes('*')) return {};
    return read.path === undefined ? { Count: bytes, Mean: 1, Value: 0 } : 0;
  };
  const server = createServer(async (request, response) => {
    const reads = z.array(z.object({ mbean: z.string(), path: z.string().optional() }));
    const asked = reads.parse(await json(request));
    response.end(JSON.stringify(asked.map((read) => ({ status: 200, value: answerTo(read) }))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  const alive = {
    id: 1,
    pid: process.pid,
    jolokiaUrl: `http://127.0.0.1:${address.port}/jolokia`,
    processName: 'broker-1',
  };
  const reborn = { ...alive, pid: process.ppid };
  let present = [alive];
  const observer = observe(
    { brokers: () => present, machines: [], generators: [] },
    { intervalMs: 30, metricsIntervalMs: 30 },
  );
  try {
    await observer.begin();
    await new Promise((resolve) => setTimeout(resolve, 50));
    present = [];
    await new Promise((resolve) => setTimeout(resolve, 70));
    [startTime, uptimeMs, bytes] = [2, 1, 500];
    present = [reborn];
    await new Promise((resolve) => setTimeout(resolve, 70));
    const { problems, resources, threadCpu, requestStages } = await observer.end();
    assert.match(problems.join('\n'), /broker 1 was started anew/);
    assert.ok(resources.some(({ resource, values }) => resource === 'cpu' && values.includes(null)));
    assert.ok(threadCpu.every(({ process: name }) => name === 'broker-1'));
    assert.deepEqual(
      requestStages.map(({ request, count }) => [request, count]),
      REQUEST_TYPES.map((request) => [request, 500]),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
