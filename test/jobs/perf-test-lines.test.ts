import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMetric, parseProducerLine } from '../../src/java-clients/perf-output.ts';
import { summaryLine } from '../../src/jobs/perf-test-lines.ts';
import { clientMetrics, metricLines } from '../../src/jobs/perf-test-metrics.ts';
import { NOTHING_SENT, type SendTotals } from '../../src/load/producer/send-totals.ts';

const SUMMARY = { records: 6000, recordsPerSecond: 3076.9, bytesPerSecond: 2 ** 20, latencyMs: null };
const TAGS = { clientId: 'c-0', topic: 't' };
const TOTALS: SendTotals = {
  requests: 4,
  requestBytes: 4400,
  requestBytesMax: 2000,
  batches: 8,
  batchBytes: 4000,
  batchBytesMax: 900,
  records: 40,
  queueMsSum: 16,
  queueMsMax: 5,
  responses: 2,
  responseMsSum: 7,
  responseMsMax: 4,
  recordsRetried: 10,
  recordsFailed: 3,
};

test("the lines of a run and of its steady state are read as those of Kafka's tool", () => {
  for (const [of, steady] of [
    ['run', false],
    ['steady state', true],
  ] as const) {
    const found = parseProducerLine(summaryLine(SUMMARY, of));
    assert.ok(found?.kind === 'summary');
    assert.deepEqual(
      [found.steady, found.summary.records, found.summary.recordsPerSecond],
      [steady, 6000, 3076.9],
    );
  }
});

test("metrics are read as those of Kafka's tool, and are what was counted", () => {
  const lines = metricLines(clientMetrics(TOTALS, 2, TAGS));
  assert.match(lines[1], /^Metric Name +Value$/);
  const found = lines.slice(2).map((line) => parseMetric(line) ?? assert.fail(line));
  const values = Object.fromEntries(found.map(({ name, value }) => [name, value]));
  assert.deepEqual(
    [
      ...['batch-size-avg', 'batch-size-max', 'outgoing-byte-rate', 'record-send-rate', 'record-send-total'],
      ...['record-retry-rate', 'record-error-rate', 'record-queue-time-avg', 'records-per-request-avg'],
      ...['request-latency-avg', 'request-latency-max', 'request-rate', 'response-total'],
    ].map((name) => values[`producer-metrics:${name}`]),
    [500, 900, 2200, 20, 40, 5, 1.5, 2, 10, 3.5, 4, 2, 2],
  );
  assert.equal(values['producer-topic-metrics:byte-rate'], 2000);
  assert.deepEqual(
    found.map(({ name }) => name),
    found.map(({ name }) => name).toSorted(),
  );
  assert.equal(new Set(lines.slice(2).map((line) => line.indexOf(' : '))).size, 1);
});

test('an average of nothing is no number', () => {
  const lines = metricLines(clientMetrics(NOTHING_SENT, 0, TAGS));
  assert.ok(lines.some((line) => /producer-metrics:request-latency-avg:.* : NaN$/.test(line)));
});
