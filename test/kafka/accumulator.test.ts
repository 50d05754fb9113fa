import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Batches } from '../../src/kafka/batches.ts';
import { Accumulator, type ProducerClient } from '../../src/kafka/clients/accumulator.ts';
import { Shares } from '../../src/kafka/clients/shares.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { NONE, Requests } from '../../src/kafka/requests.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { Accumulator as GeneratorAccumulator } from '../../src/load/producer/accumulator.ts';
import type { ProducerBatch } from '../../src/load/producer/producer-batch.ts';
import { encodeHeaders } from '../../src/load/wire/record-batch-writer.ts';
import { partitionForKey } from '../../src/scenario/murmur2.ts';
import { makings } from '../load/producer/produce-support.ts';
import { HEADER_BYTES, isNear, MS, RECORD_BYTES, sum, VALUE_BYTES } from './support.ts';

const LIMITS = { eventsPending: 16, eventsPerInstant: 16 };
const KEY_BYTES = 8;
const NO_HEADERS = encodeHeaders([]);
const IN_FLIGHT_MAX = 3;

interface Settings {
  readonly partitions: number;
  /** Partition p is led by broker p mod brokers. */
  readonly brokers: number;
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly requestBytesMax: number;
  readonly lingerMs: number;
  readonly keyed: boolean;
}

const SETTINGS: Settings = {
  partitions: 1,
  brokers: 1,
  batchBytes: 1000,
  bufferBytes: 1_000_000,
  requestBytesMax: 1_000_000,
  lingerMs: 5,
  keyed: false,
};

/** What a request carries, as both accumulators can tell it. */
interface SentBatch {
  readonly partition: number;
  readonly records: number;
  readonly bytes: number;
  readonly createdNs: number;
  readonly firstDueNs: number;
  readonly lastDueNs: number;
}

/** An accumulator under test: records in, requests out. */
interface Subject {
  /** Puts in records due at `firstDueNs`, `firstDueNs + gapNs`, ...; returns how many found room. */
  add(records: number, firstDueNs: number, gapNs: number): number;
  /** The next request to the broker, unless too many are in flight. */
  drain(broker: number): readonly SentBatch[] | null;
  /** Acknowledges the broker's oldest request in flight, if there is one. */
  acknowledge(broker: number): void;
  passMs(ms: number): void;
}

class Clock {
  readonly sim = new Simulation({ seed: 'draws', entityBase: 0, limits: LIMITS });
  readonly stream = this.sim.random.stream('sticky');

  constructor() {
    this.sim.setModel({ handle: () => undefined, kindNames: [] });
  }
}

/** The simulator's accumulator, alone. */
class Simulated implements Subject {
  readonly #clock = new Clock();
  readonly #parts = {
    sim: this.#clock.sim,
    requests: new Requests(this.#clock.sim),
    batches: new Batches(this.#clock.sim),
    recorder: { measuredOf: () => 0 },
  };
  readonly #client: ProducerClient;
  readonly #accumulator: Accumulator;
  readonly #inFlight: number[][];

  constructor(settings: Settings) {
    const { partitions, brokers } = settings;
    const slots = Array.from({ length: partitions }, (_, slot) => slot);
    this.#client = {
      classIndex: 0,
      entity: 0,
      deliveryTimeoutNs: 120_000 * MS,
      requestTimeoutNs: 30_000 * MS,
      backoff: { isJava: false, retryMs: 100, retryMaxMs: 1000 },
      connectionOf: new Int32Array(1),
      clientThread: 0,
      host: 0,
      recordBytes: RECORD_BYTES,
      shares: settings.keyed ? new Shares(slots.map(() => 1)) : null,
      acks: '1',
      lingerNs: settings.lingerMs * MS,
      batchBytes: settings.batchBytes,
      fillBytes: settings.batchBytes,
      bufferBytes: settings.bufferBytes,
      requestBytesMax: settings.requestBytesMax,
      inFlightMax: IN_FLIGHT_MAX,
      adaptive: true,
      topics: [{ firstSlot: 0, partitions, lane: 0 }],
      links: Array.from({ length: brokers }, (_, broker) => ({
        index: broker,
        broker,
        connection: broker,
        slots: slots.filter((slot) => slot % brokers === broker),
      })),
      stream: this.#clock.stream,
    };
    this.#inFlight = Array.from({ length: brokers }, () => []);
    // The accumulator reads no other part of the model.
    this.#accumulator = new Accumulator(
      this.#parts as unknown as ClusterModel,
      [this.#client],
      slots,
      slots.map((slot) => slot % brokers),
      1,
      brokers,
    );
  }

  add(records: number, firstDueNs: number, gapNs: number): number {
    return this.#accumulator.add(this.#client, 0, 0, records, firstDueNs, gapNs);
  }

  drain(broker: number): readonly SentBatch[] | null {
    const { batches, requests } = this.#parts;
    const request = this.#accumulator.drain(this.#client, 0, this.#client.links[broker]);
    if (request === NONE) return null;
    this.#inFlight[broker].push(request);
    const sent: SentBatch[] = [];
    let batch = requests.firstBatch.data[request];
    for (; batch !== NONE; batch = batches.nextInRequest.data[batch]) {
      sent.push({
        partition: batches.partition.data[batch],
        records: batches.records.data[batch],
        bytes: batches.bytes.data[batch],
        createdNs: batches.createdNs.data[batch],
        firstDueNs: batches.firstDueNs.data[batch],
        lastDueNs: batches.lastDueNs.data[batch],
      });
    }
    assert.equal(requests.batches.data[request], sent.length);
    assert.equal(requests.records.data[request], sum(sent.map(({ records }) => records)));
    assert.equal(requests.bytesIn.data[request], sum(sent.map(({ bytes }) => bytes)));
    return sent;
  }

  acknowledge(broker: number): void {
    const request = this.#inFlight[broker].shift();
    if (request === undefined) return;
    const { batches, requests } = this.#parts;
    this.#accumulator.done(this.#client, 0, broker, requests.batches.data[request]);
    let batch = requests.firstBatch.data[request];
    while (batch !== NONE) {
      const next = batches.nextInRequest.data[batch];
      batches.release(batch);
      batch = next;
    }
    requests.close(request);
  }

  passMs(ms: number): void {
    this.#clock.sim.run(this.#clock.sim.nowNs + ms * MS);
  }
}

/** The generator's accumulator as the oracle, drawing the same numbers. */
class Real implements Subject {
  readonly #settings: Settings;
  readonly #clock = new Clock();
  readonly #accumulator: GeneratorAccumulator;
  readonly #inFlight: (readonly ProducerBatch[])[][];
  readonly #keys: Buffer[] = [];
  #waitingKey: Buffer | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#accumulator = new GeneratorAccumulator(
      {
        batchBytes: settings.batchBytes,
        lingerNs: settings.lingerMs * MS,
        bufferBytes: settings.bufferBytes,
        maxRequestBytes: settings.requestBytesMax,
        deliveryTimeoutNs: 120_000 * MS,
        oneInFlight: false,
        adaptive: true,
      },
      [{ name: 'orders', partitions: settings.partitions }],
      makings(),
      () => this.#clock.sim.random.uniform(this.#clock.stream),
      null,
    );
    const leaders = Array.from({ length: settings.partitions }, (_, p) => p % settings.brokers);
    this.#accumulator.setLeaders([leaders]);
    this.#inFlight = Array.from({ length: settings.brokers }, () => []);
  }

  add(records: number, firstDueNs: number, gapNs: number): number {
    const { keyed } = this.#settings;
    for (let added = 0; added < records; added += 1) {
      const key = keyed ? (this.#waitingKey ?? this.#drawKey()) : null;
      const valueBytes = keyed ? VALUE_BYTES - KEY_BYTES : VALUE_BYTES;
      const record = { key, valueBytes, headers: NO_HEADERS, value: null };
      const dueNs = firstDueNs + added * gapNs;
      const taken = this.#accumulator.append(0, record, dueNs, this.#clock.sim.nowNs) !== null;
      // The record that finds no room keeps its key.
      this.#waitingKey = taken ? null : key;
      if (!taken) return added;
    }
    return records;
  }

  drain(broker: number): readonly SentBatch[] | null {
    if (this.#inFlight[broker].length >= IN_FLIGHT_MAX) return null;
    const batches = this.#accumulator.drain(broker, this.#clock.sim.nowNs);
    if (batches === null) return null;
    this.#inFlight[broker].push(batches);
    return batches.map(({ partition, dueNs, records, bytes, createdNs }) => ({
      partition,
      records,
      bytes,
      createdNs,
      firstDueNs: dueNs[0],
      lastDueNs: dueNs[records - 1],
    }));
  }

  acknowledge(broker: number): void {
    for (const batch of this.#inFlight[broker].shift() ?? []) {
      this.#accumulator.acknowledged(batch);
    }
  }

  passMs(ms: number): void {
    this.#clock.sim.run(this.#clock.sim.nowNs + ms * MS);
  }

  /** A key of the partition that the simulator draws for a keyed record. */
  #drawKey(): Buffer {
    const { partitions } = this.#settings;
    const partition = this.#clock.sim.random.integer(this.#clock.stream, partitions);
    for (let number = 0; this.#keys[partition] === undefined; number += 1) {
      const key = Buffer.from(String(number).padStart(8));
      this.#keys[partitionForKey(key, partitions)] ??= key;
    }
    return this.#keys[partition];
  }
}

interface Step {
  readonly waitMs: number;
  readonly records: number;
  readonly acknowledge: number;
}

/**
 * All within 60 ms: up to 63 ms after a batch's first record, a timestamp takes one byte in the generator's batches, as it
 * always does in the simulator's.
 */
const steps = (recordsMax: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 1 }),
      records: fc.integer({ min: 0, max: recordsMax }),
      acknowledge: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 60 },
  );

/** Every request of a run, and the records left over that found no room. */
function play(subject: Subject, settings: Settings, sequence: readonly Step[]) {
  const sent: { step: number; broker: number; batches: readonly SentBatch[] }[] = [];
  let waiting = 0;
  let entered = 0;
  sequence.forEach(({ waitMs, records, acknowledge }, step) => {
    subject.passMs(waitMs);
    for (let broker = 0; broker < settings.brokers; broker += 1) {
      for (let count = 0; count < acknowledge; count += 1) subject.acknowledge(broker);
    }
    waiting += records;
    if (waiting > 0) {
      const added = subject.add(waiting, entered * 1000, 1000);
      waiting -= added;
      entered += added;
    }
    for (let broker = 0; broker < settings.brokers; broker += 1) {
      for (let batches = subject.drain(broker); batches !== null; batches = subject.drain(broker)) {
        sent.push({ step, broker, batches });
      }
    }
  });
  return { sent, waiting, entered };
}

const settingsOf = (partitionsMax: number, keyed: boolean): fc.Arbitrary<Settings> =>
  fc
    .record({
      partitions: fc.integer({ min: 1, max: partitionsMax }),
      brokers: fc.integer({ min: 1, max: 3 }),
      // Below 64 records a batch, so that every record has the same size.
      batchBytes: fc.integer({ min: 350, max: 8000 }),
      batches: fc.integer({ min: 1, max: 12 }),
      requestBytesMax: fc.integer({ min: 1000, max: 30_000 }),
      lingerMs: fc.integer({ min: 0, max: 8 }),
    })
    .map(({ batches, ...settings }) => ({
      ...settings,
      brokers: Math.min(settings.brokers, settings.partitions),
      bufferBytes: batches * settings.batchBytes + 100,
      keyed,
    }));

function assertSameRequests(partitionsMax: number, keyed: boolean, numRuns: number): void {
  fc.assert(
    fc.property(settingsOf(partitionsMax, keyed), steps(60), (settings, sequence) => {
      assert.deepEqual(
        play(new Simulated(settings), settings, sequence),
        play(new Real(settings), settings, sequence),
      );
    }),
    { numRuns },
  );
}

describe('the accumulator sends what the generator sends', () => {
  test('on one partition: the same batches in the same requests at the same time', () => {
    assertSameRequests(1, false, 300);
  });

  test('with keys, on several partitions and brokers', () => {
    assertSameRequests(8, true, 300);
  });

  test('without keys, on several partitions and brokers, with the same draws', () => {
    assertSameRequests(8, false, 300);
  });

  test('also when the partition changes: the full batch that is left behind waits for nothing', () => {
    // 8 records fill a batch with 1733 bytes; after the second one the next partition is drawn.
    const settings = { ...SETTINGS, partitions: 2, batchBytes: 1734, bufferBytes: 10_000 };
    const sequence = [{ waitMs: 1, records: 17, acknowledge: 0 }];
    const counts = (subject: Subject) =>
      play(subject, settings, sequence).sent.map(({ batches }) => batches.map(({ records }) => records));
    assert.deepEqual(counts(new Simulated(settings)), counts(new Real(settings)));
  });

  test('also when records fill a batch to its last byte', () => {
    const settings = { ...SETTINGS, batchBytes: HEADER_BYTES + 4 * RECORD_BYTES };
    const sequence = [{ waitMs: 1, records: 4, acknowledge: 0 }];
    const real = play(new Real(settings), settings, sequence);
    assert.equal(real.sent.length, 1);
    assert.deepEqual(play(new Simulated(settings), settings, sequence), real);
  });
});

describe('the accumulator', () => {
  const records = (count: number, waitMs = 0, acknowledge = 0): Step => ({
    records: count,
    waitMs,
    acknowledge,
  });
  const played = (changes: Partial<Settings>, ...sequence: Step[]) => {
    const settings = { ...SETTINGS, ...changes };
    return play(new Simulated(settings), settings, sequence);
  };

  test('sends a batch that is not full when linger.ms have passed since it was begun, not before', () => {
    const { sent } = played({}, records(1), records(1, 4), records(0, 0), records(0, 1));
    assert.deepEqual(
      sent.map(({ step, batches }) => [step, batches.map((batch) => batch.records)]),
      [[3, [2]]],
    );
  });

  test('sends full batches at once, and keeps what does not fill one', () => {
    // 61 + 4 * 209 = 897 of 1000 bytes.
    const { sent } = played({}, records(11));
    assert.deepEqual(
      sent.map(({ batches }) => batches.map((batch) => batch.records)),
      [[4], [4]],
    );
  });

  test('has as many requests in flight to a broker as it may', () => {
    const { sent } = played({}, records(100), records(0, 1), records(0, 1, 2));
    assert.deepEqual(
      sent.map(({ step }) => step),
      [0, 0, 0, 2, 2],
    );
  });

  test('takes no more records than buffer.memory has room for, sends what it has, and goes on when that is acknowledged', () => {
    const { sent, waiting } = played({ bufferBytes: 2000 }, records(100), records(0, 1), records(0, 1, 1));
    assert.deepEqual(
      sent.map(({ step, batches }) => [step, batches.map((batch) => batch.records)]),
      [
        [0, [4]],
        [0, [4]],
        [2, [4]],
      ],
    );
    assert.equal(waiting, 100 - 12);
  });

  test('puts one batch of each partition into a request, up to max.request.size', () => {
    const settings = { ...SETTINGS, partitions: 4, keyed: true, requestBytesMax: 3 * 1000 };
    const { sent } = play(new Simulated(settings), settings, [records(60)]);
    for (const { batches } of sent) {
      assert.equal(new Set(batches.map(({ partition }) => partition)).size, batches.length);
      assert.ok(batches.length <= 3);
    }
    assert.equal(sent[0].batches.length, 3);
  });

  test('spreads keyless records evenly over the partitions in the long run', () => {
    const settings = { ...SETTINGS, partitions: 4 };
    const sequence = Array.from({ length: 4000 }, () => records(10, 1, 3));
    const perPartition = [0, 0, 0, 0];
    for (const { batches } of play(new Simulated(settings), settings, sequence).sent) {
      for (const batch of batches) perPartition[batch.partition] += batch.records;
    }
    for (const count of perPartition) assert.ok(isNear(count, 10_000, 0.1), `${perPartition}`);
  });

  test('loses and makes no record, whatever happens', () => {
    fc.assert(
      fc.property(fc.oneof(settingsOf(8, false), settingsOf(8, true)), steps(200), (settings, sequence) => {
        const subject = new Simulated(settings);
        const { sent, waiting, entered } = play(subject, settings, sequence);
        assert.equal(entered + waiting, sum(sequence.map((step) => step.records)));
        const inSent = (batches: readonly SentBatch[]) => sum(batches.map((batch) => batch.records));
        let out = sum(sent.map(({ batches }) => inSent(batches)));
        assert.ok(out <= entered);
        subject.passMs(settings.lingerMs);
        for (let broker = 0; broker < settings.brokers; broker += 1) {
          for (let turn = 0; turn < 200; turn += 1) {
            subject.acknowledge(broker);
            out += inSent(subject.drain(broker) ?? []);
          }
        }
        assert.equal(out, entered);
      }),
      { numRuns: 200 },
    );
  });
});
