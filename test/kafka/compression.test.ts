/**
 * Compressed batches: their sizes, what the codecs cost whom, and what switching them off changes (three-machines with lz4
 * and without).
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { javaBatchRecords } from '../../src/kafka/compression.ts';
import { packageRoot } from '../../src/package.ts';
import { COST_MEANINGS, type CostName } from '../../src/profile/profile.ts';
import { brokerConfig, topicConfig } from '../../src/scenario/kafka-defaults.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { TopicClass } from '../../src/scenario/scenario.ts';
import {
  build,
  column,
  HEADER_BYTES,
  isNear,
  MS,
  meanLatencyNs,
  RECORD_BYTES,
  recordsAppended,
  runOut,
  type Small,
  sum,
  US,
  VALUE_BYTES,
} from './support.ts';

const RATE = 0.25;
const RECORD = { value: { kind: 'constant', bytes: VALUE_BYTES }, key: null, headersBytes: 0 } as const;

/** Records one by one, a batch each, with that codec. */
function small(
  codec: 'none' | 'lz4' | 'gzip',
  changes: Small & { topicCodec?: string; rate?: number } = {},
): Small {
  const { topicCodec = 'producer', rate = RATE, ...others } = changes;
  const broker = { config: brokerConfig({}, '4.3'), stated: {} };
  const config: TopicClass['config'] = {
    ...topicConfig({}, broker),
    'compression.type': topicCodec as TopicClass['config']['compression.type'],
  };
  return {
    topics: [{ config }],
    producers: [
      {
        record: { ...RECORD, compressionRate: rate },
        rate: { kind: 'constant', recordsPerSecond: 100 },
        config: { 'compression.type': codec },
      },
    ],
    ...others,
  };
}

function storedBytes(model: ClusterModel): number {
  return sum(column(model, 'partitions/end-bytes'));
}

function costs(values: Partial<Record<CostName, number>>): Pick<Small, 'costs'> {
  return { costs: values };
}

const DECOMPRESS = {
  'codec.java.lz4.decompressPerBatchNs': 10 * US,
  'codec.java.lz4.decompressPerKeptByteNs': 100,
  'codec.java.lz4.decompressPerSavedByteNs': 40,
};
const DECOMPRESS_NS = 10 * US + RECORD_BYTES * (RATE * 100 + (1 - RATE) * 40);
const COMPRESS_GZIP = {
  'codec.java.gzip.compressPerBatchNs': 20 * US,
  'codec.java.gzip.compressPerKeptByteNs': 300,
  'codec.java.gzip.compressPerSavedByteNs': 200,
};
const COMPRESS_GZIP_NS = 20 * US + RECORD_BYTES * (RATE * 300 + (1 - RATE) * 200);

describe('a compressed batch', () => {
  test('is stored at its rate, its header plain', () => {
    const model = build(small('lz4'));
    runOut(model);
    assert.equal(recordsAppended(model), 100);
    assert.ok(isNear(storedBytes(model), 100 * (HEADER_BYTES + RATE * RECORD_BYTES), 1e-9));
  });

  test('is as large as a plain one of random bytes, which do not compress', () => {
    const { producers: [producer] = [], ...others } = small('lz4');
    const model = build({ ...others, producers: [{ ...producer, record: RECORD }] });
    runOut(model);
    assert.ok(isNear(storedBytes(model), 100 * (HEADER_BYTES + RECORD_BYTES), 1e-9));
  });

  /** What the codecs of the handler add to the publish latency. */
  const added = (values: Partial<Record<CostName, number>>, ...of: Parameters<typeof small>): number =>
    meanLatencyNs(runOut(build({ ...small(...of), costs: values }))) -
    meanLatencyNs(runOut(build(small(...of))));

  test('costs its handler a decompression, and a plain one does not', () => {
    const foundNs = added(DECOMPRESS, 'lz4');
    assert.ok(Math.abs(foundNs - DECOMPRESS_NS) <= 2, `${foundNs}, expected ${DECOMPRESS_NS}`);
    assert.equal(added(DECOMPRESS, 'none'), 0);
  });

  test('is compressed anew where the topic has another codec, whatever came', () => {
    const both = { ...DECOMPRESS, ...COMPRESS_GZIP };
    const fromLz4Ns = added(both, 'lz4', { topicCodec: 'gzip' });
    assert.ok(Math.abs(fromLz4Ns - DECOMPRESS_NS - COMPRESS_GZIP_NS) <= 2, `${fromLz4Ns}`);
    const fromPlainNs = added(both, 'none', { topicCodec: 'gzip' });
    assert.ok(Math.abs(fromPlainNs - COMPRESS_GZIP_NS) <= 2, `${fromPlainNs}`);
    assert.equal(added(both, 'gzip', { topicCodec: 'gzip' }), 0);
    const model = build(small('none', { topicCodec: 'gzip' }));
    runOut(model);
    assert.ok(isNear(storedBytes(model), 100 * (HEADER_BYTES + RATE * RECORD_BYTES), 1e-9));
  });

  test('is stored plain where the topic says so', () => {
    const model = build(small('lz4', { topicCodec: 'uncompressed' }));
    runOut(model);
    assert.ok(isNear(storedBytes(model), 100 * (HEADER_BYTES + RECORD_BYTES), 1e-9));
  });

  test("costs its producer and its consumer what the generator's library takes", () => {
    const latencies = (values: Partial<Record<CostName, number>>): number[] => {
      const read = runOut(build({ ...small('lz4', costs(values)), consumers: [{}] }));
      return [meanLatencyNs(read), meanLatencyNs(read, 1)];
    };
    const [published, received] = latencies({});
    const packNs = MS / 2 + RECORD_BYTES * (RATE * 400 + (1 - RATE) * 800);
    const [packed, packedReceived] = latencies({
      'codec.brokertwin.lz4.compressPerBatchNs': MS / 2,
      'codec.brokertwin.lz4.compressPerKeptByteNs': 400,
      'codec.brokertwin.lz4.compressPerSavedByteNs': 800,
    });
    assert.ok(Math.abs(packed - published - packNs) <= 2, `${packed - published}, expected ${packNs}`);
    assert.ok(Math.abs(packedReceived - received - packNs) <= 2);
    const [, unpacked] = latencies({
      'codec.brokertwin.lz4.decompressPerBatchNs': MS / 4,
      'codec.brokertwin.lz4.decompressPerKeptByteNs': 400,
      'codec.brokertwin.lz4.decompressPerSavedByteNs': 80,
    });
    const unpackNs = MS / 4 + RECORD_BYTES * (RATE * 400 + (1 - RATE) * 80);
    assert.ok(Math.abs(unpacked - received - unpackNs) <= 2, `${unpacked - received}, expected ${unpackNs}`);
  });

  test('reaches followers as it is stored', () => {
    const model = build({
      ...small('lz4'),
      brokers: 2,
      topics: [{ replicationFactor: 2 }],
    });
    const read = runOut(model);
    const [first, second] = read.brokers.map(({ appendedBytes }) => sum(appendedBytes));
    assert.ok(isNear(first, second, 0.02) && isNear(first, 100 * (HEADER_BYTES + RATE * RECORD_BYTES), 0.02));
  });
});

describe("a Java producer's batch", () => {
  const full = (codec: 'lz4' | 'none', rate: number): number => {
    const { producers: [producer] = [], ...others } = small(codec, { rate });
    const config = { 'compression.type': codec, 'linger.ms': 1000, 'batch.size': 16_384 };
    const busy = { client: 'java', rate: { kind: 'constant', recordsPerSecond: 20_000 }, config } as const;
    const model = build({ ...others, producers: [{ ...producer, ...busy }] });
    const read = runOut(model);
    return recordsAppended(model) / read.produceBatches;
  };

  test('holds as many records as fit by the estimate of what they become', () => {
    for (const rate of [1, 0.5, 0.1]) {
      const expected = javaBatchRecords(16_384, RECORD_BYTES, rate);
      assert.ok(isNear(full('lz4', rate), expected, 0.03), `${full('lz4', rate)}, expected ${expected}`);
    }
    assert.ok(full('lz4', 1) < full('none', 1) && full('lz4', 0.5) > 1.8 * full('none', 0.5));
  });

  test('takes its next record while 1.05 of the rate of what it has, and the record plain, fit', () => {
    const fits = (records: number): boolean =>
      HEADER_BYTES + records * RECORD_BYTES * 1.05 * RATE + RECORD_BYTES <= 16_384;
    const records = javaBatchRecords(16_384, RECORD_BYTES, RATE);
    assert.ok(fits(records - 1) && !fits(records));
  });
});

describe('three-machines with lz4 at a rate of 0.25', async () => {
  const saturated = async (...set: string[]) => {
    const loaded = readScenario(path.join(packageRoot, 'scenarios', 'three-machines.yaml'), {
      set: ['producers.checkout.record.compressionRate=0.25', 'run.warmup=1s', 'run.duration=2s', ...set],
    });
    const { result } = await predict({ loaded, workers: 1, profile: 'reference-2core' });
    return result.phases[1];
  };
  const plain = await saturated();
  const packed = await saturated('producers.checkout.config.compression.type=lz4');

  test('carries more than three times the records through the same network', () => {
    const ratio = packed.throughputRecordsPerSecond / plain.throughputRecordsPerSecond;
    assert.ok(ratio > 3 && ratio < 4.2, `${ratio}`);
  });
});

test('every cost of a codec is told by name', () => {
  assert.match(COST_MEANINGS['codec.java.zstd.compressPerKeptByteNs'], /^zstd of Kafka's library: compress/);
});
