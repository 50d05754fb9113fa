import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { Columns } from '../../src/kernel/columns.ts';
import { Random } from '../../src/kernel/random.ts';
import { draws, KOLMOGOROV_MAX, kolmogorov } from './support/goodness-of-fit.ts';

const SEEDS = ['1', '2', '3', '4', '5', '6'];
const DRAWS = 20_000;
function mean(sample: readonly number[]): number {
  return sample.reduce((sum, x) => sum + x, 0) / sample.length;
}

describe('random streams', () => {
  test("draw as seedrandom's alea does, 32 bits at a time", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, name) => {
        const random = new Random(new Columns(), seed);
        const stream = random.stream(name);
        const alea = seedrandom.alea(`${seed}/${name}`);
        for (let draw = 0; draw < 200; draw += 1) assert.equal(random.uniform(stream), alea());
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test("draw as seedrandom's double() does, 53 bits at a time, the two mixed in any way", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.boolean(), { maxLength: 300 }), (seed, doubles) => {
        const random = new Random(new Columns(), seed);
        const stream = random.stream('gc');
        const alea = seedrandom.alea(`${seed}/gc`);
        for (const double of doubles) {
          if (double) assert.equal(random.uniform53(stream), alea.double());
          else assert.equal(random.uniform(stream), alea());
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('do not depend on which other streams there are, nor on their order and draws', () => {
    const alone = draws('7', 100, (random, stream) => random.uniform(stream));
    const random = new Random(new Columns(), '7');
    const before = random.stream('before');
    random.uniform(before);
    const stream = random.stream('draws');
    const after = random.stream('after');
    const together = alone.map(() => {
      random.uniform53(before);
      random.uniform(after);
      return random.uniform(stream);
    });
    assert.deepEqual(together, alone);
  });

  test('differ by name and by seed', () => {
    const random = new Random(new Columns(), '7');
    const other = new Random(new Columns(), '8');
    const first = [random.stream('a'), random.stream('b')].map((stream) => random.uniform(stream));
    assert.equal(new Set([...first, other.uniform(other.stream('a'))]).size, 3);
  });

  test('refuse a name that is used already', () => {
    const random = new Random(new Columns(), '7');
    random.stream('broker-1/gc');
    assert.throws(() => random.stream('broker-1/gc'), {
      message: 'stream(broker-1/gc): the random stream is used already',
    });
  });

  test('go on from a checkpoint, and refuse that of a model with other streams', () => {
    const [columns, fresh, other] = [new Columns(), new Columns(), new Columns()];
    const [random, restored] = [new Random(columns, '7'), new Random(fresh, '7')];
    const [stream, same] = [random.stream('gc'), restored.stream('gc')];
    random.uniform(stream);
    const checkpoint = columns.checkpoint();
    fresh.restore(checkpoint);
    assert.equal(restored.uniform(same), random.uniform(stream));
    new Random(other, '7').stream('linger');
    assert.throws(() => other.restore(checkpoint), /it has "stream\/gc", which this model does not have/);
  });

  test('draw whole numbers below a count, each as often', () => {
    const counts = [0, 0, 0, 0, 0, 0];
    for (const face of draws('7', DRAWS, (random, stream) => random.integer(stream, 6))) counts[face] += 1;
    assert.equal(counts.length, 6);
    const chiSquared = counts.reduce((sum, n) => sum + (n - DRAWS / 6) ** 2 / (DRAWS / 6), 0);
    // 20.5 is exceeded once in 1000 samples with 5 degrees of freedom.
    assert.ok(chiSquared < 20.5, `chi squared ${chiSquared}`);
  });

  for (const seed of SEEDS) {
    test(`are uniform (seed ${seed})`, () => {
      for (const draw of ['uniform', 'uniform53'] as const) {
        const sample = draws(seed, DRAWS, (random, stream) => random[draw](stream));
        assert.ok(sample.every((x) => x >= 0 && x < 1));
        const distance = kolmogorov(sample, (x) => x);
        assert.ok(distance < KOLMOGOROV_MAX, `${draw}: ${distance}`);
      }
    });

    test(`give exponential times of the mean asked for (seed ${seed})`, () => {
      const asked = 250;
      const sample = draws(seed, DRAWS, (random, stream) => random.exponential(stream, asked));
      const found = mean(sample);
      const variance = mean(sample.map((x) => (x - found) ** 2));
      // Standard errors for n draws: mean / sqrt(n), and mean^2 sqrt(8 / n) for the variance.
      assert.ok(Math.abs(found - asked) < (3.3 * asked) / Math.sqrt(DRAWS), `mean ${found}`);
      const varianceError = 3.3 * asked ** 2 * Math.sqrt(8 / DRAWS);
      assert.ok(Math.abs(variance - asked ** 2) < varianceError, `variance ${variance}`);
      const cdf = (scale: number) => (x: number) => 1 - Math.exp(-x / scale);
      assert.ok(kolmogorov(sample, cdf(asked)) < KOLMOGOROV_MAX);
      assert.ok(kolmogorov(sample, cdf(asked * 1.06)) > KOLMOGOROV_MAX, 'the test sees a mean 6 % off');
    });
  }

  test('have their own draws in another future, the same whenever it is taken', () => {
    const random = new Random(new Columns(), '7');
    const streams = ['gc', 'sizes'].map((name) => random.stream(name));
    const drawn = (future: string): number[] => {
      random.branch(future);
      return streams.map((stream) => random.uniform(stream));
    };
    const first = drawn('future-1');
    assert.equal(new Set([...first, ...drawn('future-2')]).size, 4);
    assert.deepEqual(drawn('future-1'), first);
    assert.equal(first[0], seedrandom.alea('7/future-1/gc')());
  });
});
