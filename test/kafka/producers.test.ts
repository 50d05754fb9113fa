import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readOut } from '../../src/kafka/read-out.ts';
import type { Key, ProducerClass } from '../../src/scenario/scenario.ts';
import {
  build,
  HEADER_BYTES,
  isNear,
  MS,
  meanLatencyNs,
  onFetched,
  onResponse,
  RECORD_BYTES,
  recordsAppended,
  recordsMade,
  runOut,
  SECOND,
  type Small,
  US,
} from './support.ts';

const rate = (recordsPerSecond: number) => ({ kind: 'constant', recordsPerSecond }) as const;

const record = (key: Key | null): ProducerClass['record'] => ({
  value: { kind: 'constant', bytes: 200 },
  key,
  headersBytes: 0,
});

describe('a producer with a rate', () => {
  test('makes every record of its schedule, and none after the end of the phase', () => {
    for (const count of [1, 3]) {
      const model = build({
        producers: [{ count, rate: rate(700) }],
        phase: { warmupMs: 500, durationMs: 1500 },
      });
      const [checkout] = runOut(model).classes;
      assert.equal(recordsMade(model), 700 * 2);
      assert.equal(recordsAppended(model), 700 * 2);
      assert.equal(checkout.due, 700 * 1.5);
      assert.equal(checkout.done, 700 * 1.5);
    }
  });

  test('is as many times faster as the load of the phase says', () => {
    const model = build({ producers: [{ rate: rate(700) }], phase: { load: 2.5 } });
    runOut(model);
    assert.equal(recordsMade(model), 700 * 2.5);
  });

  test('gives its topics their records in turn', () => {
    const model = build({
      topics: [{ name: 'orders' }, { name: 'clicks' }, { name: 'views' }],
      producers: [{ topics: ['orders', 'clicks', 'views'], rate: rate(500) }],
    });
    runOut(model);
    assert.deepEqual(
      [0, 1, 2].map((partition) => model.replicas.endOffset(partition)),
      [167, 167, 166],
    );
  });

  test('has as many records acknowledged and read as came due in the measured part, at any rate', () => {
    // Some are due at the very edge of the measured part, give or take the rounding of a float64.
    for (const recordsPerSecond of [500, 1000, 1500, 3000, 3500, 4500, 7000]) {
      for (const count of [1, 3]) {
        const model = build({
          topics: [{ partitions: 3 }],
          producers: [
            { count, rate: rate(recordsPerSecond), config: { 'linger.ms': 7 }, record: record(null) },
          ],
          consumers: [{}],
          phase: { warmupMs: 200, durationMs: 300 },
        });
        const [checkout, billing] = runOut(model).classes;
        assert.ok(Math.abs(checkout.due - recordsPerSecond * 0.3) <= 1);
        assert.equal(checkout.done, checkout.due, `${recordsPerSecond} records a second of ${count} clients`);
        assert.equal(billing.done, checkout.due);
      }
    }
  });

  test('with keys has as many records acknowledged as came due, whichever batches they went to', () => {
    // Records of one batch are not evenly spread when keys scatter them over the partitions.
    for (const recordsPerSecond of [500, 1000, 1500, 3000, 3500, 4500, 7000]) {
      for (const count of [1, 3]) {
        const model = build({
          topics: [{ partitions: 3 }],
          producers: [
            {
              count,
              rate: rate(recordsPerSecond),
              config: { 'linger.ms': 7 },
              record: record({ cardinality: 100, bytes: 8, zipf: null }),
            },
          ],
          consumers: [{}],
          phase: { warmupMs: 200, durationMs: 300 },
          // Ticks do not fall on the edges.
          costs: { 'client.brokertwin.tickNs': 1_012_345 },
        });
        const [checkout, billing] = runOut(model).classes;
        assert.ok(Math.abs(checkout.due - recordsPerSecond * 0.3) <= 1);
        assert.equal(checkout.done, checkout.due, `${recordsPerSecond} records a second of ${count} clients`);
        assert.equal(billing.done, checkout.due);
      }
    }
  });

  test('sends what came due between two ticks in one batch', () => {
    const model = build({
      producers: [{ rate: rate(1000) }],
      costs: { 'client.brokertwin.tickNs': 10 * MS },
    });
    const records: number[] = [];
    onResponse(model, (request) => records.push(model.requests.records.data[request]));
    const read = runOut(model);
    // The first tick comes at 10 ms and finds the record that is due just then as well.
    assert.deepEqual(records, [11, ...new Array<number>(98).fill(10), 9]);
    assert.ok(isNear(meanLatencyNs(read), 4.5 * MS, 0.02));
  });
});

describe('with more records due than the cluster takes', () => {
  // One handler takes 1000 requests of one record a second; 2000 come due.
  const overloaded: Small = {
    producers: [
      {
        rate: rate(2000),
        config: { 'batch.size': 300, 'buffer.memory': 3000, 'max.in.flight.requests.per.connection': 1 },
      },
    ],
    costs: { 'broker.handler.producePerRequestNs': MS },
    phase: { durationMs: 2000 },
  };

  test('the latency of a record counts from when it was due, the wait for buffer.memory in it', () => {
    const model = build(overloaded);
    const [checkout] = runOut(model).classes;
    assert.equal(checkout.done, 4000);
    // The last of 4000 records is done after 4 s and was due after 2 s.
    assert.ok(isNear(checkout.latencyMaxNs, 2 * SECOND, 0.01), `${checkout.latencyMaxNs}`);
    assert.ok(isNear(checkout.latencySumNs / 4000, SECOND, 0.01));
  });

  test('every record that has come due counts as due, in the accumulator or not', () => {
    const model = build(overloaded);
    model.sim.run(2 * SECOND);
    assert.equal(readOut(model).classes[0].due, 4000);
  });
});

describe('a producer without a rate', () => {
  const saturating = (acks: '0' | '1', tickMs: number) => {
    const model = build({
      producers: [{ config: { acks, 'buffer.memory': 1_048_576 } }],
      phase: { load: 'max', warmupMs: 100, durationMs: 1000 },
      costs: {
        'client.brokertwin.producer.perRequestNs': 100 * US,
        'client.brokertwin.tickNs': tickMs * MS,
      },
    });
    return runOut(model, 0).produceRequests;
  };

  test('is limited by its own thread when the cluster is fast', () => {
    assert.ok(isNear(saturating('1', 10), 10_000, 0.02));
  });

  test('with acks=0 too goes on when a request is sent, and does not wait for its next tick', () => {
    // Sending is four fifths of the cost of a request; there is no answer to work on.
    const requests = saturating('0', 10);
    assert.ok(requests >= 9_900, `${requests} requests in a second`);
  });
});

describe("Little's law", () => {
  test('the mean number of records on their way is their rate times their mean latency', () => {
    const seconds = 2;
    const perSecond = 4000;
    const model = build({
      cores: 2,
      topics: [{ partitions: 3 }],
      producers: [{ count: 4, rate: rate(perSecond), config: { 'linger.ms': 3 } }],
      brokerConfig: { 'num.io.threads': 1 },
      costs: {
        'broker.handler.producePerRequestNs': 400 * US,
        'broker.network.perRequestNs': 200 * US,
        'link.latencyNs': 100 * US,
      },
      phase: { durationMs: seconds * 1000 },
    });
    let onTheirWay = 0;
    let samples = 0;
    const stepNs = 97 * US;
    for (let now = stepNs; now < seconds * SECOND; now += stepNs) {
      model.sim.run(now);
      onTheirWay += Math.floor((now / SECOND) * perSecond) + 1 - model.recorder.done.data[0];
      samples += 1;
    }
    const latency = meanLatencyNs(runOut(model));
    assert.ok(latency > 2 * MS);
    assert.ok(isNear(onTheirWay / samples, (perSecond * latency) / SECOND, 0.01));
  });
});

test('a batch is fetched with the records that it was sent with', () => {
  const model = build({ producers: [{ config: { 'linger.ms': 7 } }], consumers: [{}] });
  let records = 0;
  onFetched(model, (_, batches) => {
    for (const batch of batches) {
      const count = model.batches.records.data[batch];
      assert.equal(model.batches.bytes.data[batch], HEADER_BYTES + count * RECORD_BYTES);
      records += count;
    }
  });
  runOut(model);
  assert.equal(records, recordsMade(model));
});
