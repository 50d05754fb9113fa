/**
 * Where records fall when keys, skew or rates of single partitions decide it: the shares against the generator's own keys, and
 * what leaving the skew out changes (three-brokers with Zipf keys and with even ones).
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import { Shares } from '../../src/kafka/clients/shares.ts';
import { SharesLayout } from '../../src/kafka/cluster/lay-out-shares.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { RecordSource } from '../../src/load/producer/record-source.ts';
import { packageRoot } from '../../src/package.ts';
import { partitionForKey } from '../../src/scenario/murmur2.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { Key, PartitionPlacement } from '../../src/scenario/scenario.ts';
import { build, isNear, recordsMade, runOut, scenarioOf, sum } from './support.ts';

const PARTITIONS = 6;

function sharesOf(key: Key, partitions = PARTITIONS): number[] {
  const { topics, ...scenario } = scenarioOf({ topics: [{ partitions }] });
  const shares = new SharesLayout({ ...scenario, topics }).of('checkout', key, [{ class: topics[0] }]);
  assert.ok(shares !== null);
  return Array.from({ length: partitions }, (_, partition) => shares.of(partition));
}

function recordsByPartition(model: ClusterModel): number[] {
  const { length } = model.parts.topology.partitions;
  return Array.from({ length }, (_, partition) => model.replicas.endOffset(partition));
}

function placed(rates: readonly (number | null)[]): PartitionPlacement[] {
  return rates.map((recordsPerSecond, partition) => ({
    topic: 'orders',
    partition,
    replicas: [1],
    recordsPerSecond,
  }));
}

describe('shares of keyed records', () => {
  for (const zipf of [null, 0.8, 1, 1.3]) {
    test(`are where the generator's own keys fall, with ${zipf === null ? 'all alike' : `exponent ${zipf}`}`, () => {
      const key: Key = { cardinality: 50, bytes: 8, zipf };
      const [producer] = scenarioOf({ producers: [{}] }).producers;
      const source = new RecordSource({ ...producer, record: { ...producer.record, key } }, 'shares');
      const drawn = Array.from({ length: PARTITIONS }, () => 0);
      const draws = 200_000;
      for (let draw = 0; draw < draws; draw += 1) {
        assert.ok(source.key !== null);
        drawn[partitionForKey(source.key, PARTITIONS)] += 1 / draws;
        source.next();
      }
      sharesOf(key).forEach((share, partition) => {
        assert.ok(
          Math.abs(share - drawn[partition]) < 0.005,
          `${partition}: ${share}, drawn ${drawn[partition]}`,
        );
      });
    });
  }

  test('are one partition for one key', () => {
    assert.deepEqual(
      sharesOf({ cardinality: 1, bytes: 8, zipf: null }).filter((share) => share > 0),
      [1],
    );
  });

  test('of more keys than are hashed are near those of fewer, and near even', () => {
    const many = sharesOf({ cardinality: 5_000_000, bytes: 8, zipf: null });
    for (const share of many) assert.ok(isNear(share, 1 / PARTITIONS, 0.01), `${share}`);
    const skewed = sharesOf({ cardinality: 1_048_576, bytes: 8, zipf: 1 });
    const longer = sharesOf({ cardinality: 1_200_000, bytes: 8, zipf: 1 });
    skewed.forEach((share, partition) => {
      assert.ok(isNear(longer[partition], share, 0.02), `${share} and ${longer[partition]}`);
    });
  });
});

describe('a spell of records', () => {
  const sim = new Simulation({
    seed: 'spread',
    entityBase: 0,
    limits: { eventsPending: 1, eventsPerInstant: 1 },
  });
  const stream = sim.random.stream('spread');

  test('falls on partitions by their shares, whole parts always, the rest in the mean', () => {
    const weights = [5, 2.5, 1.25, 1.25];
    const shares = new Shares(weights);
    const totals = weights.map(() => 0);
    for (let turn = 0; turn < 20_000; turn += 1) {
      shares.spread(7, sim.random, stream);
      assert.equal(sum(shares.counts), 7);
      assert.ok(shares.counts[0] >= 3 && shares.counts[1] >= 1);
      shares.counts.forEach((count, index) => {
        totals[index] += count / 20_000;
      });
    }
    weights.forEach((weight, index) => {
      assert.ok(isNear(totals[index], (7 * weight) / 10, 0.03), `${totals}`);
    });
  });

  test('is drawn one by one by the same shares', () => {
    const shares = new Shares([3, 1]);
    let first = 0;
    for (let turn = 0; turn < 40_000; turn += 1) if (shares.draw(sim.random, stream) === 0) first += 1;
    assert.ok(isNear(first, 30_000, 0.02), `${first}`);
  });
});

describe('records', () => {
  const busy = { rate: { kind: 'constant', recordsPerSecond: 20_000 } } as const;

  for (const [what, phase] of [
    ['at a pace', {}],
    ['as fast as they are taken', { load: 'max', durationMs: 300 }],
  ] as const) {
    test(`with keys fall on partitions by the shares of the keys, ${what}`, () => {
      const key: Key = { cardinality: 20, bytes: 8, zipf: 1 };
      const record = { value: { kind: 'constant', bytes: 200 }, key, headersBytes: 0 } as const;
      const model = build({
        topics: [{ partitions: PARTITIONS }],
        producers: [{ ...busy, record, config: { 'buffer.memory': 400_000 } }],
        costs: { 'broker.handler.producePerRecordNs': 2000 },
        phase,
      });
      runOut(model);
      const found = recordsByPartition(model);
      assert.equal(sum(found), recordsMade(model));
      assert.ok(sum(found) > 15_000, `${sum(found)}`);
      sharesOf(key).forEach((share, partition) => {
        const part = found[partition] / sum(found);
        assert.ok(Math.abs(part - share) < 0.01, `${partition}: ${part} of the records, expected ${share}`);
      });
    });
  }

  test('of a skewed class fall on its topics and partitions by rank', () => {
    const model = build({
      topics: [{ name: 'orders-*', count: 2, partitions: 3, skew: { zipf: 1 } }],
      producers: [{ ...busy, topics: ['orders-*'] }],
    });
    runOut(model);
    const found = recordsByPartition(model);
    const all = 1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6;
    found.forEach((records, index) => {
      assert.ok(isNear(records, 20_000 / (index + 1) / all, 0.05), `${found}`);
    });
  });

  test('follow the rates of single partitions; the others have the rest', () => {
    const model = build({
      topics: [{ partitions: 4, placement: placed([12_000, 2000, null, null]) }],
      producers: [busy],
    });
    runOut(model);
    const found = recordsByPartition(model);
    [12_000, 2000, 3000, 3000].forEach((expected, partition) => {
      assert.ok(isNear(found[partition], expected, 0.06), `${found}`);
    });
  });

  test('of several classes go to each by its number of topics, skewed or not', () => {
    const model = build({
      topics: [
        { name: 'even', partitions: 2 },
        { name: 'skewed', partitions: 2, skew: { zipf: 2 } },
      ],
      producers: [{ ...busy, topics: ['even', 'skewed'] }],
    });
    runOut(model);
    [5000, 5000, 8000, 2000].forEach((expected, partition) => {
      const found = recordsByPartition(model);
      assert.ok(isNear(found[partition], expected, 0.06), `${found}`);
    });
  });
});

describe('three-machines with keys and one replica', async () => {
  const saturated = async (key: string) => {
    const loaded = readScenario(path.join(packageRoot, 'scenarios', 'three-machines.yaml'), {
      set: [
        `producers.checkout.record.key=${key}`,
        'topics.orders.replication.factor=1',
        'topics.orders.config.min.insync.replicas=1',
        'run.warmup=1s',
        'run.duration=2s',
      ],
    });
    const { result } = await predict({ loaded, workers: 1, profile: 'reference-2core' });
    return result.phases[1].throughputRecordsPerSecond;
  };
  const even = await saturated('{ cardinality: 1000 }');
  const skewed = await saturated('{ cardinality: 1000, zipf: 1.5 }');

  test('carries a quarter less when the busiest key has two fifths of the records', () => {
    assert.ok(skewed / even > 0.65 && skewed / even < 0.85, `${skewed} and ${even}`);
  });
});
