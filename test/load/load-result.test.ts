import assert from 'node:assert/strict';
import test from 'node:test';
import { createHistogram, encodeHistogram, recordDuration } from '../../src/load/histograms.ts';
import { collectLoadResult } from '../../src/load/load-result.ts';
import type { ClassRecording, WorkerResult } from '../../src/load/messages.ts';
import { NOTHING_SENT } from '../../src/load/producer/send-totals.ts';
import { Recorder } from '../../src/load/recorder.ts';
import { exampleConsumer, examplePhase, exampleScenario } from './example-scenario.ts';

const MS = 1e6;
const part = { startNs: 0, endNs: 2500 * MS };

/** A class on one thread that got these records: due and arrival, in milliseconds. */
function recorded(records: readonly (readonly [number, number])[], changes: Partial<ClassRecording> = {}) {
  const recorder = new Recorder(part);
  for (const [dueMs, atMs] of records) {
    recorder.arrived(1, 100, atMs * MS);
    recorder.latency(dueMs * MS, atMs * MS);
  }
  return {
    classIndex: 0,
    recording: recorder.recording(),
    records: records.length,
    recordsDue: records.length,
    recordsFailed: 0,
    requests: 1,
    batches: 2,
    batchBytes: 600,
    retriedBatches: 0,
    answers: 0,
    answersStarved: 0,
    lagMaxPerWindow: [0, 0, 0],
    lagAtEnd: 0,
    recordsWithoutDueTime: 0,
    sending: NOTHING_SENT,
    steady: null,
    fromSend: [],
    delay: [],
    ...changes,
  };
}

function worker(
  role: WorkerResult['role'],
  name: string,
  classes: readonly ClassRecording[],
  latenessMs: number | null = null,
): WorkerResult {
  const lateness = createHistogram();
  if (latenessMs !== null) {
    recordDuration(lateness, latenessMs * MS);
  }
  return {
    name,
    role,
    classes,
    lateness: latenessMs === null ? null : encodeHistogram(lateness),
    cpuSeconds: 1,
    utilisation: 0.5,
    stalls: null,
    unwrittenBytesMax: 0,
    bytesMade: 0,
    errors: { disconnected: 1 },
    produced: null,
    consumed: {},
  };
}

test('threads add up: rates over the measured part, latencies by due time, counts, lag, errors', () => {
  const result = collectLoadResult({
    scenario: exampleScenario({ consumers: [exampleConsumer({ count: 2 })] }),
    phase: examplePhase({ warmupMs: 0, durationMs: 2500 }),
    warmNs: 0,
    durationSeconds: 2.5,
    interrupted: false,
    deliveries: [],
    results: [
      worker(
        'producers',
        'bt-producer-0',
        [
          recorded(
            [
              [100, 110],
              [2400, 2600],
            ],
            { recordsDue: 3 },
          ),
        ],
        1,
      ),
      worker(
        'producers',
        'bt-producer-1',
        [
          recorded([
            [1100, 1130],
            [2450, 2499],
          ]),
        ],
        2,
      ),
      worker('consumers', 'bt-consumer-0', [
        recorded([[100, 120]], { lagMaxPerWindow: [5, 1, 0], lagAtEnd: 1 }),
      ]),
      worker('consumers', 'bt-consumer-1', [
        recorded([[1100, 1140]], { lagMaxPerWindow: [1, 7, 0], lagAtEnd: 2 }),
      ]),
    ],
  });
  assert.equal(result.throughputRecordsPerSecond, 3 / 2.5);
  assert.equal(result.throughputBytesPerSecond, 300 / 2.5);
  assert.equal(result.publishLatencyMs?.count, 4);
  assert.equal(Math.round(result.publishLatencyMs?.max ?? 0), 200);
  assert.equal(result.endToEndLatencyMs?.count, 2);
  assert.deepEqual(result.counts, {
    recordsDue: 5,
    recordsAcknowledged: 4,
    recordsFailed: 1,
    recordsConsumed: 2,
    produceRequests: 2,
    produceBatches: 4,
  });
  assert.deepEqual(
    result.classes.map(({ name, role, recordsPerSecond, lag }) => ({ name, role, recordsPerSecond, lag })),
    [
      { name: 'checkout', role: 'producer', recordsPerSecond: 1.2, lag: null },
      { name: 'billing', role: 'consumer', recordsPerSecond: 0.8, lag: { end: 3, max: 8 } },
    ],
  );
  assert.deepEqual(result.windows.startSeconds, [0, 1, 2]);
  assert.deepEqual(result.windows.producedRecordsPerSecond, [1, 1, 2]);
  assert.deepEqual(result.windows.consumedRecordsPerSecond, [1, 1, 0]);
  assert.deepEqual(result.windows.endToEndP50Ms.at(2), null);
  assert.equal(Math.round(result.windows.publishP99Ms[2] ?? 0), 200);
  assert.equal(result.generator.latenessMs?.count, 2);
  assert.ok(result.generator.keptSchedule);
  assert.deepEqual(result.totals, { recordsAcknowledged: 4, recordsConsumed: 2 });
  assert.deepEqual(result.errors, { disconnected: 4 });
});

test('a run that was ended before the measured part has empty figures', () => {
  const result = collectLoadResult({
    scenario: exampleScenario(),
    phase: examplePhase(),
    warmNs: 0,
    durationSeconds: 0,
    interrupted: true,
    results: [],
    deliveries: [],
  });
  assert.equal(result.throughputRecordsPerSecond, 0);
  assert.equal(result.publishLatencyMs, null);
  assert.deepEqual(result.windows.startSeconds, []);
});
