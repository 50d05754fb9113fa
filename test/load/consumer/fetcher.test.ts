import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerLinks } from '../../../src/load/broker-links.ts';
import { nowNs } from '../../../src/load/clock.ts';
import { ClusterMetadata } from '../../../src/load/cluster-metadata.ts';
import type { FetchedPartition } from '../../../src/load/consumer/fetch-transport.ts';
import { Fetcher } from '../../../src/load/consumer/fetcher.ts';
import { FETCH_KEY, FETCH_VERSIONS } from '../../../src/load/wire/fetch-request.ts';
import { RequestWriter } from '../../../src/load/wire/request-writer.ts';
import { consumerConfig } from '../../../src/scenario/kafka-defaults.ts';
import { FakeBroker } from '../fake-broker.ts';

const ID = '000000000000000000000000000000aa';
const FETCH_SESSION_ID_NOT_FOUND = 70;
const SESSION = 77;

/** A fetcher of one topic, whose broker answers fetches with these error codes, then without. */
async function rig(errorCodes: number[] = []) {
  const fake = new FakeBroker();
  after(() => fake.close());
  fake.brokers = [{ id: 1, port: await fake.listen() }];
  fake.topics = [{ name: 't', id: ID, partitions: [{ leader: 1, epoch: 0 }] }];
  fake.versions = [{ apiKey: FETCH_KEY, minVersion: 4, maxVersion: FETCH_VERSIONS.newest }];
  fake.onRequest = (request) => {
    if (request.apiKey !== FETCH_KEY) return false;
    const errorCode = errorCodes.shift() ?? 0;
    request.answer(fetchResponse(errorCode, errorCode === 0 ? SESSION : 0));
    return true;
  };
  const config = consumerConfig({ 'reconnect.backoff.ms': 200, 'reconnect.backoff.max.ms': 200 });
  const metadata = new ClusterMetadata({
    bootstrapServers: `127.0.0.1:${fake.port}`,
    access: {},
    clientId: 'c',
    topics: ['t'],
    connectTimeoutMs: 1000,
    requestTimeoutMs: 1000,
    refreshBackoffMs: 10,
    maxAgeMs: 60_000,
  });
  after(() => metadata.close());
  await metadata.refresh();
  const troubles: number[] = [];
  const links = new BrokerLinks({
    clientId: 'c',
    config,
    metadata,
    access: {},
    random: () => 0.5,
    now: nowNs,
    onUsable: () => undefined,
    onTrouble: () => troubles.push(performance.now()),
  });
  after(() => links.close());
  const fetcher = new Fetcher({ clientId: 'c', config, metadata, links, now: nowNs });
  const fetch = (offset: number) =>
    new Promise<{ error: Error | null; fetched: readonly FetchedPartition[] }>((resolve) => {
      fetcher.fetch(1, [{ topic: 't', partition: 0, offset }], (error, fetched) =>
        resolve({ error, fetched }),
      );
    });
  const fetches = () => fake.requests.filter(({ apiKey }) => apiKey === FETCH_KEY).length;
  return { fake, fetch, fetches, troubles };
}

/** Fetch Response, version 17, of partition 0 of the topic, without records. */
function fetchResponse(errorCode: number, sessionId: number): Uint8Array {
  const writer = new RequestWriter().noTags().int32(0).int16(errorCode).int32(sessionId);
  if (errorCode !== 0) {
    return writer.compactArray(0).noTags().bytes;
  }
  writer.compactArray(1).raw(Buffer.from(ID, 'hex')).compactArray(1);
  writer.int32(0).int16(0).int64(5).int64(5).int64(0).compactNull().int32(-1).compactNull().noTags();
  return writer.noTags().noTags().bytes;
}

test('what is fetched goes by the name of its topic', async () => {
  const { fetch } = await rig();
  const { error, fetched } = await fetch(0);
  assert.equal(error, null);
  assert.deepEqual(
    fetched.map(({ topic, partition, highWatermark }) => [topic, partition, highWatermark]),
    [['t', 0, 5]],
  );
});

test('a session that the broker has forgotten is begun anew at once', async () => {
  const errorCodes: number[] = [];
  const { fetch, fetches } = await rig(errorCodes);
  await fetch(0);
  errorCodes.push(FETCH_SESSION_ID_NOT_FOUND);
  const { error, fetched } = await fetch(1);
  assert.equal(error, null);
  assert.equal(fetched.length, 1);
  assert.equal(fetches(), 3);
});

test('a broker that refuses a full request is not asked on and on', async () => {
  const { fetch, fetches } = await rig([FETCH_SESSION_ID_NOT_FOUND, FETCH_SESSION_ID_NOT_FOUND]);
  const { error } = await fetch(0);
  assert.match(error?.message ?? '', /FETCH_SESSION_ID_NOT_FOUND/);
  assert.equal(fetches(), 1);
});

test('a broker that cannot be reached is tried again after the back-off, however often it is asked for', async () => {
  const { fake, fetch, troubles } = await rig();
  await fetch(0);
  await fake.close();
  for (let left = 2000; troubles.length === 0; left--) {
    assert.ok(left > 0);
    await sleep(1);
  }
  for (let failures = 1; failures < 4; failures++) {
    const { error } = await fetch(0);
    assert.match(error?.message ?? '', /ECONNREFUSED/);
    assert.equal(troubles.length, failures + 1);
  }
  for (const [index, atMs] of troubles.slice(1).entries()) {
    assert.ok(atMs - troubles[index] > 150, `${atMs - troubles[index]} ms`);
  }
});
