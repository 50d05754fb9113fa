import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DrawnPartitions,
  Partitions,
  PartitionsInTurn,
  TopicsInTurn,
} from '../../../src/load/producer/destinations.ts';
import { WeightedDraw } from '../../../src/load/producer/weighted-draw.ts';
import { randomStream } from '../../../src/load/random.ts';
import { partitionWeights } from '../../../src/scenario/partition-weights.ts';
import { exampleScenario, exampleTopic } from '../example-scenario.ts';
import { rig } from './client-rig.ts';

function drawn(weights: readonly number[], draws: number, seed: string): number[] {
  const draw = new WeightedDraw(weights);
  const random = randomStream(seed);
  const seen = weights.map(() => 0);
  for (let index = 0; index < draws; index++) {
    seen[draw.draw(random)]++;
  }
  return seen;
}

test('numbers are drawn in proportion to their weights, and those without weight never', () => {
  const weight = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }));
  const some = fc.array(weight, { minLength: 1, maxLength: 40 }).filter((all) => all.some((one) => one > 0));
  fc.assert(
    fc.property(some, fc.string(), (weights, seed) => {
      const draws = 20_000;
      const sum = weights.reduce((total, one) => total + one, 0);
      for (const [index, count] of drawn(weights, draws, seed).entries()) {
        const share = weights[index] / sum;
        // Six deviations of a binomial.
        const bound = 6 * Math.sqrt(draws * share * (1 - share)) + (share > 0 ? 6 : 0);
        assert.ok(Math.abs(count - draws * share) <= bound, `${index}: ${count} of ${draws * share}`);
      }
    }),
    { numRuns: 50 },
  );
});

test('a skewed class of 200 topics gets its records in proportion to i^-zipf, alike for the same seed', () => {
  const clicks = exampleTopic({ name: 'clicks-*', count: 200, partitions: 12, skew: { zipf: 1.1 } });
  const weights = partitionWeights(exampleScenario({ topics: [clicks] }), [clicks], Math.pow);
  assert.ok(weights !== null);
  const partitions = new Partitions(Array.from({ length: 200 }, () => ({ partitions: 12 })));
  const table = new WeightedDraw(weights);
  const of = (seed: string) => new DrawnPartitions(partitions, table, randomStream(seed));
  const destinations = of('clicks');
  const same = of('clicks');
  const draws = 300_000;
  const seen = new Array<number>(2400).fill(0);
  for (let index = 0; index < draws; index++) {
    seen[destinations.topic * 12 + destinations.partition] += 1;
    assert.deepEqual([same.topic, same.partition], [destinations.topic, destinations.partition]);
    destinations.next();
    same.next();
  }
  const sum = Array.from({ length: 2400 }, (_, index) => (index + 1) ** -1.1).reduce((a, b) => a + b, 0);
  for (const place of [1, 2, 12, 13, 100, 2400]) {
    const expected = (draws * place ** -1.1) / sum;
    const deviation = Math.abs(seen[place - 1] - expected) / Math.sqrt(expected);
    assert.ok(deviation < 4.5, `partition ${place}: ${seen[place - 1]}, expected ${expected.toFixed(0)}`);
  }
});

test('topics come in turn from the first on, whatever their partitions', () => {
  const destinations = new TopicsInTurn(3, 2);
  const seen = Array.from({ length: 4 }, () => {
    const { topic } = destinations;
    destinations.next();
    return topic;
  });
  assert.deepEqual(seen, [2, 0, 1, 2]);
});

test('partitions in turn get so many records each time', () => {
  const destinations = new PartitionsInTurn(new Partitions([{ partitions: 2 }, { partitions: 1 }]), 2);
  const seen = Array.from({ length: 7 }, () => {
    const { topic, partition } = destinations;
    destinations.next();
    return `${topic}-${partition}`;
  });
  assert.deepEqual(seen, ['0-0', '0-0', '0-1', '0-1', '1-0', '1-0', '0-0']);
});

test('a record that is meant for a partition goes there, also when it had to wait for memory', async () => {
  const sent: number[] = [];
  const partitions = new Partitions([{ partitions: 3 }]);
  const destinations = new PartitionsInTurn(partitions, 1);
  const { client, tick, start, requests, answer } = await rig(
    { 'linger.ms': 0, 'batch.size': 1, 'buffer.memory': 600, 'max.in.flight.requests.per.connection': 1 },
    1000,
    { leaders: [1, 1, 1], destinations },
  );
  start(8e6);
  for (let atMs = 1; atMs < 40 && !client.idle; atMs++) {
    tick(atMs);
    while (requests.length > 0) {
      sent.push(...requests[0].batches.map(({ partition }) => partition));
      answer(atMs);
    }
  }
  assert.deepEqual(sent, [0, 1, 2, 0, 1, 2, 0, 1]);
});
