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
  for (const dueNs of dueTimes({ rate, load: 1, startNs: 0, client: 0, clients: 1 }, 17_280)) {
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
  const due = dueTimes({ rate, load: 1, startNs: 0, client: 0, clients: 1 }, 43_201);
  assert.ok(Math.abs((due.at(-1) ?? 0) / SECOND - 86_400) < 1500, `${due.at(-1)}`);
});
