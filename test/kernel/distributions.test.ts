import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Columns } from '../../src/kernel/columns.ts';
import {
  type Distribution,
  Empirical,
  Exponential,
  LogNormal,
  Pareto,
  Uniform,
  Zipf,
} from '../../src/kernel/distributions.ts';
import { standardNormalQuantile } from '../../src/kernel/normal-quantile.ts';
import { Random } from '../../src/kernel/random.ts';
import {
  chiSquared,
  draws,
  KOLMOGOROV_MAX,
  kolmogorov,
  momentErrors,
  standardNormal,
} from './support/goodness-of-fit.ts';

const SEEDS = ['1', '2', '3'];
const DRAWS = 20_000;

interface Case {
  readonly title: string;
  readonly distribution: Distribution;
  /** Like it, with one parameter off by a little: must be told apart. */
  readonly wrong: readonly Distribution[];
  readonly moment: (k: number) => number;
  readonly cdf: (x: number) => number;
}

/** Quantiles with a thin and a thick part. */
const MEASURED = [
  [0, 1],
  [0.5, 2],
  [0.9, 4],
  [1, 40],
] as const;
const between = (low: number, high: number) => (k: number) =>
  (high ** (k + 1) - low ** (k + 1)) / ((k + 1) * (high - low));

const CASES: readonly Case[] = [
  {
    title: 'uniform from -2 to 6',
    distribution: new Uniform(-2, 6),
    wrong: [new Uniform(-2.2, 6), new Uniform(-2, 6.2)],
    moment: between(-2, 6),
    cdf: (x) => (x + 2) / 8,
  },
  {
    title: 'exponential of mean 250',
    distribution: new Exponential(250),
    wrong: [new Exponential(250 * 1.06)],
    moment: (k) => [1, 1, 2, 6, 24][k] * 250 ** k,
    cdf: (x) => 1 - Math.exp(-x / 250),
  },
  {
    title: 'lognormal of median 100 and sigma 0.5',
    distribution: new LogNormal(100, 0.5),
    wrong: [new LogNormal(103, 0.5), new LogNormal(100, 0.54)],
    moment: (k) => 100 ** k * Math.exp((k * k * 0.25) / 2),
    cdf: (x) => standardNormal(Math.log(x / 100) / 0.5),
  },
  {
    title: 'Pareto of minimum 3 and shape 6',
    distribution: new Pareto(3, 6),
    wrong: [new Pareto(3.03, 6), new Pareto(3, 5.7)],
    moment: (k) => (6 * 3 ** k) / (6 - k),
    cdf: (x) => 1 - (x / 3) ** -6,
  },
  {
    title: 'empirical',
    distribution: new Empirical(MEASURED),
    wrong: [
      new Empirical([...MEASURED.slice(0, 3), [1, 60]]),
      new Empirical(MEASURED.map(([p, x]) => [p * p, x])),
    ],
    moment: (k) =>
      MEASURED.slice(1).reduce((sum, [p, x], point) => {
        const [before, low] = MEASURED[point];
        return sum + (p - before) * between(low, x)(k);
      }, 0),
    cdf: (x) => {
      const point = MEASURED.findIndex(([, value]) => value >= x);
      if (point === -1) return 1;
      const [p, high] = MEASURED[point];
      const [before, low] = MEASURED[point - 1];
      return before + ((p - before) * (x - low)) / (high - low);
    },
  },
];

/** Each measure over what only 1 in 1000 good samples exceeds. */
function misfits({ moment, cdf }: Case, distribution: Distribution, seed: string): number[] {
  const sample = draws(seed, DRAWS, (random, stream) => distribution.draw(random, stream));
  const { mean, variance } = momentErrors(sample, moment);
  return [mean, variance, kolmogorov(sample, cdf) / KOLMOGOROV_MAX];
}

describe('draws from a continuous distribution', () => {
  for (const each of CASES) {
    test(`have its mean, variance and shape: ${each.title}`, () => {
      for (const seed of SEEDS) {
        const [mean, variance, shape] = misfits(each, each.distribution, seed);
        assert.ok(mean < 1 && variance < 1 && shape < 1, `seed ${seed}: ${mean}, ${variance}, ${shape}`);
      }
    });

    test(`are told from those of parameters that are off a little: ${each.title}`, () => {
      for (const wrong of each.wrong) assert.ok(Math.max(...misfits(each, wrong, '1')) > 1);
    });
  }

  test('have the shape of a Pareto distribution without a mean', () => {
    for (const seed of SEEDS) {
      const heavy = new Pareto(1, 0.8);
      const sample = draws(seed, DRAWS, (random, stream) => heavy.draw(random, stream));
      assert.ok(kolmogorov(sample, (x) => 1 - x ** -0.8) < KOLMOGOROV_MAX);
    }
  });
});

describe('the standard normal quantile', () => {
  test('is that of 40-digit arithmetic, in its middle, on both sides of its seams and in its tails', () => {
    const exact: readonly (readonly [p: number, z: number])[] = [
      [2 ** -54, -8.292361075813595],
      [1e-12, -7.034483825301132],
      [1e-6, -4.753424308822899],
      [0.001, -3.0902323061678136],
      [0.07, -1.4757910281791706],
      [0.08, -1.4050715603096327],
      [0.3, -0.5244005127080408],
      [0.6, 0.2533471031357997],
      [0.925, 1.4395314709384561],
      [0.99, 2.3263478740408408],
      [0.99999, 4.2648907939238407],
    ];
    for (const [p, z] of exact) assert.ok(Math.abs(standardNormalQuantile(p) / z - 1) < 2e-15, `at ${p}`);
    assert.equal(standardNormalQuantile(0.5), 0);
  });

  test('is the inverse of the distribution function', () => {
    for (let p = 0.0005; p < 1; p += 0.001) {
      assert.ok(Math.abs(standardNormal(standardNormalQuantile(p)) - p) < 1e-14, `at ${p}`);
    }
  });
});

describe('a lognormal distribution', () => {
  test('is given by its median and 99th percentile, too, and knows its mean', () => {
    const sizes = LogNormal.ofPercentiles(1000, 5000);
    const sample = draws('1', DRAWS, (random, stream) => sizes.draw(random, stream));
    const below = sample.filter((bytes) => bytes < 5000).length / DRAWS;
    assert.ok(Math.abs(below - 0.99) < 3.29 * Math.sqrt((0.99 * 0.01) / DRAWS), `${below}`);
    const sigma = Math.log(5) / 2.3263478740408408;
    assert.ok(Math.abs(sizes.mean / (1000 * Math.exp(sigma ** 2 / 2)) - 1) < 1e-15);
  });

  test('without a spread is its median', () => {
    for (const sizes of [LogNormal.ofPercentiles(1000, 1000), new LogNormal(1000, 0)]) {
      assert.deepEqual(
        new Set(draws('1', 100, (random, stream) => sizes.draw(random, stream))),
        new Set([1000]),
      );
      assert.equal(sizes.mean, 1000);
    }
  });
});

describe('ranks by Zipf', () => {
  function misfit(count: number, exponent: number, zipf: Zipf, seed: string): number {
    const weights = Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const counts = weights.map(() => 0);
    for (const rank of draws(seed, 10 * DRAWS, (random, stream) => zipf.draw(random, stream))) {
      counts[rank - 1] += 1;
    }
    return chiSquared(
      counts,
      weights.map((weight) => weight / sum),
    );
  }

  for (const [count, exponent] of [
    [2, 1],
    [7, 0],
    [10, 0.5],
    [100, 1.1],
    [12, 3],
  ]) {
    test(`are drawn as often as they should be: ${count} ranks, exponent ${exponent}`, () => {
      for (const seed of SEEDS) {
        const found = misfit(count, exponent, new Zipf(count, exponent), seed);
        assert.ok(found < 1, `seed ${seed}: ${found}`);
      }
      assert.ok(misfit(count, exponent, new Zipf(count, exponent + 0.03), '1') > 1);
    });
  }

  test('have the mean and variance of the distribution, over many ranks', () => {
    const count = 50_000;
    const power = (k: number) => {
      let sum = 0;
      for (let rank = 1; rank <= count; rank += 1) sum += rank ** (k - 1.2);
      return sum;
    };
    for (const seed of SEEDS) {
      const zipf = new Zipf(count, 1.2);
      const sample = draws(seed, DRAWS, (random, stream) => zipf.draw(random, stream));
      const { mean, variance } = momentErrors(sample, (k) => power(k) / power(0));
      assert.ok(mean < 1 && variance < 1, `seed ${seed}: ${mean}, ${variance}`);
    }
  });

  test('are one rank when there is one', () => {
    const one = new Zipf(1, 1);
    assert.deepEqual(new Set(draws('1', 100, (random, stream) => one.draw(random, stream))), new Set([1]));
  });
});

describe('an empirical distribution', () => {
  test('of a histogram is that of its quantiles', () => {
    const drawn = (empirical: Empirical) =>
      draws('1', 1000, (random, stream) => empirical.draw(random, stream));
    const histogram = Empirical.ofHistogram([1, 2, 4, 40], [50, 40, 10]);
    assert.deepEqual(drawn(histogram), drawn(new Empirical(MEASURED)));
  });

  test('has lumps where a value stays and gaps where a bucket is empty', () => {
    const lumpy = new Empirical([
      [0, 5],
      [0.25, 5],
      [0.25, 7],
      [1, 8],
    ]);
    const gappy = Empirical.ofHistogram([0, 1, 2, 3, 4, 5], [0, 3, 0, 1, 0]);
    for (const { empirical, low, high, share } of [
      { empirical: lumpy, low: [5, 5], high: [7, 8], share: 0.25 },
      { empirical: gappy, low: [1, 2], high: [3, 4], share: 0.75 },
    ]) {
      const sample = draws('1', DRAWS, (random, stream) => empirical.draw(random, stream));
      const inLow = sample.filter((x) => x >= low[0] && x <= low[1]).length;
      const inHigh = sample.filter((x) => x >= high[0] && x <= high[1]).length;
      assert.equal(inLow + inHigh, DRAWS);
      const error = Math.abs(inLow - DRAWS * share) / Math.sqrt(DRAWS * share * (1 - share));
      assert.ok(error < 3.29, `${inLow}`);
    }
  });
});

describe('every distribution', () => {
  test('takes one 53-bit uniform a draw, whatever comes out', () => {
    const distributions = [...CASES.map(({ distribution }) => distribution), new Zipf(20, 1.1)];
    for (const distribution of distributions) {
      const random = new Random(new Columns(), '7');
      const stream = random.stream('draws');
      const plain = new Random(new Columns(), '7');
      const same = plain.stream('draws');
      for (let draw = 0; draw < 200; draw += 1) {
        distribution.draw(random, stream);
        plain.uniform53(same);
        assert.equal(random.uniform(stream), plain.uniform(same));
      }
    }
  });

  const refused: readonly (readonly [make: () => unknown, message: string])[] = [
    [() => new Uniform(Number.NaN, 1), 'Uniform: expected low to be a number, found NaN'],
    [() => new Uniform(3, 3), 'Uniform: expected high to be a number above low (3), found 3'],
    [() => new Exponential(0), 'Exponential: expected mean to be a number above 0, found 0'],
    [() => new Exponential(Infinity), 'Exponential: expected mean to be a number above 0, found Infinity'],
    [() => new LogNormal(-1, 1), 'LogNormal: expected median to be a number above 0, found -1'],
    [() => new LogNormal(1, -1), 'LogNormal: expected sigma to be a number of 0 or more, found -1'],
    [
      () => LogNormal.ofPercentiles(10, 9),
      'LogNormal: expected p99 to be a number from the median (10), found 9',
    ],
    [() => new Pareto(0, 1), 'Pareto: expected minimum to be a number above 0, found 0'],
    [() => new Pareto(1, Number.NaN), 'Pareto: expected shape to be a number above 0, found NaN'],
    [() => new Zipf(1.5, 1), 'Zipf: expected count to be a whole number from 1 to 2^32 - 1, found 1.5'],
    [() => new Zipf(0, 1), 'Zipf: expected count to be a whole number from 1 to 2^32 - 1, found 0'],
    [() => new Zipf(3, -1), 'Zipf: expected exponent to be a number of 0 or more, found -1'],
    [() => new Empirical([[0, 1]]), 'Empirical: expected quantiles to be at least 2, found 1'],
    [
      () =>
        new Empirical([
          [0.1, 1],
          [1, 2],
        ]),
      'Empirical: expected the first probability to be 0, found 0.1',
    ],
    [
      () =>
        new Empirical([
          [0, 1],
          [0.9, 2],
        ]),
      'Empirical: expected the last probability to be 1, found 0.9',
    ],
    [
      () =>
        new Empirical([
          [0, 1],
          [0.9, 2],
          [0.8, 3],
          [1, 4],
        ]),
      'Empirical: expected probability 2 to be a number from 0.9, found 0.8',
    ],
    [
      () =>
        new Empirical([
          [0, 1],
          [0.9, 2],
          [1, 1.5],
        ]),
      'Empirical: expected value 2 to be a number from 2, found 1.5',
    ],
    [
      () => Empirical.ofHistogram([1, 2], [1, 1]),
      'Empirical: expected the number of edges to be 3, one more than counts, found 2',
    ],
    [
      () => Empirical.ofHistogram([1, 2, 3], [1, -1]),
      'Empirical: expected count 1 to be a number of 0 or more, found -1',
    ],
    [
      () => Empirical.ofHistogram([1, 2], [0]),
      'Empirical: expected the sum of counts to be a number above 0, found 0',
    ],
  ];
  for (const [make, message] of refused) {
    test(`refuses what it can't be: ${message}`, () => {
      assert.throws(make, { name: 'RangeError', message });
    });
  }
});
