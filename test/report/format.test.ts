import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatBytesPerSecond,
  formatCount,
  formatError,
  formatMoment,
  formatMs,
  formatNumber,
  formatPlural,
  formatRecordsPerSecond,
  formatSeconds,
  formatShare,
} from '../../src/report/format.ts';

test('numbers keep three significant digits and never lose a whole one', () => {
  assert.deepEqual([0, 0.04521, 7.018, 6, 12.34, 153.4, 1234.4, 41_234.4, -1.5].map(formatNumber), [
    '0',
    '0.0452',
    '7.02',
    '6',
    '12.3',
    '153',
    '1,234',
    '41,234',
    '−1.50',
  ]);
});

test('every unit stands behind its number', () => {
  assert.equal(formatMs(7.018), '7.02 ms');
  assert.equal(formatRecordsPerSecond(41_233.6), '41,234 records/s');
  assert.equal(formatSeconds(13.25), '13.25 s');
  assert.equal(formatMoment(20), '20');
  assert.equal(formatMoment(1000), '1,000');
  assert.equal(formatBytes(1024), '1 KiB');
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytesPerSecond(10.5 * 1024 * 1024), '10.5 MiB/s');
  assert.equal(formatShare(0.62), '62 %');
  assert.equal(formatPlural(1, 'level'), '1 level');
  assert.equal(formatPlural(2, 'level'), '2 levels');
});

test('errors carry their sign, and none when they vanish', () => {
  assert.deepEqual([0.042, -0.0441, 0, -0.0001, 12.5, 0.99999].map(formatError), [
    '+4.2 %',
    '−4.4 %',
    '0.0 %',
    '0.0 %',
    '+1,250 %',
    '+100 %',
  ]);
});

test('a missing value is an en dash without a unit', () => {
  const formats = [
    formatCount,
    formatNumber,
    formatMs,
    formatBytes,
    formatBytesPerSecond,
    formatError,
    formatShare,
  ];
  for (const format of formats) {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
      assert.equal(format(value), '–');
  }
});

test('a formatted number is within half a percent of the value', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e12, noNaN: true }), (value) => {
      const read = Number(formatNumber(value).replaceAll(',', ''));
      assert.ok(Math.abs(read - value) <= value * 0.0051, `${value} was written as ${read}`);
    }),
  );
});
