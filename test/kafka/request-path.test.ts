import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  build,
  HEADER_BYTES,
  isNear,
  MS,
  meanLatencyNs,
  meanStagesNs,
  RECORD_BYTES,
  recordsAppended,
  recordsMade,
  requestsPerSecond,
  rowsUsed,
  runOut,
  SECOND,
  type Small,
  sum,
  US,
} from './support.ts';

/** Producers that send as fast as they are answered, one batch to a request. */
const saturating = (count: number, changes: Small = {}): Small => ({
  producers: [{ count, config: { 'buffer.memory': 1_048_576 } }],
  phase: { load: 'max', warmupMs: 200, durationMs: 2000 },
  ...changes,
});

function capacity(small: Small): number {
  const model = build(small);
  return requestsPerSecond(model, runOut(model, 0));
}

function assertCapacity(small: Small, requests: number): void {
  const found = capacity(small);
  assert.ok(isNear(found, requests, 0.02), `${found} requests a second, expected ${requests} within 2 %`);
}

describe('capacity', () => {
  const handler = { 'broker.handler.producePerRequestNs': MS };

  test('a connection is served one request at a time, however many are in flight', () => {
    for (const inFlight of [2, 5]) {
      assertCapacity(
        saturating(1, {
          producers: [{ config: { 'max.in.flight.requests.per.connection': inFlight } }],
          costs: { 'broker.handler.producePerRequestNs': MS, 'broker.network.perRequestNs': 500 * US },
        }),
        SECOND / (MS + 500 * US),
      );
    }
  });

  for (const threads of [1, 2, 4]) {
    test(`${threads} request handlers serve ${threads} requests at a time`, () => {
      assertCapacity(
        saturating(12, { costs: handler, brokerConfig: { 'num.io.threads': threads } }),
        threads * 1000,
      );
    });

    test(`${threads} network threads read and send ${threads} requests at a time`, () => {
      assertCapacity(
        saturating(12, {
          costs: { 'broker.network.perRequestNs': MS },
          brokerConfig: { 'num.network.threads': threads },
        }),
        threads * 1000,
      );
    });

    test(`${threads} cores carry what their time is enough for, clients and broker together`, () => {
      assertCapacity(
        saturating(12, {
          cores: threads,
          oneHost: true,
          threads: 4,
          brokerConfig: { 'num.network.threads': 4, 'num.io.threads': 4 },
          costs: {
            'broker.handler.producePerRequestNs': 400 * US,
            'broker.network.perRequestNs': 300 * US,
            'client.brokertwin.producer.perRequestNs': 300 * US,
          },
        }),
        threads * 1000,
      );
    });
  }

  for (const quotaCores of [0.6, 1.5, 2]) {
    test(`a quota of ${quotaCores} on 4 cores carries what its time is enough for`, () => {
      const found = capacity(
        saturating(12, {
          cores: 4,
          quotaCores,
          brokerConfig: { 'num.io.threads': 4 },
          costs: { ...handler, 'host.wakeUpLatencyNs': 50 * US },
        }),
      );
      // A period begins or ends within the measured part: less than one in twenty.
      assert.ok(isNear(found, quotaCores * 1000, 0.05), `${found} requests a second`);
    });
  }

  test('costs of bytes, batches and records count in full', () => {
    // In 16 KiB some records are a byte longer than the first ones; the model takes one size for all.
    const model = build(
      saturating(8, {
        costs: {
          'broker.handler.producePerBatchNs': 200 * US,
          'broker.handler.producePerByteNs': 20,
          'broker.handler.producePerRequestNs': 100 * US,
        },
        brokerConfig: { 'num.io.threads': 1 },
      }),
    );
    const read = runOut(model, 0);
    const bytes = Math.floor((16_384 - HEADER_BYTES) / RECORD_BYTES) * RECORD_BYTES + HEADER_BYTES;
    const expected = SECOND / (300 * US + bytes * 20);
    assert.ok(isNear(requestsPerSecond(model, read), expected, 0.02));
  });

  for (const cost of ['broker.backgroundCores', 'broker.jitCores', 'broker.observerCores'] as const) {
    test(`background use takes its share of the cores: ${cost}`, () => {
      assertCapacity(
        saturating(12, {
          cores: 1,
          // Beside two busy handlers the background thread has up to a third of the core, of which it needs a quarter.
          brokerConfig: { 'num.io.threads': 2 },
          costs: { ...handler, [cost]: 0.25 },
        }),
        750,
      );
    });
  }

  test('compilers and the metrics agent use up their part of a quota', () => {
    const quota = { cores: 2, quotaCores: 0.5, brokerConfig: { 'num.io.threads': 2 } };
    assertCapacity(saturating(12, { ...quota, costs: handler }), 500);
    const always = { 'broker.jitCores': 0.06, 'broker.observerCores': 0.04 };
    assertCapacity(saturating(12, { ...quota, costs: { ...handler, ...always } }), 400);
  });
});

describe('the request queue', () => {
  const overloaded: Small = {
    producers: [{ count: 12, config: { 'buffer.memory': 262_144 } }],
    brokerConfig: { 'queued.max.requests': 2, 'num.io.threads': 1, 'num.network.threads': 3 },
    costs: { 'broker.handler.producePerRequestNs': MS, 'broker.network.perRequestNs': 10 * US },
    phase: { load: 'max', durationMs: 1000 },
  };

  test('never holds more than queued.max.requests, and loses nothing for it', () => {
    const model = build(overloaded);
    let longest = 0;
    for (let now = 0; now < SECOND; now += 1370 * US) {
      model.sim.run(now);
      longest = Math.max(longest, rowsUsed(model, 'handlers/queue/nodes'));
    }
    assert.equal(longest, 2);
    const read = runOut(model);
    assert.ok(recordsMade(model) > 10_000);
    assert.equal(recordsAppended(model), recordsMade(model));
    assert.equal(read.classes[0].done, recordsMade(model));
    assert.equal(rowsUsed(model, 'requests'), 0);
  });

  test('lets every blocked network thread in, in turn', () => {
    const model = build(overloaded);
    model.sim.run(SECOND);
    const busyNs = model.brokers[0].networkThreads.map((thread) => model.cpus.cpuNs(thread));
    // A turn for each of three threads whenever the one handler has taken a request.
    for (const thread of busyNs) {
      assert.ok(
        isNear(thread, sum(busyNs) / 3, 0.1),
        `network threads were busy for ${busyNs.join(', ')} ns`,
      );
    }
  });

  test('counts the time in which a full queue keeps a request out as time in the queue', () => {
    const model = build(overloaded);
    const read = runOut(model, 0);
    const requests = requestsPerSecond(model, read);
    const stages = meanStagesNs(read);
    // Little's law: two requests wait in the queue and three in front of it, on blocked network threads.
    const expected = (5 / requests) * SECOND;
    assert.ok(isNear(stages.RequestQueueTimeMs, expected, 0.1), `${stages.RequestQueueTimeMs} ns`);
  });
});

describe('an unloaded produce request', () => {
  // Whole milliseconds, to which Kafka's request metrics are rounded.
  const costs = {
    'host.wakeUpLatencyNs': 50 * MS,
    'broker.network.wakeUpCpuNs': 10 * MS,
    'broker.handler.wakeUpCpuNs': 10 * MS,
    'client.brokertwin.producer.wakeUpCpuNs': 10 * MS,
    'client.brokertwin.consumer.wakeUpCpuNs': 10 * MS,
    'link.latencyNs': 100 * MS,
    'broker.network.perRequestNs': 40 * MS,
    'broker.network.perByteInNs': 2 * MS,
    'broker.network.perByteOutNs': 3 * MS,
    'broker.handler.producePerRequestNs': 30 * MS,
    'broker.handler.producePerBatchNs': 5 * MS,
    'broker.handler.producePerByteNs': 4 * MS,
    'client.brokertwin.producer.perRequestNs': 100 * MS,
    'client.brokertwin.producer.perRecordNs': 2 * MS,
    'client.brokertwin.producer.perByteNs': 5 * MS,
    'client.brokertwin.tickNs': SECOND,
  } as const;
  const bytes = HEADER_BYTES + RECORD_BYTES;
  const responseBytes = 64;
  const link = 100 * MS;
  const wake = 60 * MS;
  const prepare = 80 * MS + 2 * MS + bytes * 5 * MS;
  const read = 20 * MS + bytes * 2 * MS;
  const handle = 30 * MS + 5 * MS + bytes * 4 * MS;
  const send = 20 * MS + responseBytes * 3 * MS;
  /** The only record is due at 0, and found by the first tick. */
  const tick = SECOND;
  const small = (acks: '0' | '1' | 'all'): Small => ({
    producers: [{ rate: { kind: 'constant', recordsPerSecond: 0.1 }, config: { acks } }],
    phase: { durationMs: 10_000 },
    costs,
  });

  test('has the stages that its costs add up to', () => {
    const stages = meanStagesNs(runOut(build(small('1'))));
    assert.equal(stages.RequestQueueTimeMs, 50 * MS);
    assert.equal(stages.LocalTimeMs, 10 * MS + handle);
    assert.equal(stages.RemoteTimeMs, 0);
    assert.equal(stages.ResponseQueueTimeMs + stages.ResponseSendTimeMs, wake + send);
    assert.equal(stages.TotalTimeMs, wake + handle + wake + send);
  });

  test('is in the response queue until the network thread is awake', () => {
    const stages = meanStagesNs(runOut(build(small('1'))));
    assert.equal(stages.ResponseQueueTimeMs, 50 * MS);
    assert.equal(stages.ResponseSendTimeMs, 10 * MS + send);
  });

  test('takes from the due time to the end of the acknowledgement what its parts take', () => {
    const there = tick + wake + prepare + link + wake + read + wake + handle;
    const back = wake + send + link + wake + 20 * MS;
    for (const acks of ['1', 'all'] as const) {
      assert.equal(meanLatencyNs(runOut(build(small(acks)))), there + back, `acks=${acks}`);
    }
  });

  test('with acks=0 is published when it is sent', () => {
    assert.equal(meanLatencyNs(runOut(build(small('0')))), tick + wake + prepare);
  });

  test('with acks=0 gets no response over the network', () => {
    const [broker] = runOut(build(small('0'))).hosts;
    assert.ok(sum(broker.inBytes) > 0);
    assert.equal(sum(broker.outBytes), 0);
  });

  test('with acks=0 is appended as others are, and leaves nothing behind', () => {
    const model = build(small('0'));
    runOut(model);
    assert.equal(recordsAppended(model), 1);
    assert.equal(rowsUsed(model, 'requests'), 0);
    assert.equal(rowsUsed(model, 'batches'), 0);
  });
});

describe('the stages of requests', () => {
  test('add up to the total, for every type of request that there is', () => {
    // Whole milliseconds and more cores than threads, so that no stage is rounded.
    const model = build({
      brokers: 3,
      topics: [{ partitions: 6, replicationFactor: 3 }],
      producers: [{ count: 4, rate: { kind: 'constant', recordsPerSecond: 200 }, config: { acks: 'all' } }],
      consumers: [{}],
      brokerConfig: { 'num.io.threads': 1, 'num.network.threads': 1 },
      phase: { durationMs: 5000 },
      costs: {
        'host.wakeUpLatencyNs': MS,
        'link.latencyNs': 2 * MS,
        'broker.network.perRequestNs': 2 * MS,
        'broker.handler.producePerRequestNs': 4 * MS,
        'broker.handler.fetchPerRequestNs': 3 * MS,
        'broker.handler.fetchPerPartitionNs': MS,
        'broker.fetcher.perRequestNs': 2 * MS,
      },
    });
    const { brokers } = runOut(model);
    const all = brokers.flatMap(({ requests }) => requests);
    assert.equal(all.filter(({ count }) => count > 0).length, 3 * 3);
    for (const { stageSumsNs } of all) {
      const stages = stageSumsNs.slice(0, -1);
      assert.ok(stages.every((ns) => ns >= 0));
      assert.equal(sum(stages), stageSumsNs[stages.length]);
    }
    // More than the waking of a handler: some had to queue.
    const queued = sum(all.map(({ stageSumsNs }) => stageSumsNs[0]));
    assert.ok(queued > sum(all.map(({ count }) => count)) * MS);
  });
});
