import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Distribution, Exponential, LogNormal } from '../../../src/kernel/distributions.ts';
import { assertInside, type ClosedForm, compare } from './support/closed-form.ts';
import { mmcWait } from './support/erlang.ts';
import { fcfsWaits, type QueueOptions, sharingSojourns } from './support/queues.ts';

const SERVICE_NS = 1_000_000;
const LOGNORMAL_SIGMA = 0.6;

/**
 * Wait in M/G/1 by the first three moments of the service time: E W = lambda E S^2 / (2 (1 - rho)) (Pollaczek and
 * Khinchine), Var W = (E W)^2 + lambda E S^3 / (3 (1 - rho)) (Takacs). Kleinrock, Queueing Systems I (1975), 5.7.
 */
function mg1Wait(perNs: number, moments: readonly [number, number, number]): ClosedForm {
  const idle = 1 - perNs * moments[0];
  const mean = (perNs * moments[1]) / (2 * idle);
  return { mean, variance: mean ** 2 + (perNs * moments[2]) / (3 * idle) };
}

/**
 * Sojourn in M/M/1 under processor sharing: E T = 1 / (mu - lambda), Var T = (E T)^2 (2 + rho) / (2 - rho).
 * Coffman, Muntz and Trotter, "Waiting time distributions for processor-sharing systems", JACM 17 (1970).
 */
function mm1SharingSojourn(utilisation: number): ClosedForm {
  const mean = SERVICE_NS / (1 - utilisation);
  return { mean, variance: (mean ** 2 * (2 + utilisation)) / (2 - utilisation) };
}

/** Always this long. */
const constant: Distribution = { draw: () => SERVICE_NS };
const exponential = new Exponential(SERVICE_NS);

describe('customers who come at random wait, in mean and variance, as the closed form says', () => {
  const cases: readonly (readonly [
    title: string,
    servers: number,
    options: QueueOptions,
    exact: ClosedForm,
  ])[] = [
    ['M/M/1 at 60 %', 1, at(0.6, exponential, 30_000), mmcWait(1, 0.6, SERVICE_NS)],
    ['M/M/3 at 70 %', 3, at(2.1, exponential, 50_000), mmcWait(3, 0.7, SERVICE_NS)],
    [
      'M/D/1 at 70 %',
      1,
      at(0.7, constant, 25_000),
      mg1Wait(0.7 / SERVICE_NS, [SERVICE_NS, SERVICE_NS ** 2, SERVICE_NS ** 3]),
    ],
    [
      'M/G/1 at 60 %, lognormal',
      1,
      at(0.6, lognormal(LOGNORMAL_SIGMA), 30_000),
      mg1Wait(0.6 / SERVICE_NS, lognormalMoments(LOGNORMAL_SIGMA)),
    ],
  ];
  for (const [title, servers, options, exact] of cases) {
    test(title, () => {
      const { mean, variance } = compare((seed) => fcfsWaits(seed, options, servers), exact);
      assertInside(mean, 0.03);
      assertInside(variance, 0.06);
    });
  }

  test('and not when service takes 3 % longer than the closed form has it', () => {
    const longer = at(0.6, new Exponential(1.03 * SERVICE_NS), 10_000);
    const { mean, variance } = compare((seed) => fcfsWaits(seed, longer, 1), mmcWait(1, 0.6, SERVICE_NS));
    assert.ok(mean.error > 1.5, `${mean.error}`);
    assert.ok(variance.error > 1.5, `${variance.error}`);
  });
});

describe('jobs that come at random to a shared processor stay as long as the closed form says', () => {
  test('M/M/1-PS at 60 %, in mean and variance', () => {
    const options = at(0.6, exponential, 25_000);
    const { mean, variance } = compare((seed) => sharingSojourns(seed, options), mm1SharingSojourn(0.6));
    assertInside(mean, 0.03);
    assertInside(variance, 0.06);
  });

  test('M/D/1-PS at 60 %, in the mean, which does not depend on how service times are spread', () => {
    const options = at(0.6, constant, 10_000);
    const { mean } = compare((seed) => sharingSojourns(seed, options), mm1SharingSojourn(0.6));
    assertInside(mean, 0.03);
  });

  test('and not when jobs take 3 % longer than the closed form has it', () => {
    const longer = at(0.6, new Exponential(1.03 * SERVICE_NS), 10_000);
    const { mean, variance } = compare((seed) => sharingSojourns(seed, longer), mm1SharingSojourn(0.6));
    assert.ok(mean.error > 1.5, `${mean.error}`);
    assert.ok(variance.error > 1.5, `${variance.error}`);
  });
});

/** @param load arrivals in a mean service time, as the closed form has it */
function at(load: number, serviceNs: Distribution, arrivals: number): QueueOptions {
  return { meanBetweenNs: SERVICE_NS / load, serviceNs, arrivals };
}

/** The lognormal distribution of mean SERVICE_NS. */
function lognormal(sigma: number): LogNormal {
  return new LogNormal(SERVICE_NS * Math.exp(-(sigma ** 2) / 2), sigma);
}

/** Its E S^k = E(S)^k e^(k (k - 1) sigma^2 / 2). */
function lognormalMoments(sigma: number): [number, number, number] {
  return [SERVICE_NS, SERVICE_NS ** 2 * Math.exp(sigma ** 2), SERVICE_NS ** 3 * Math.exp(3 * sigma ** 2)];
}
