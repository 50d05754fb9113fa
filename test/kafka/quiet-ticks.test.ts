/** Ticks that pass over a producer, and records that are put in later than their tick, must change nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { foldChains } from '../../src/kernel/trace-hash.ts';
import { build, column, runOut, type Small } from './support.ts';

interface Seen {
  readonly hash: string;
  readonly counts: readonly (readonly number[])[];
  readonly adds: number;
}

/** A run to its end, and how often the accumulator was asked to take records. */
function seen(small: Small, prepare: (model: ClusterModel) => void): Seen {
  const model = build(small);
  prepare(model);
  let adds = 0;
  const add = model.accumulator.add.bind(model.accumulator);
  model.accumulator.add = (...args) => {
    adds += 1;
    return add(...args);
  };
  const { classes } = runOut(model);
  return {
    hash: foldChains([model.sim.hashChains()]),
    counts: [
      ...classes.map(({ due, done, doneBytesInSpan, buckets }) => [due, done, doneBytesInSpan, ...buckets]),
      Array.from(column(model, 'producers/made')),
    ],
    adds,
  };
}

/** Every tick looks at every client, and puts in what is due. */
function looksAlways({ accumulator }: ClusterModel): void {
  accumulator.mayDrain = () => true;
  accumulator.roomInOpenBatch = () => 0;
}

const rate = { kind: 'constant', recordsPerSecond: 3_000 } as const;
const config = { 'linger.ms': 20, 'batch.size': 4_000 };
const costs = {
  'broker.handler.producePerRequestNs': 2_000_000,
  'client.brokertwin.producer.perRequestNs': 100_000,
};
const cases: readonly (readonly [string, Small])[] = [
  ['lingering', { topics: [{ partitions: 5 }], producers: [{ count: 3, rate, config }], costs }],
  [
    'filling batches',
    { topics: [{ partitions: 5 }], producers: [{ rate, config: { 'batch.size': 900 } }], costs },
  ],
  [
    'whose answers come between ticks, one request at a time',
    {
      producers: [
        {
          rate: { ...rate, recordsPerSecond: 300 },
          config: { ...config, 'max.in.flight.requests.per.connection': 1 },
        },
      ],
      costs: { ...costs, 'broker.handler.producePerRequestNs': 30_300_000 },
    },
  ],
  [
    'short of memory',
    {
      producers: [{ rate, config: { ...config, 'buffer.memory': 12_000 } }],
      brokerConfig: { 'num.io.threads': 1 },
      costs,
    },
  ],
  [
    'of two topics',
    {
      topics: [{ name: 'orders', partitions: 2 }, { name: 'clicks' }],
      producers: [{ topics: ['orders', 'clicks'], rate, config }],
      consumers: [{}],
      costs,
    },
  ],
];

describe('ticks that find nothing to do', () => {
  for (const [name, small] of cases) {
    test(`change nothing for producers ${name}`, () => {
      const quiet = seen(small, () => undefined);
      const always = seen(small, looksAlways);
      assert.equal(quiet.hash, always.hash);
      assert.deepEqual(quiet.counts, always.counts);
    });
  }

  test('save most of the work of a producer whose batches linger', () => {
    const quiet = seen(cases[0][1], () => undefined);
    const always = seen(cases[0][1], looksAlways);
    assert.ok(quiet.adds < always.adds / 4, `${quiet.adds} of ${always.adds}`);
  });
});
