import assert from 'node:assert/strict';
import test from 'node:test';
import { rig } from './client-rig.ts';
import type { SentBatch } from './produce-support.ts';

const NOT_LEADER_OR_FOLLOWER = 6;
const REQUEST_TIMED_OUT = 7;
const NOT_ENOUGH_REPLICAS = 19;
const CLUSTER_AUTHORIZATION_FAILED = 31;
const DUPLICATE_SEQUENCE_NUMBER = 46;
const INVALID_PRODUCER_EPOCH = 47;
const UNKNOWN_PRODUCER_ID = 59;

const ONE_RECORD = 1e6;

test('a batch is sent again after retry.backoff.ms, twice as long each time up to the maximum, a fifth more or less', async () => {
  const { start, tick, answer, requests, seen } = await rig(
    { 'linger.ms': 0, 'retry.backoff.ms': 100, 'retry.backoff.max.ms': 1000 },
    1000,
  );
  start(ONE_RECORD);
  let ms = 0;
  tick(ms);
  for (const waitMs of [100, 200, 400, 800, 1000, 1000]) {
    answer(ms, { errorCode: NOT_ENOUGH_REPLICAS });
    tick(ms + 0.8 * waitMs - 0.01);
    assert.equal(requests.length, 0, `sent again within ${0.8 * waitMs} ms`);
    tick(ms + 1.2 * waitMs);
    assert.equal(requests.length, 1, `not sent again within ${1.2 * waitMs} ms`);
    ms += 1.2 * waitMs;
  }
  answer(ms);
  assert.deepEqual([seen.acknowledged, seen.failed], [1, 0]);
});

test('a batch is given up when delivery.timeout.ms have passed since its first record', async () => {
  const { start, tick, answer, seen, reasons, client } = await rig(
    { 'linger.ms': 0, 'delivery.timeout.ms': 1000, 'request.timeout.ms': 100, 'retry.backoff.ms': 100 },
    1000,
  );
  start(ONE_RECORD);
  tick(0);
  answer(950, { errorCode: NOT_ENOUGH_REPLICAS });
  assert.equal(seen.failed, 0);
  tick(999);
  assert.equal(seen.failed, 0);
  tick(1000);
  assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 0]);
  assert.deepEqual(reasons, ['NOT_ENOUGH_REPLICAS', 'delivery.timeout.ms has passed']);
  assert.ok(client.idle);
});

test('a batch on its way is given up when delivery.timeout.ms have passed, and may be written; its answer changes nothing', async () => {
  for (const end of ['acknowledged', 'refused', 'lost', 'written'] as const) {
    const { start, tick, answer, lose, written, requests, seen, reasons, client } = await rig(
      {
        ...{
          'linger.ms': 0,
          'delivery.timeout.ms': 1000,
          'request.timeout.ms': 1000,
          'buffer.memory': 20_000,
        },
        acks: end === 'written' ? '0' : '1',
      },
      1000,
      { valueBytes: 16_000 },
    );
    start(2 * ONE_RECORD);
    tick(0);
    assert.equal(client.wakeNs(ONE_RECORD), ONE_RECORD);
    tick(1);
    assert.equal(requests.length, 1, 'there is memory for one');
    assert.ok(client.wakeNs(ONE_RECORD) <= 1000 * ONE_RECORD);
    tick(999);
    assert.equal(seen.failed, 0);
    tick(1000);
    assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 1]);
    tick(1001);
    assert.equal(requests.length, 1, 'its memory is not free before its request has ended');
    if (end === 'lost') lose(1500, 'timed out');
    else if (end === 'written') written(1500);
    else answer(1500, { errorCode: end === 'refused' ? NOT_ENOUGH_REPLICAS : 0 });
    assert.deepEqual([seen.acknowledged, seen.failed, seen.mayBeWritten], [0, 1, 1], end);
    assert.deepEqual(reasons, ['delivery.timeout.ms has passed']);
    assert.equal(requests.length, 1, 'the next is sent');
    if (end === 'written') written(1501);
    else answer(1501);
    assert.deepEqual([seen.acknowledged, seen.failed], [1, 1]);
    assert.ok(client.idle);
  }
});

test('an answer that comes after delivery.timeout.ms gives the batch up, or acknowledges it', async () => {
  for (const errorCode of [0, NOT_ENOUGH_REPLICAS]) {
    const { start, tick, answer, seen } = await rig(
      { 'linger.ms': 0, 'delivery.timeout.ms': 1000, 'request.timeout.ms': 100 },
      1000,
    );
    start(ONE_RECORD);
    tick(0);
    answer(1500, { errorCode });
    assert.deepEqual([seen.acknowledged, seen.failed], errorCode === 0 ? [1, 0] : [0, 1]);
  }
});

test('with no retries the first error gives a batch up', async () => {
  const { start, tick, answer, seen } = await rig({ 'linger.ms': 0, retries: 0 }, 1000);
  start(ONE_RECORD);
  tick(0);
  answer(5, { errorCode: NOT_ENOUGH_REPLICAS });
  assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 0]);
});

test('a batch in flight when the connection ends, or that timed out, may be written', async () => {
  for (const how of ['disconnected', 'timed out', 'answered'] as const) {
    const { start, tick, answer, lose, seen, reasons } = await rig({ 'linger.ms': 0, retries: 0 }, 1000);
    start(ONE_RECORD);
    tick(0);
    if (how === 'answered') {
      answer(5, { errorCode: REQUEST_TIMED_OUT });
    } else {
      lose(5, how);
      assert.equal(seen.refreshed, 1, 'asks who leads');
    }
    assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 1]);
    assert.deepEqual(reasons, [how === 'disconnected' ? 'NETWORK_EXCEPTION' : 'REQUEST_TIMED_OUT']);
  }
});

test('a lost request is sent again', async () => {
  const { start, tick, answer, lose, requests, seen } = await rig({ 'linger.ms': 0 }, 1000);
  start(ONE_RECORD);
  tick(0);
  lose(5);
  tick(200);
  assert.equal(requests.length, 1);
  answer(201);
  assert.deepEqual([seen.acknowledged, seen.failed], [1, 0]);
});

test('a wrong leader: the cluster is asked, and the batch goes to the new leader without waiting', async () => {
  const { start, tick, answer, requests, seen, leaders, client } = await rig(
    { 'linger.ms': 0, 'retry.backoff.ms': 100 },
    1000,
    { leaders: [1] },
  );
  start(ONE_RECORD);
  tick(0);
  answer(5, { errorCode: NOT_LEADER_OR_FOLLOWER });
  assert.equal(seen.refreshed, 1);
  tick(6);
  assert.equal(requests.length, 0);
  leaders[0] = 2;
  client.leadersChanged();
  tick(7);
  assert.deepEqual(
    requests.map(({ broker }) => broker),
    [2],
  );
});

test('a broker that tells who leads now is believed at once', async () => {
  const { start, tick, answer, requests } = await rig({ 'linger.ms': 0, 'retry.backoff.ms': 100 }, 1000, {
    leaders: [1],
  });
  start(ONE_RECORD);
  tick(0);
  answer(5, { errorCode: NOT_LEADER_OR_FOLLOWER, currentLeader: { broker: 2, epoch: 9 } });
  tick(6);
  assert.deepEqual(
    requests.map(({ broker }) => broker),
    [2],
  );
});

test('each partition of a request has its own outcome, in whatever order they are answered', async () => {
  const { start, tick, answerAs, requests, seen, reasons } = await rig(
    { 'linger.ms': 10, 'batch.size': 500 },
    1000,
    { leaders: [1, 1, 1] },
  );
  start(30 * ONE_RECORD);
  tick(30);
  const batches = requests.flatMap((request) => request.batches);
  const sent = requests[0].batches;
  assert.ok(sent.length >= 2, `${batches.length}`);
  const [first, ...others] = sent;
  const before = seen.acknowledged;
  answerAs(31, [...others.map(({ topic, partition }) => ({ topic, partition })).reverse()]);
  const acknowledged = others.reduce((sum, { records }) => sum + records.length, 0);
  assert.equal(seen.acknowledged - before, acknowledged);
  assert.deepEqual(reasons, ['the broker left it out of its answer']);
  assert.ok(first.records.length > 0);
});

test('a broker that throttles gets nothing until the time has passed', async () => {
  const { start, tick, answer, requests, client } = await rig({ 'linger.ms': 0 }, 1000);
  start(100 * ONE_RECORD);
  tick(0);
  answer(1, { throttleMs: 20 });
  for (let ms = 2; ms < 21; ms++) {
    tick(ms);
  }
  assert.equal(requests.length, 0);
  assert.ok(client.wakeNs(2e6) <= 21e6);
  tick(21);
  assert.ok(requests.length > 0);
});

test('acks=0: what the system has taken is acknowledged, and what it has not may be written', async () => {
  const { start, tick, written, requests, seen } = await rig({ 'linger.ms': 0, acks: '0' }, 1000);
  start(2 * ONE_RECORD);
  tick(0);
  tick(1);
  assert.deepEqual(
    requests.map(({ acks, listener }) => [acks, listener]),
    [
      [0, null],
      [0, null],
    ],
  );
  written(2);
  written(3, new Error('EPIPE'));
  assert.deepEqual([seen.acknowledged, seen.failed, seen.mayBeWritten], [1, 1, 1]);
});

test('acks=0: no more requests than allowed wait for the system to take them', async () => {
  const { start, tick, written, requests } = await rig(
    { 'linger.ms': 0, acks: '0', 'max.in.flight.requests.per.connection': 2 },
    1000,
  );
  start(100 * ONE_RECORD);
  for (let ms = 0; ms < 50; ms++) {
    tick(ms);
  }
  assert.equal(requests.length, 2);
  written(51);
  assert.equal(requests.length, 2);
});

test('a batch that the broker has from an earlier attempt is acknowledged', async () => {
  const { start, tick, answer, seen } = await rig({ 'linger.ms': 0 }, 1000);
  start(ONE_RECORD);
  tick(0);
  answer(5, { errorCode: DUPLICATE_SEQUENCE_NUMBER });
  assert.deepEqual([seen.acknowledged, seen.failed], [1, 0]);
});

test('without a leader records wait, the cluster is asked, and they are given up in the end', async () => {
  const { start, tick, requests, seen } = await rig(
    { 'linger.ms': 0, 'delivery.timeout.ms': 1000, 'request.timeout.ms': 100 },
    1000,
    { leaders: [-1] },
  );
  start(2 * ONE_RECORD);
  tick(2);
  assert.equal(requests.length, 0);
  assert.ok(seen.refreshed > 0);
  tick(1003);
  assert.deepEqual([seen.failed, seen.mayBeWritten], [2, 0]);
});

test('an idempotent producer says who it is, and counts its records', async () => {
  const { start, tick, requests } = await rig(
    { 'linger.ms': 0, 'enable.idempotence': true, acks: 'all' },
    1000,
    { leaders: [1] },
  );
  start(3 * ONE_RECORD);
  tick(0);
  tick(2);
  assert.deepEqual(
    requests.flatMap(({ acks, batches }) =>
      batches.map(({ producerId, epoch, baseSequence }) => [acks, producerId, epoch, baseSequence]),
    ),
    [
      [-1, 5n, 0, 0],
      [-1, 5n, 0, 1],
    ],
  );
});

const IDEMPOTENT = { 'linger.ms': 0, 'enable.idempotence': true, acks: 'all' } as const;
const producersOf = (requests: readonly { readonly batches: readonly SentBatch[] }[]) =>
  requests.flatMap(({ batches }) => batches.map(({ epoch, baseSequence }) => [epoch, baseSequence]));

test('a broker that knows nothing of the producer gets its batches again, with a raised epoch', async () => {
  const { start, tick, answer, requests, seen } = await rig(IDEMPOTENT, 1000, { leaders: [1] });
  start(3 * ONE_RECORD);
  tick(0);
  answer(0);
  tick(1);
  tick(2);
  answer(3, { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: 7 });
  answer(3, { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: 7 });
  tick(200);
  assert.deepEqual(producersOf(requests), [[1, 0]]);
  answer(201);
  assert.deepEqual(producersOf(requests), [[1, 1]]);
  answer(202);
  assert.deepEqual([seen.acknowledged, seen.failed], [3, 0]);
});

test('a broker that knows neither the producer nor where its log starts is asked again with the same epoch', async () => {
  const { start, tick, answer, requests } = await rig(IDEMPOTENT, 1000, { leaders: [1] });
  start(ONE_RECORD);
  tick(0);
  answer(3, { errorCode: UNKNOWN_PRODUCER_ID, logStartOffset: -1 });
  tick(200);
  assert.deepEqual(producersOf(requests), [[0, 0]]);
});

test('a batch with an old epoch is given up, and what comes next has a new one', async () => {
  const { start, tick, answer, requests, seen, reasons } = await rig(IDEMPOTENT, 1000, { leaders: [1] });
  start(2 * ONE_RECORD);
  tick(0);
  answer(0, { errorCode: INVALID_PRODUCER_EPOCH });
  tick(1);
  assert.deepEqual(producersOf(requests), [[1, 0]]);
  assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 0]);
  assert.deepEqual(reasons, ['INVALID_PRODUCER_EPOCH']);
});

test('an idempotent producer that may not write to the cluster gives up all that it has and gets, others one batch', async () => {
  for (const isIdempotent of [true, false]) {
    const { start, tick, answer, requests, seen, client } = await rig(
      { ...IDEMPOTENT, 'enable.idempotence': isIdempotent },
      1000,
      { leaders: [1] },
    );
    start(4 * ONE_RECORD);
    tick(0);
    tick(1);
    answer(2, { errorCode: CLUSTER_AUTHORIZATION_FAILED, errorMessage: 'no' });
    tick(3);
    assert.deepEqual([seen.failed, seen.mayBeWritten], isIdempotent ? [4, 1] : [1, 0]);
    assert.equal(client.idle, isIdempotent);
    assert.equal(requests.length, isIdempotent ? 1 : 3);
  }
});

test('a producer without idempotence sends nothing again for an unknown producer', async () => {
  const { start, tick, answer, seen } = await rig({ 'linger.ms': 0 }, 1000);
  start(ONE_RECORD);
  tick(0);
  answer(1, { errorCode: UNKNOWN_PRODUCER_ID });
  assert.deepEqual([seen.acknowledged, seen.failed], [0, 1]);
});
