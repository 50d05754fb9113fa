import assert from 'node:assert/strict';
import test from 'node:test';
import {
  parseConsumerLine,
  parseError,
  parseMetric,
  parseProducerLine,
} from '../../src/java-clients/perf-output.ts';

// Recorded from kafka-producer-perf-test and kafka-consumer-perf-test of Kafka 4.3.1.
const PRODUCER = `Warmup first 3000 records. Steady state results will print after the complete test summary.
In steady state.
2960 records sent, 2862.7 records/sec (0.55 MB/sec), 56.4 ms avg latency, 215.0 ms max latency.
9000 records sent, 2995.008319 records/sec (0.57 MB/sec), 123.34 ms avg latency, 1048.00 ms max latency, 79 ms 50th, 354 ms 95th, 383 ms 99th, 387 ms 99.9th.
6000 steady state records sent, 3076.923077 records/sec (0.59 MB/sec), 51.79 ms avg latency, 215.00 ms max latency, 34 ms 50th, 158 ms 95th, 215 ms 99th, 215 ms 99.9th.

Metric Name                                                                                   Value
app-info:commit-id:{client-id=perf-producer-client}                                         : 26b251a451ce941d
producer-metrics:batch-size-avg:{client-id=perf-producer-client}                            : 8138.090
producer-metrics:request-latency-avg:{client-id=perf-producer-client}                       : NaN
producer-node-metrics:request-total:{client-id=perf-producer-client, node-id=node--1}       : 3.000
producer-topic-metrics:byte-total:{client-id=perf-producer-client, topic=t}                 : 1896175.000`;
const CONSUMER = `time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-11-23 12:28:12:349, 0, 0.0002, 0.0001, 1, 0.3106, 3012, 208, 0.0009, 4.8077
2026-11-23 12:28:12:458, 0, 1.3353, 12.2490, 7001, 64220.1835, 0, 109, 12.2490, 64220.1835
WARNING: Exiting before consuming the expected number of records: timeout (2000 ms) exceeded. You can use the --timeout option to increase the timeout.`;
const NOTHING_SENT =
  '0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max latency, 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.';
const TOO_LARGE =
  'org.apache.kafka.common.errors.RecordTooLargeException: The message is 2000088 bytes when serialized which is larger than 1048576, which is the value of the max.request.size configuration.';

function found<Item>(text: string, parse: (line: string) => Item | null): Item[] {
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

test('a producer tells windows, a summary of everything and one of what came after the warm-up', () => {
  const lines = found(PRODUCER, parseProducerLine);
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ['window', 'summary', 'summary'],
  );
  const [window, total, steady] = lines;
  assert.ok(window.kind === 'window' && total.kind === 'summary' && steady.kind === 'summary');
  assert.equal(window.window.records, 2960);
  assert.ok(Math.abs(window.window.seconds - 1.034) < 1e-3);
  assert.deepEqual([total.steady, total.summary.records, total.summary.maxMs], [false, 9000, 1048]);
  assert.deepEqual(steady, {
    kind: 'summary',
    steady: true,
    summary: {
      records: 6000,
      recordsPerSecond: 3076.923077,
      meanMs: 51.79,
      maxMs: 215,
      p50Ms: 34,
      p95Ms: 158,
      p99Ms: 215,
      p999Ms: 215,
    },
  });
});

test('a producer of which nothing was acknowledged has no latencies', () => {
  assert.equal(parseProducerLine(NOTHING_SENT), null);
});

test('a consumer tells how many records it has read, and at which rate since it last told', () => {
  assert.deepEqual(found(CONSUMER, parseConsumerLine), [
    { records: 1, recordsPerSecond: 0.3106 },
    { records: 7001, recordsPerSecond: 64220.1835 },
  ]);
});

test('metrics are those with a number', () => {
  assert.deepEqual(found(PRODUCER, parseMetric), [
    {
      name: 'producer-metrics:batch-size-avg',
      tags: 'client-id=perf-producer-client',
      value: 8138.09,
    },
    {
      name: 'producer-node-metrics:request-total',
      tags: 'client-id=perf-producer-client, node-id=node--1',
      value: 3,
    },
    {
      name: 'producer-topic-metrics:byte-total',
      tags: 'client-id=perf-producer-client, topic=t',
      value: 1896175,
    },
  ]);
});

test('an error is told by its class and message, and no other line is one', () => {
  assert.match(parseError(TOO_LARGE) ?? '', /^RecordTooLargeException: The message is 2000088 bytes/);
  assert.equal(
    parseError('[2026-11-23 12:00:00,000] ERROR x: java.net.ConnectException: refused'),
    'ConnectException: refused',
  );
  assert.deepEqual(found(`${PRODUCER}\n${CONSUMER}`, parseError), []);
  assert.equal(
    parseError('\tat org.apache.kafka.clients.producer.KafkaProducer.send(KafkaProducer.java:1)'),
    null,
  );
});
