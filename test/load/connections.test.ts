import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerLinks } from '../../src/load/broker-links.ts';
import { nowNs } from '../../src/load/clock.ts';
import { bootstrapAddresses, ClusterMetadata } from '../../src/load/cluster-metadata.ts';
import {
  BrokerConnection,
  Disconnected,
  RequestTimedOut,
  type ResponseListener,
} from '../../src/load/wire/broker-connection.ts';
import { RequestWriter } from '../../src/load/wire/request-writer.ts';
import { MalformedResponse } from '../../src/load/wire/response-reader.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { FakeBroker } from './fake-broker.ts';

const MS = 1e6;
const FAR_NS = Number.MAX_SAFE_INTEGER;
const COORDINATOR_LOAD_IN_PROGRESS = 14;
const LEADER_NOT_AVAILABLE = 5;
const ID = '000000000000000000000000000000aa';

async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 2000; !isTrue(); left--) {
    assert.ok(left > 0, 'it did not come about');
    await sleep(1);
  }
}

async function broker(): Promise<FakeBroker> {
  const fake = new FakeBroker();
  after(() => fake.close());
  fake.brokers = [{ id: 1, port: await fake.listen() }];
  return fake;
}

/** A connection, and what became of the requests sent on it. */
async function connected(fake: FakeBroker) {
  const closed: unknown[] = [];
  const connection = await BrokerConnection.open({
    clientId: 'c',
    broker: 1,
    host: '127.0.0.1',
    port: fake.port,
    connectTimeoutMs: 1000,
    access: {},
    onClosed: (error) => closed.push(error),
    onWritable: () => undefined,
  });
  after(() => connection.close());
  const answers: string[] = [];
  const send = (name: string, deadlineNs = FAR_NS, answered?: ResponseListener['answered']) => {
    const frame = new RequestWriter().int32(0).int16(0).int16(11).int32(connection.nextCorrelationId());
    frame.patchInt32(0, frame.length - 4);
    const listener: ResponseListener = {
      answered: (bytes, start, end) => {
        answered?.(bytes, start, end);
        answers.push(`${name}: ${bytes.toString('utf8', start, end)}`);
      },
      failed: (error) => answers.push(`${name}: ${error.constructor.name}`),
    };
    connection.send([frame.bytes], listener, deadlineNs);
  };
  return { connection, closed, answers, send };
}

test('requests go out without waiting for answers, which come back to those who asked', async () => {
  const fake = await broker();
  const { connection, answers, send } = await connected(fake);
  for (const name of ['a', 'b', 'c']) send(name);
  assert.equal(connection.inFlight, 3);
  await until(() => fake.requests.length === 3);
  for (const [index, request] of fake.requests.entries()) request.answer(Buffer.from(`${index}`));
  await until(() => answers.length === 3);
  assert.deepEqual(answers, ['a: 0', 'b: 1', 'c: 2']);
  assert.equal(connection.inFlight, 0);
});

test('when the broker closes the connection, all that is in flight fails', async () => {
  const fake = await broker();
  const { connection, closed, answers, send } = await connected(fake);
  send('a');
  send('b');
  await until(() => fake.requests.length === 2);
  fake.requests[0].answer(Buffer.from('0'));
  await until(() => answers.length === 1);
  fake.dropConnections();
  await until(() => closed.length === 1);
  assert.deepEqual(answers, ['a: 0', 'b: Disconnected']);
  assert.ok(closed[0] instanceof Disconnected);
  assert.equal(connection.writable, false);
});

test('a broker that does not answer in time loses the connection', async () => {
  const fake = await broker();
  const { connection, closed, answers, send } = await connected(fake);
  send('a', 100);
  send('b', 200);
  connection.expire(99);
  assert.equal(closed.length, 0);
  connection.expire(100);
  assert.deepEqual(answers, ['a: RequestTimedOut', 'b: RequestTimedOut']);
  assert.ok(closed[0] instanceof RequestTimedOut);
});

for (const [what, bytes] of [
  ['a length that is none', Buffer.alloc(8, 0xff)],
  ['an answer to another request', new RequestWriter().int32(4).int32(2 ** 30 + 500).bytes],
  ['an answer to a request of the library', new RequestWriter().int32(4).int32(5).bytes],
  ['a frame without a correlation id', new RequestWriter().int32(0).bytes],
] as const) {
  test(`a broker that sends ${what} loses the connection, and what is in flight fails`, async () => {
    const fake = await broker();
    const { closed, answers, send } = await connected(fake);
    send('a');
    await until(() => fake.requests.length === 1);
    fake.requests[0].socket.write(bytes);
    await until(() => closed.length === 1);
    assert.deepEqual(answers, ['a: Disconnected']);
  });
}

test('a request whose answer cannot be read fails as well, before those after it', async () => {
  const fake = await broker();
  const { closed, answers, send } = await connected(fake);
  send('a', FAR_NS, () => {
    throw new MalformedResponse('test');
  });
  send('b');
  await until(() => fake.requests.length === 2);
  for (const request of fake.requests) request.answer(Buffer.from('x'));
  await until(() => closed.length === 1);
  assert.deepEqual(answers, ['a: Disconnected', 'b: Disconnected']);
});

test('a broker that refuses connections is told by the promise', async () => {
  const fake = new FakeBroker();
  const port = await fake.listen();
  await fake.close();
  const options = { clientId: 'c', broker: 1, host: '127.0.0.1', port, connectTimeoutMs: 1000, access: {} };
  await assert.rejects(
    BrokerConnection.open({ ...options, onClosed: () => assert.fail(), onWritable: () => undefined }),
    /ECONNREFUSED/,
  );
});

function metadataOf(fake: FakeBroker, bootstrapServers = `127.0.0.1:${fake.port}`): ClusterMetadata {
  const metadata = new ClusterMetadata({
    bootstrapServers,
    access: {},
    clientId: 'c',
    topics: ['t'],
    connectTimeoutMs: 1000,
    requestTimeoutMs: 1000,
    refreshBackoffMs: 1,
    maxAgeMs: 60_000,
  });
  after(() => metadata.close());
  return metadata;
}

test('links open again after a back-off that grows with each failure', async () => {
  const fake = await broker();
  const metadata = metadataOf(fake);
  await metadata.refresh();
  const clock = { nowNs: 0 };
  const troubles: number[] = [];
  let usable = 0;
  const links = new BrokerLinks({
    clientId: 'c',
    config: producerConfig({ 'reconnect.backoff.ms': 100, 'reconnect.backoff.max.ms': 1000 }),
    metadata,
    access: {},
    random: () => 0.5,
    now: () => clock.nowNs,
    onUsable: () => usable++,
    onTrouble: () => troubles.push(clock.nowNs / MS),
  });
  after(() => links.close());
  await links.open(1);
  assert.ok(links.usable(1, 0) !== null);
  await fake.close();
  await until(() => troubles.length === 1);
  assert.equal(links.wakeNs(0), 100 * MS);
  for (const [failures, atMs] of [100, 300, 700, 1500, 2500].entries()) {
    clock.nowNs = atMs * MS - 1;
    assert.equal(links.usable(1, clock.nowNs), null);
    await sleep(2);
    assert.equal(troubles.length, failures + 1, `before ${atMs} ms`);
    clock.nowNs = atMs * MS;
    links.usable(1, clock.nowNs);
    await until(() => troubles.length === failures + 2);
  }
  assert.equal(usable, 1);
});

test('a connection that is lost, or cannot be opened, has the cluster asked who leads', async () => {
  const fake = await broker();
  const metadata = metadataOf(fake);
  await metadata.refresh();
  const links = new BrokerLinks({
    clientId: 'c',
    config: producerConfig({}),
    metadata,
    access: {},
    random: () => 0.5,
    now: nowNs,
    onUsable: () => undefined,
    onTrouble: () => undefined,
  });
  after(() => links.close());
  await links.open(1);
  assert.equal(fake.requests.length, 1);
  fake.dropConnections();
  await until(() => fake.requests.length === 2);
  await assert.rejects(links.open(9), /broker 9 is not known/);
  await until(() => fake.requests.length === 3);
});

test('a broker that asks for silence is not usable until then', async () => {
  const fake = await broker();
  const metadata = metadataOf(fake);
  await metadata.refresh();
  const links = new BrokerLinks({
    clientId: 'c',
    config: producerConfig({}),
    metadata,
    access: {},
    random: () => 0.5,
    now: nowNs,
    onUsable: () => undefined,
    onTrouble: () => undefined,
  });
  after(() => links.close());
  await links.open(1);
  links.throttle(1, 50);
  links.throttle(1, 40);
  assert.equal(links.usable(1, 49), null);
  assert.equal(links.wakeNs(10), 50);
  assert.ok(links.usable(1, 50) !== null);
  await assert.rejects(links.open(9), /broker 9 is not known/);
});

test('metadata tells of leaders, also of partitions that have none', async () => {
  const fake = await broker();
  fake.topics = [
    {
      name: 't',
      id: ID,
      partitions: [
        { leader: 1, epoch: 4 },
        { leader: -1, epoch: 2, errorCode: LEADER_NOT_AVAILABLE },
      ],
    },
  ];
  const metadata = metadataOf(fake);
  await metadata.refresh();
  assert.deepEqual(metadata.topic('t'), { id: ID, leaders: [1, -1], leaderEpochs: [4, 2] });
  assert.deepEqual(metadata.address(1), { host: '127.0.0.1', port: fake.port });
});

test('a broker that is behind is not believed, in metadata or by itself', async () => {
  const fake = await broker();
  const topic = (leader: number, epoch: number) => [{ name: 't', id: ID, partitions: [{ leader, epoch }] }];
  fake.brokers = [...fake.brokers, { id: 2, port: fake.port }];
  fake.topics = topic(1, 4);
  const metadata = metadataOf(fake);
  let changes = 0;
  metadata.onChange(() => changes++);
  await metadata.refresh();
  metadata.setLeader('t', 0, { broker: 2, epoch: 4 });
  metadata.setLeader('t', 0, { broker: 77, epoch: 9 });
  assert.deepEqual([metadata.topic('t').leaders, changes], [[1], 1]);
  metadata.setLeader('t', 0, { broker: 2, epoch: 5 });
  assert.deepEqual([metadata.topic('t').leaders, changes], [[2], 2]);
  await metadata.refresh();
  assert.deepEqual(metadata.topic('t').leaders, [2]);
  fake.topics = topic(1, 6);
  await metadata.refresh();
  assert.deepEqual(metadata.topic('t').leaders, [1]);
});

test('a topic that was made anew begins with its epochs again', async () => {
  const fake = await broker();
  fake.topics = [{ name: 't', id: ID, partitions: [{ leader: 2, epoch: 9 }] }];
  const metadata = metadataOf(fake);
  await metadata.refresh();
  fake.topics = [{ name: 't', id: ID.replaceAll('a', 'b'), partitions: [{ leader: 1, epoch: 0 }] }];
  await metadata.refresh();
  assert.deepEqual(metadata.topic('t'), { id: ID.replaceAll('a', 'b'), leaders: [1], leaderEpochs: [0] });
});

test('a leader of a topic that metadata does not know is nobody yet', async () => {
  const fake = await broker();
  const metadata = metadataOf(fake);
  await metadata.refresh();
  metadata.setLeader('unknown', 3, { broker: 1, epoch: 4 });
  assert.deepEqual(metadata.topic('unknown').leaders, []);
});

test('metadata is asked of the next broker when one does not answer, and once for all who ask', async () => {
  const gone = new FakeBroker();
  const port = await gone.listen();
  await gone.close();
  const fake = await broker();
  fake.topics = [{ name: 't', id: ID, partitions: [{ leader: 1, epoch: 0 }] }];
  const metadata = metadataOf(fake, `127.0.0.1:${port},127.0.0.1:${fake.port}`);
  await Promise.all([metadata.refresh(), metadata.refresh()]);
  assert.deepEqual(metadata.topic('t').leaders, [1]);
  assert.equal(fake.requests.length, 1);
});

test('a fresh broker that has no producer id yet is asked again', async () => {
  const fake = await broker();
  fake.producerIdErrors = [COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_LOAD_IN_PROGRESS];
  assert.deepEqual(await metadataOf(fake).initProducerId(), { producerId: 4000n, epoch: 0 });
  assert.equal(fake.requests.length, 3);
});

test('a broker that gives no producer ids to this client is asked once', async () => {
  const fake = await broker();
  fake.producerIdErrors = [31];
  await assert.rejects(metadataOf(fake).initProducerId());
  assert.equal(fake.requests.length, 1);
});

test('addresses to begin with are read with and without brackets and protocols', () => {
  assert.deepEqual(bootstrapAddresses('a:1, PLAINTEXT://b.c:22,[::1]:9092'), [
    { host: 'a', port: 1 },
    { host: 'b.c', port: 22 },
    { host: '::1', port: 9092 },
  ]);
});
