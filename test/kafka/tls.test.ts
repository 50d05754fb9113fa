/** TLS: what it costs both ends of a connection, and what switching it off changes (fan-out with TLS and without). */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import { packageRoot } from '../../src/package.ts';
import type { CostName } from '../../src/profile/profile.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import { build, HEADER_BYTES, meanLatencyNs, RECORD_BYTES, runOut, type Small, sum, US } from './support.ts';

const REQUEST_BYTES = HEADER_BYTES + RECORD_BYTES;
const RESPONSE_BYTES = 64;
const FETCH_BYTES = 128;
const SLOW: Small = {
  producers: [{ rate: { kind: 'constant', recordsPerSecond: 100 } }],
  security: { clients: 'SSL', brokers: 'PLAINTEXT' },
};

/** What the costs add to the mean latency of a class (producers first). */
function addedNs(small: Small, costs: Partial<Record<CostName, number>>, index = 0): number {
  const latency = (values: typeof costs): number =>
    meanLatencyNs(runOut(build({ ...small, costs: values })), index);
  return latency(costs) - latency({});
}

/** Where fetches cost by their bytes the first of a session, which names its partitions, makes the mean a little more. */
const FIRST_FETCH_SHARE = 0.015;

function assertAdded(foundNs: number, expectedNs: number, errorNs = 4): void {
  assert.ok(Math.abs(foundNs - expectedNs) <= errorNs, `${foundNs} ns more, expected ${expectedNs}`);
}

describe('TLS of clients', () => {
  const broker = {
    'tls.java.encryptPerMessageNs': 30 * US,
    'tls.java.encryptPerByteNs': 100,
    'tls.java.decryptPerMessageNs': 50 * US,
    'tls.java.decryptPerByteNs': 200,
  };
  const brokerNs = 50 * US + 200 * REQUEST_BYTES + 30 * US + 100 * RESPONSE_BYTES;

  test("costs a broker's network thread the request and the response of a produce", () => {
    assertAdded(addedNs(SLOW, broker), brokerNs);
  });

  test("costs a producer's thread the request, and the response", () => {
    const costs = {
      'tls.brokertwin.encryptPerMessageNs': 40 * US,
      'tls.brokertwin.encryptPerByteNs': 100,
      'tls.brokertwin.decryptPerMessageNs': 20 * US,
      'tls.brokertwin.decryptPerByteNs': 300,
    };
    const expected = 40 * US + 100 * REQUEST_BYTES;
    // The acknowledgement is recorded when its job is done.
    assertAdded(addedNs(SLOW, costs), expected + 20 * US + 300 * RESPONSE_BYTES);
  });

  test('costs less where what is encrypted is compressed', () => {
    const record = {
      value: { kind: 'constant', bytes: 200 },
      key: null,
      headersBytes: 0,
      compressionRate: 0.5,
    } as const;
    const packed: Small = {
      ...SLOW,
      producers: [
        { rate: { kind: 'constant', recordsPerSecond: 100 }, record, config: { 'compression.type': 'lz4' } },
      ],
    };
    const bytes = HEADER_BYTES + RECORD_BYTES / 2;
    assertAdded(addedNs(packed, { 'tls.brokertwin.encryptPerByteNs': 1000 }), 1000 * bytes);
    assertAdded(addedNs(packed, { 'tls.java.decryptPerByteNs': 1000 }), 1000 * bytes);
  });

  test('makes a broker read what it sends of its log, and a consumer decrypt it', () => {
    const read: Small = { ...SLOW, consumers: [{}] };
    const perFileByteNs = 500;
    const bytes = RESPONSE_BYTES + REQUEST_BYTES;
    const readNs = perFileByteNs * bytes;
    const found = addedNs(read, { 'broker.network.perFileByteNs': perFileByteNs }, 1);
    assertAdded(found, readNs, FIRST_FETCH_SHARE * readNs);
    assertAdded(addedNs(read, { 'broker.network.perFileByteNs': perFileByteNs }), 0);
    const decryptNs = 100 * bytes;
    const decrypted = addedNs(read, { 'tls.brokertwin.decryptPerByteNs': 100 }, 1);
    assertAdded(decrypted, decryptNs, FIRST_FETCH_SHARE * decryptNs);
  });

  test('costs nothing on plain connections, and of those between brokers nothing either', () => {
    const { security: _, ...plain } = SLOW;
    assert.equal(addedNs(plain, broker), 0);
    assert.equal(addedNs({ ...SLOW, security: { clients: 'PLAINTEXT', brokers: 'SSL' } }, broker), 0);
  });
});

test('TLS between brokers costs a leader and its follower what acks=all waits for', () => {
  const replicated: Small = {
    brokers: 2,
    topics: [{ replicationFactor: 2 }],
    producers: [{ rate: { kind: 'constant', recordsPerSecond: 10 }, config: { acks: 'all' } }],
    security: { clients: 'PLAINTEXT', brokers: 'SSL' },
  };
  // The leader sends the batch, the follower reads it and asks for more, the leader reads that.
  const costs = { 'tls.java.encryptPerMessageNs': 30 * US, 'tls.java.decryptPerMessageNs': 50 * US };
  assertAdded(addedNs(replicated, costs), 2 * (30 + 50) * US);
  const perByte = { 'tls.java.encryptPerByteNs': 10, 'tls.java.decryptPerByteNs': 10 };
  const byteNs = 2 * 10 * (RESPONSE_BYTES + REQUEST_BYTES + FETCH_BYTES);
  assertAdded(addedNs(replicated, perByte), byteNs, FIRST_FETCH_SHARE * byteNs);
});

describe('fan-out with TLS', async () => {
  const networkCpu = async (...set: string[]): Promise<number> => {
    const loaded = readScenario(path.join(packageRoot, 'scenarios', 'fan-out.yaml'), {
      set: ['run.warmup=1s', 'run.duration=2s', ...set],
    });
    const { result } = await predict({ loaded, workers: 1, profile: 'reference-2core' });
    const threads = result.phases[0].threadCpu.filter(({ group }) => group === 'network');
    return sum(threads.map(({ cpuSeconds }) => cpuSeconds));
  };
  const plain = await networkCpu();
  const encrypted = await networkCpu('cluster.security.clients=SSL');

  test('takes a thirtieth more of the CPU of network threads', () => {
    assert.ok(
      encrypted / plain > 1.02 && encrypted / plain < 1.05,
      `${encrypted} s with, ${plain} s without`,
    );
  });
});
