import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createSchedule, type ScheduleOptions } from '../../src/load/schedule.ts';

const SECOND = 1e9;

function dueTimes(options: ScheduleOptions, count: number): number[] {
  const schedule = createSchedule(options);
  return Array.from({ length: count }, () => {
    const { dueNs } = schedule;
    schedule.advance();
    return dueNs;
  });
}

const constant = (recordsPerSecond: number, client: number, clients: number, load = 1): ScheduleOptions => ({
  rate: { kind: 'constant', recordsPerSecond },
  load,
  startNs: 5 * SECOND,
  warmupNs: 0,
  stream: 'schedule',
  client,
  clients,
});

test('a constant rate has evenly spaced records, the first due at the start', () => {
  assert.deepEqual(dueTimes(constant(1000, 0, 1), 3), [5e9, 5.001e9, 5.002e9]);
});

test('the load factor multiplies the rate', () => {
  assert.deepEqual(dueTimes(constant(1000, 0, 1, 2), 3), [5e9, 5.0005e9, 5.001e9]);
});

test('the clients of a class together have the records of the class, each exactly once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0.5, max: 1e5, noNaN: true }),
      (clients, rate) => {
        const one = dueTimes(constant(rate, 0, 1), clients * 20);
        const many = Array.from({ length: clients }, (_, client) =>
          dueTimes(constant(rate, client, clients), 20),
        );
        assert.deepEqual(
          many.flat().sort((a, b) => a - b),
          one,
        );
      },
    ),
  );
});

test('a rate of zero never has a record due', () => {
  assert.equal(createSchedule(constant(0, 0, 1)).dueNs, Number.POSITIVE_INFINITY);
  const rate = { kind: 'diurnal', peakRecordsPerSecond: 0, troughRecordsPerSecond: 0, peakAtMs: 0 } as const;
  assert.equal(createSchedule({ ...constant(1, 0, 1), rate }).dueNs, Number.POSITIVE_INFINITY);
});

test('a diurnal rate has its peak and its trough where they are stated, and its mean over the day', () => {
  const rate = {
    kind: 'diurnal',
    peakRecordsPerSecond: 0.3,
    troughRecordsPerSecond: 0.1,
    peakAtMs: 20 * 3_600_000,
  } as const;
  const hours = new Array<number>(24).fill(0);
  let previous = 0;
  for (const dueNs of dueTimes(
    { rate, load: 1, startNs: 0, warmupNs: 0, stream: 's', client: 0, clients: 1 },
    17_280,
  )) {
    assert.ok(dueNs >= previous);
    previous = dueNs;
    hours[Math.min(23, Math.floor(dueNs / SECOND / 3600))]++;
  }
  assert.ok(Math.abs(previous / SECOND - 86_400) < 10, `0.2 records/s on average, last due at ${previous}`);
  assert.ok(Math.abs(hours[20] + hours[19] - 2 * 0.3 * 3600) < 15, `peak: ${hours[19]}, ${hours[20]}`);
  assert.ok(Math.abs(hours[8] + hours[7] - 2 * 0.1 * 3600) < 15, `trough: ${hours[7]}, ${hours[8]}`);
});

test('a diurnal trough of zero passes', () => {
  const rate = {
    kind: 'diurnal',
    peakRecordsPerSecond: 1,
    troughRecordsPerSecond: 0,
    peakAtMs: 43_200_000,
  } as const;
  const due = dueTimes(
    { rate, load: 1, startNs: 0, warmupNs: 0, stream: 's', client: 0, clients: 1 },
    43_201,
  );
  assert.ok(Math.abs((due.at(-1) ?? 0) / SECOND - 86_400) < 1500, `${due.at(-1)}`);
});

const at = (rate: ScheduleOptions['rate'], changes: Partial<ScheduleOptions> = {}): ScheduleOptions => ({
  ...constant(1, 0, 1),
  startNs: 0,
  rate,
  ...changes,
});

test('a ramp has as many records due at every moment as the area under its rate', () => {
  const segments = [{ fromRecordsPerSecond: 100, toRecordsPerSecond: 500, durationMs: 4000 }];
  const due = dueTimes(at({ kind: 'piecewise', segments }, { warmupNs: 2 * SECOND }), 2000);
  const before = (seconds: number) => due.filter((dueNs) => dueNs < seconds * SECOND - 1).length;
  // 100/s for 2 s, then 100 t + 50 t^2, then 500/s.
  assert.equal(before(2), 200);
  assert.ok(Math.abs(before(4) - (200 + 200 + 200)) <= 1, `${before(4)}`);
  assert.ok(Math.abs(before(6) - (200 + 1200)) <= 1, `${before(6)}`);
  assert.ok(Math.abs(before(7) - (200 + 1200 + 500)) <= 1, `${before(7)}`);
});

test('steps hold their rates one after the other, and the last one stays', () => {
  const step = (rate: number, durationMs: number) => ({
    fromRecordsPerSecond: rate,
    toRecordsPerSecond: rate,
    durationMs,
  });
  const rate = { kind: 'piecewise', segments: [step(10, 1000), step(1000, 1000), step(20, 1000)] } as const;
  const due = dueTimes(at(rate), 1070);
  const between = (from: number, to: number) =>
    due.filter((dueNs) => dueNs >= from * SECOND - 1 && dueNs < to * SECOND - 1).length;
  assert.deepEqual([between(0, 1), between(1, 2), between(2, 3), between(3, 4)], [10, 1000, 20, 20]);
});

test('whatever its segments, a piecewise rate has due times that never decrease, whoever has the records', () => {
  const rates = fc.double({ min: 0.5, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(rates, rates, fc.integer({ min: 1, max: 3000 })), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      (list, clients) => {
        const segments = list.map(([fromRecordsPerSecond, toRecordsPerSecond, durationMs]) => ({
          fromRecordsPerSecond,
          toRecordsPerSecond,
          durationMs,
        }));
        const rate = { kind: 'piecewise', segments } as const;
        const one = dueTimes(at(rate), clients * 30);
        const many = Array.from({ length: clients }, (_, client) =>
          dueTimes(at(rate, { client, clients }), 30),
        );
        assert.ok(one.every((dueNs, index) => index === 0 || dueNs >= one[index - 1]));
        assert.deepEqual(
          many.flat().sort((a, b) => a - b),
          one,
        );
      },
    ),
  );
});

test('a Poisson rate has exponential gaps of its mean, the same ones for the same stream', () => {
  const rate = { kind: 'poisson', recordsPerSecond: 1000 } as const;
  const due = dueTimes(at(rate, { clients: 4 }), 20_000);
  const gaps = due.slice(1).map((dueNs, index) => dueNs - due[index]);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const beyond = gaps.filter((gap) => gap > mean).length / gaps.length;
  assert.ok(Math.abs(mean / (4 * 1e6) - 1) < 0.03, `mean gap ${mean}`);
  assert.ok(Math.abs(beyond - Math.exp(-1)) < 0.02, `${beyond} of the gaps are longer than their mean`);
  assert.deepEqual(dueTimes(at(rate), 100), dueTimes(at(rate), 100));
  assert.notDeepEqual(dueTimes(at(rate), 100), dueTimes(at(rate, { stream: 'other' }), 100));
});
