import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Columns } from '../../../src/kernel/columns.ts';
import { Random } from '../../../src/kernel/random.ts';
import { type TokenBucket, TokenBuckets } from '../../../src/kernel/resources/token-bucket.ts';
import { assertInside, type ClosedForm, compare, type Sums } from './support/closed-form.ts';

/** 1 byte a ns. */
const RATE = 1e9;

function buckets(...each: readonly TokenBucket[]): TokenBuckets {
  return new TokenBuckets(new Columns(), 'shaper', each);
}

describe('messages at a token bucket', () => {
  test('go out at once as far as the burst goes, then at the rate', () => {
    const shaper = buckets({ bytesPerSecond: RATE, burstBytes: 250 });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => shaper.take(0, 100, 1000)),
      [1000, 1000, 1050, 1150],
    );
    // 100 ns later 50 tokens have come in for the next, behind those that the third and fourth waited for.
    assert.equal(shaper.take(0, 10, 1250), 1250);
    assert.equal(shaper.take(0, 100, 1250), 1260);
  });

  test('find the burst filled up, and no more, after a long quiet time', () => {
    const shaper = buckets({ bytesPerSecond: RATE, burstBytes: 250 });
    shaper.take(0, 250, 0);
    assert.equal(shaper.take(0, 250, 1e6), 1e6);
    assert.equal(shaper.take(0, 1, 1e6), 1e6 + 1);
  });

  test('wait for all of their tokens when they are larger than the burst', () => {
    const shaper = buckets({ bytesPerSecond: RATE / 4, burstBytes: 100 });
    assert.equal(shaper.take(0, 150, 0), 200);
    assert.equal(shaper.take(0, 100, 0), 600);
  });

  test('go out one after the other where there is no burst', () => {
    const shaper = buckets({ bytesPerSecond: RATE, burstBytes: 0 });
    assert.deepEqual(
      [0, 0, 500].map((atNs) => shaper.take(0, 100, atNs)),
      [100, 200, 600],
    );
  });

  test('never wait where there is no limit', () => {
    const shaper = buckets({ bytesPerSecond: null, burstBytes: 0 });
    for (const atNs of [5, 3, 4]) assert.equal(shaper.take(0, 1e12, atNs), atNs);
  });

  test('do not take the tokens of another bucket', () => {
    const shaper = buckets(
      { bytesPerSecond: RATE, burstBytes: 100 },
      { bytesPerSecond: RATE, burstBytes: 100 },
    );
    shaper.take(0, 1000, 0);
    assert.equal(shaper.take(1, 100, 0), 0);
  });

  test('go out when a bucket that is filled a byte at a time has their bytes, first come first served', () => {
    const message = fc.record({ afterNs: fc.nat({ max: 60 }), bytes: fc.nat({ max: 50 }) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.nat({ max: 80 }), (messages, burstBytes) => {
        const shaper = buckets({ bytesPerSecond: RATE, burstBytes });
        const outNs: number[] = [];
        let nowNs = 0;
        const queue = messages.map(({ afterNs, bytes }) => {
          nowNs += afterNs;
          outNs.push(shaper.take(0, bytes, nowNs));
          return { atNs: nowNs, bytes };
        });
        plainOutNs(queue, burstBytes).forEach((plainNs, index) => {
          assert.ok(Math.abs(outNs[index] - plainNs) < 1e-9, `${outNs[index]}, plainly ${plainNs}`);
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('wait at random as long as the work in M/D/1 exceeds what the burst covers, in mean and variance', () => {
    const packet = { bytes: 1000, load: 0.7, burstPackets: 3 };
    const exact = excessOfWork(packet.load, packet.burstPackets - 1);
    const { mean, variance } = compare((seed) => poissonWaits(seed, packet, RATE), exact);
    assertInside(mean, 0.03);
    assertInside(variance, 0.06);
    const slower = compare((seed) => poissonWaits(seed, packet, RATE / 1.03), exact);
    assert.ok(slower.mean.error > 1.5 && slower.variance.error > 1.5, 'a rate 3 % too low is seen');
  });
});

describe('refused by a token bucket, by name', () => {
  for (const bytesPerSecond of [0, -1, Number.NaN]) {
    test(`is a rate of ${bytesPerSecond}`, () => {
      assert.throws(
        () => buckets({ bytesPerSecond: RATE, burstBytes: 0 }, { bytesPerSecond, burstBytes: 0 }),
        {
          name: 'RangeError',
          message: `bucket 1 of "shaper": expected bytesPerSecond above 0, found ${bytesPerSecond}`,
        },
      );
    });
  }

  for (const burstBytes of [-1, Number.NaN]) {
    test(`is a burst of ${burstBytes}`, () => {
      assert.throws(() => buckets({ bytesPerSecond: RATE, burstBytes }), {
        name: 'RangeError',
        message: `bucket 0 of "shaper": expected burstBytes of 0 or more, found ${burstBytes}`,
      });
    });
  }

  for (const [bytes, atNs] of [
    [-1, 0],
    [Number.NaN, 0],
    [0, -1],
    [0, Number.NaN],
  ]) {
    test(`is a message of ${bytes} bytes at ${atNs} ns`, () => {
      assert.throws(() => buckets({ bytesPerSecond: RATE, burstBytes: 0 }).take(0, bytes, atNs), {
        name: 'RangeError',
        message: `take from bucket 0 of "shaper": expected bytes and a time of 0 or more, found ${bytes} bytes at ${atNs} ns`,
      });
    });
  }
});

/** Out times at 1 byte a ns, token by token: a message larger than the burst takes tokens as they come in. */
function plainOutNs(
  queue: readonly { readonly atNs: number; readonly bytes: number }[],
  burstBytes: number,
): number[] {
  let tokens = burstBytes;
  let nowNs = 0;
  return queue.map(({ atNs, bytes }) => {
    for (; nowNs < atNs; nowNs += 1) tokens = Math.min(burstBytes, tokens + 1);
    let missing = bytes - tokens;
    tokens = Math.max(0, -missing);
    for (; missing > 0; missing -= 1) nowNs += 1;
    return nowNs;
  });
}

/** Waits of packets of one size that come at random with `load` times RATE, over the time of one packet at RATE. */
function poissonWaits(
  seed: string,
  packet: { readonly bytes: number; readonly load: number; readonly burstPackets: number },
  bytesPerSecond: number,
): Sums {
  const columns = new Columns();
  const random = new Random(columns, seed);
  const stream = random.stream('packets');
  const burstBytes = packet.burstPackets * packet.bytes;
  const shaper = new TokenBuckets(columns, 'shaper', [{ bytesPerSecond, burstBytes }]);
  let [nowNs, sum, squareSum] = [0, 0, 0];
  const [warmUp, count] = [2000, 60_000];
  for (let sent = 0; sent < warmUp + count; sent += 1) {
    nowNs += random.exponential(stream, packet.bytes / packet.load);
    const wait = (shaper.take(0, packet.bytes, nowNs) - nowNs) / packet.bytes;
    if (sent < warmUp) continue;
    sum += wait;
    squareSum += wait * wait;
  }
  return { count, sum, squareSum };
}

/**
 * Mean and variance of max(0, W - x), with W the work that an arrival finds in M/D/1 (which is its wait there) in times
 * of service: E max(0, W - x) = E W - integral of P(W > t) over t from 0 to x, and likewise its square with 2 t P(W > t).
 */
function excessOfWork(load: number, x: number): ClosedForm {
  const meanWork = load / (2 * (1 - load));
  const squareWork = 2 * meanWork ** 2 + load / (3 * (1 - load));
  const mean = meanWork - integral(x, (t) => workAbove(load, t));
  const square = squareWork - integral(x, (t) => 2 * t * workAbove(load, t)) - 2 * x * mean;
  return { mean, variance: square - mean ** 2 };
}

/** P(W > t) in M/D/1 = 1 - (1 - rho) sum over k from 0 to t of (rho (k - t))^k / k! e^(-rho (k - t)). Erlang (1909). */
function workAbove(load: number, t: number): number {
  let sum = 0;
  let factorial = 1;
  for (let k = 0; k <= t; k += 1) {
    if (k > 0) factorial *= k;
    sum += ((load * (k - t)) ** k / factorial) * Math.exp(-load * (k - t));
  }
  return 1 - (1 - load) * sum;
}

/** By Simpson's rule, from 0 to a whole number, where the integrand has its bends at whole numbers. */
function integral(to: number, of: (t: number) => number): number {
  const steps = 100 * to;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const [low, high] = [(step / steps) * to, ((step + 1) / steps) * to];
    sum += ((of(low) + 4 * of((low + high) / 2) + of(high)) * (high - low)) / 6;
  }
  return sum;
}
