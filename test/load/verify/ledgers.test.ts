import assert from 'node:assert/strict';
import test from 'node:test';
import { ConsumerLedger, type ConsumerLedgerData } from '../../../src/load/verify/consumer-ledger.ts';
import { judgeDelivery, type LogBounds } from '../../../src/load/verify/judge.ts';
import {
  mergeProducers,
  ProducerLedger,
  refusedBeforeAppend,
} from '../../../src/load/verify/producer-ledger.ts';
import { STAMP_BYTES, writeStamp } from '../../../src/load/verify/stamp.ts';
import { StreamPlan } from '../../../src/load/verify/streams.ts';
import type { DeliveryProof } from '../../../src/result/delivery-proof.ts';
import { viewOf } from '../../support/view-of.ts';
import { ALL_PROMISED } from './modelled-run.ts';

const RUN = 99;
const plan = new StreamPlan(
  [{ name: 't', partitions: 1 }],
  [
    { name: 'p-0', classIndex: 0, topics: [0] },
    { name: 'p-1', classIndex: 0, topics: [0] },
  ],
);
const value = new Uint8Array(STAMP_BYTES);

function see(ledger: ConsumerLedger, sequence: number, offset: number, stream = 0): void {
  writeStamp(viewOf(value), 0, value.length, RUN, stream, sequence);
  ledger.beginBatch(0);
  ledger.saw(value, 0, value.length, offset);
}

function judge(
  producer: ProducerLedger,
  consumers: readonly ConsumerLedgerData[],
  bounds: LogBounds | null,
): DeliveryProof {
  return judgeDelivery({
    group: 'readers',
    plan,
    classes: [{ name: 'p', promises: ALL_PROMISED }],
    producers: [producer.data()],
    consumers,
    bounds: [bounds],
    otherWriters: false,
    missing: [],
  });
}

function acknowledgedProducer(count: number): ProducerLedger {
  const producer = new ProducerLedger(plan.streamCount);
  producer.acknowledged(0, producer.make(0, count), count);
  return producer;
}

test('streams are numbered densely, and found by their partitions', () => {
  const both = new StreamPlan(
    [
      { name: 'a', partitions: 2 },
      { name: 'b', partitions: 3 },
    ],
    [
      { name: 'x-0', classIndex: 0, topics: [1, 0] },
      { name: 'y-0', classIndex: 1, topics: [1] },
    ],
  );
  assert.equal(both.streamCount, 8);
  assert.equal(both.partitionNumber('b', 2), 4);
  assert.equal(both.partitionNumber('b', 3), -1);
  assert.equal(both.partitionNumber('c', 0), -1);
  assert.equal(both.partitionName(4), 'b-2');
  assert.equal(both.streamOf(0, 1, 1), 4);
  assert.equal(both.streamOf(1, 0, 2), 7);
  assert.deepEqual([...both.streamsOf(4)], [2, 7]);
  for (let stream = 0; stream < both.streamCount; stream++) {
    assert.equal(both.streamsOf(both.partitionOf[stream])[both.slotOf[stream]], stream);
  }
  assert.equal(both.clientOf(7).name, 'y-0');
});

test('acknowledgements that overtake each other and gaps between them are kept apart', () => {
  const producer = new ProducerLedger(2);
  assert.deepEqual([producer.make(1, 10), producer.make(1, 10), producer.make(1, 10)], [0, 10, 20]);
  producer.acknowledged(1, 10, 20);
  producer.acknowledged(1, 0, 5);
  producer.failed(1, 5, 10);
  producer.indeterminate(1, 20, 22);
  const { made, acknowledged, failed, horizon } = mergeProducers([
    producer.data(0, 1),
    structuredClone(producer.data(1, 2)),
  ])(1);
  assert.deepEqual([made, horizon], [30, Number.POSITIVE_INFINITY]);
  assert.deepEqual([...acknowledged], [0, 5, 10, 20]);
  assert.deepEqual([...failed], [5, 10]);
});

test('outcomes of records that were never made, and streams made twice, are refused', () => {
  const producer = new ProducerLedger(1);
  producer.make(0, 5);
  assert.throws(() => producer.acknowledged(0, 0, 6), /never made/);
  assert.throws(() => producer.make(1, 1), /no stream 1/);
  assert.throws(() => mergeProducers([producer.data(), producer.data()]), /two producers/);
});

test('only refusals before the append say that nothing was written', () => {
  assert.ok(refusedBeforeAppend('NOT_ENOUGH_REPLICAS'));
  for (const name of ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'REQUEST_TIMED_OUT', 'NOT_LEADER_OR_FOLLOWER']) {
    assert.ok(!refusedBeforeAppend(name), name);
  }
});

test('a position set back redelivers, and breaks nothing', () => {
  const ledger = new ConsumerLedger(RUN, plan);
  ledger.begin(0, 0);
  for (let offset = 0; offset < 100; offset++) see(ledger, offset, offset);
  ledger.begin(0, 40);
  for (let offset = 40; offset < 120; offset++) see(ledger, offset, offset);
  const proof = judge(acknowledgedProducer(120), [ledger.data()], { start: 0, end: 120 });
  assert.equal(proof.verdict, 'proven');
  assert.deepEqual([proof.log.records, proof.log.redelivered], [120, 60]);
});

test('offsets that hold other records when they are read again break the proof', () => {
  const alone = new ConsumerLedger(RUN, plan);
  alone.begin(0, 0);
  for (let offset = 0; offset < 100; offset++) see(alone, offset, offset);
  alone.begin(0, 90);
  for (let offset = 90; offset < 110; offset++) see(alone, offset + 10, offset);
  const proof = judge(acknowledgedProducer(120), [alone.data()], { start: 0, end: 110 });
  assert.deepEqual([proof.verdict, proof.log.rewritten], ['broken', 10]);

  const before = new ConsumerLedger(RUN, plan);
  before.begin(0, 0);
  for (let offset = 0; offset < 100; offset++) {
    if (offset === 90) before.committed(0, 90);
    see(before, offset, offset);
  }
  const after = new ConsumerLedger(RUN, plan);
  after.begin(0, 90);
  for (let offset = 90; offset < 110; offset++) see(after, offset + 10, offset);
  const both = judge(acknowledgedProducer(120), [before.data(), after.data()], { start: 0, end: 110 });
  assert.deepEqual([both.verdict, both.log.rewritten, both.total.lost], ['broken', 10, 10]);
});

test('a handover without a commit in between is told to be doubtful', () => {
  const before = new ConsumerLedger(RUN, plan);
  before.begin(0, 0);
  for (let offset = 0; offset < 100; offset++) see(before, offset, offset);
  assert.equal(before.committed(0, 50), false);
  const after = new ConsumerLedger(RUN, plan);
  after.begin(0, 80);
  for (let offset = 80; offset < 120; offset++) see(after, offset, offset);
  const proof = judge(acknowledgedProducer(120), [before.data(), after.data()], { start: 0, end: 120 });
  assert.equal(proof.verdict, 'not judged');
  assert.deepEqual([proof.total.lost, proof.total.duplicated], [0, 0]);
  assert.deepEqual(proof.notJudged, [
    '20 offsets were read by two members: what is twice there may be a duplicate',
  ]);
});

test('a consumer that leaps about is given up, and told of', () => {
  const ledger = new ConsumerLedger(RUN, plan);
  for (let leap = 0; leap < 100; leap++) {
    ledger.begin(0, 10 * leap);
    see(ledger, leap, 10 * leap);
  }
  const data = ledger.data();
  assert.ok(data.readings.length <= 16);
  const proof = judge(acknowledgedProducer(100), [data], { start: 0, end: 1000 });
  assert.equal(proof.verdict, 'not judged');
  assert.ok(proof.notJudged.includes('t-0 was read in too many pieces'));
});

test('readings that are over, and commits that are past, give their memory back', () => {
  const ledger = new ConsumerLedger(RUN, plan, { intervalsPerStream: 100, intervals: 400 });
  for (let leap = 0; leap < 500; leap++) {
    const start = 1000 * leap;
    ledger.begin(0, start);
    for (const [index, ahead] of [0, 2, 4, 6, 3].entries()) see(ledger, start + ahead, start + index);
    for (let offset = start + 100; offset < start + 110; offset++) {
      see(ledger, offset, offset);
      assert.ok(ledger.committed(0, offset + 1));
    }
  }
  for (const { disorders, checkpoints } of ledger.data().readings) {
    assert.ok(disorders.every(({ horizon }) => horizon === Number.POSITIVE_INFINITY));
    assert.equal(checkpoints.length, 3);
  }
});

test('what was acknowledged in the end counts as acknowledged, whatever was said before', () => {
  const producer = new ProducerLedger(plan.streamCount);
  producer.make(0, 10);
  producer.failed(0, 0, 10);
  producer.indeterminate(0, 0, 10);
  producer.acknowledged(0, 0, 6);
  const { total } = judge(producer, [], { start: 0, end: 0 });
  assert.deepEqual([total.made, total.acknowledged, total.failed, total.lost], [10, 6, 4, 6]);
});

test('records are refused before their reading has begun', () => {
  const ledger = new ConsumerLedger(RUN, plan);
  assert.throws(() => ledger.beginBatch(0), /nobody said from where/);
  assert.throws(() => ledger.saw(value, 0, value.length, 0), /before its batch/);
});

test('a member with too little memory accuses nobody, before and after a handover', () => {
  const limits = { intervalsPerStream: 2, intervals: 100 };
  const members = [new ConsumerLedger(RUN, plan, limits), new ConsumerLedger(RUN, plan, limits)];
  const read = (member: number, start: number, sequences: readonly number[]) => {
    members[member].begin(0, start);
    for (const [index, sequence] of sequences.entries()) see(members[member], sequence, start + index);
    members[member].committed(0, start + sequences.length);
  };
  const proofOf = (count: number, end: number) =>
    judge(
      acknowledgedProducer(count),
      members.map((member) => member.data()),
      { start: 0, end },
    );
  read(0, 0, [0, 1, 2]);
  read(1, 3, [3, 5, 7, 9, 11, 10]);
  const after = proofOf(12, 9);
  assert.deepEqual([after.total.lost, after.total.notJudged], [2, 4]);

  members.splice(0, 2, new ConsumerLedger(RUN, plan, limits), new ConsumerLedger(RUN, plan, limits));
  read(0, 0, [0, 2, 4, 6, 8]);
  read(1, 5, [7, 9]);
  const before = proofOf(10, 7);
  assert.deepEqual([before.total.lost, before.total.notJudged, before.total.duplicated], [2, 5, 0]);
});

test('whatever comes, the intervals of a ledger stay within its limits, and losses below are exact', () => {
  const limits = { intervalsPerStream: 1000, intervals: 1500 };
  const ledger = new ConsumerLedger(RUN, plan, limits);
  ledger.begin(0, 0);
  const count = 100_000;
  // Every other record is lost, of one stream in order and of the other backwards.
  for (let index = 0; index < count; index++) {
    see(ledger, 2 * index, 2 * index, 0);
    see(ledger, 2 * (count - index), 2 * index + 1, 1);
    if (index % 10_000 === 0) ledger.committed(0, 2 * index + 2);
  }
  const data = ledger.data();
  const states = data.readings.flatMap((reading) => [reading, ...reading.checkpoints]);
  assert.ok(states.reduce((sum, { intervals }) => sum + intervals, 0) <= limits.intervals);

  const proof = judge(acknowledgedProducer(2 * count), [data], { start: 0, end: 2 * count });
  assert.equal(proof.verdict, 'broken');
  const judged = proof.total.made - proof.total.notJudged;
  assert.ok(judged > 0 && judged <= 2 * (limits.intervalsPerStream + 1), `${judged}`);
  assert.equal(proof.total.lost, Math.floor(judged / 2));
  assert.ok(proof.notJudged.some((reason) => reason.includes('too many gaps')));

  const producer = new ProducerLedger(plan.streamCount, limits);
  producer.make(0, 2 * count);
  for (let index = 0; index < count; index++) producer.acknowledged(0, 2 * index + 1, 2 * index + 2);
  const { exceptions } = producer.data();
  assert.equal(exceptions[0].acknowledged.length / 2, limits.intervalsPerStream);
  assert.ok(exceptions[0].horizon <= 2 * limits.intervalsPerStream + 1);
});

test('records are stamped and checked at full speed', (context) => {
  const bytes = 100;
  const perBatch = 160;
  const slab = Buffer.alloc(bytes * perBatch, 0x5a);
  const producer = new ProducerLedger(plan.streamCount);
  const consumer = new ConsumerLedger(RUN, plan);
  consumer.begin(0, 0);
  const batches = 3000;
  // The best batch of all: the others were on cores that had other things to do.
  const bestMs = { produce: Number.POSITIVE_INFINITY, consume: Number.POSITIVE_INFINITY };
  for (let batch = 0; batch < batches; batch++) {
    const began = performance.now();
    const first = producer.make(0, perBatch);
    for (let index = 0; index < perBatch; index++) {
      writeStamp(viewOf(slab), index * bytes, bytes, RUN, 0, first + index);
    }
    producer.acknowledged(0, first, first + perBatch);
    const between = performance.now();
    consumer.beginBatch(0);
    for (let index = 0; index < perBatch; index++) {
      consumer.saw(slab, index * bytes, bytes, first + index);
    }
    bestMs.produce = Math.min(bestMs.produce, between - began);
    bestMs.consume = Math.min(bestMs.consume, performance.now() - between);
  }
  const records = batches * perBatch;
  const ns = (ms: number) => ((ms * 1e6) / perBatch).toFixed(0);
  context.diagnostic(
    `${ns(bestMs.produce)} ns to stamp a record of 100 bytes, ${ns(bestMs.consume)} ns to check it`,
  );
  const proof = judge(producer, [consumer.data()], { start: 0, end: records });
  assert.equal(proof.verdict, 'proven');
  assert.ok(bestMs.produce + bestMs.consume < (perBatch * 5000) / 1e6, 'within 5 us a record');
});
