import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Parsed,
  parseByteRate,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseDurationNs,
  parseRate,
  parseTimeOfDayMs,
} from '../../src/scenario/units.ts';

function value(parsed: Parsed<number>): number {
  assert.ok('value' in parsed, JSON.stringify(parsed));
  return parsed.value;
}

function problem(parsed: Parsed<number>): string {
  assert.ok('problem' in parsed, JSON.stringify(parsed));
  return parsed.problem;
}

describe('the unit grammar', () => {
  test('reads durations, sizes, counts and rates', () => {
    assert.equal(value(parseDurationMs('50us')), 0.05);
    assert.equal(value(parseDurationMs('1.5 h')), 5_400_000);
    assert.equal(value(parseDurationNs('7d')), 604_800e9);
    assert.equal(value(parseBytes('1 KiB')), 1024);
    assert.equal(value(parseBytes('1.1MB')), 1_100_000);
    assert.equal(value(parseBytes('2TiB')), 2_199_023_255_552);
    assert.equal(value(parseCount('5M')), 5_000_000);
    assert.equal(value(parseCount(12)), 12);
    assert.equal(value(parseRate('60k/s')), 60_000);
    assert.equal(value(parseRate('120/m')), 2);
    assert.equal(value(parseByteRate('10MiB/s')), 10_485_760);
    assert.equal(value(parseByteRate('1Gbit/s')), 125_000_000);
    assert.equal(value(parseByteRate('200Mbit/s')), 25_000_000);
    assert.equal(value(parseTimeOfDayMs('20:30')), 73_800_000);
  });

  test('says to add a unit to a bare number where there is no unit to assume', () => {
    for (const parse of [parseDurationMs, parseBytes, parseRate, parseByteRate]) {
      assert.match(problem(parse(5)), /found 5: add a unit \(/);
      assert.match(problem(parse('5')), /found "5": add a unit \(/);
    }
  });

  test('refuses units that it does not know, signs, fractions of a byte, and what is no number', () => {
    assert.match(problem(parseDurationMs('5 sec')), /unknown unit "sec" \(ns us ms s m h d\)/);
    assert.match(problem(parseBytes('64KB')), /unknown unit "KB"/);
    assert.match(problem(parseBytes('1.1KiB')), /not a whole number of bytes/);
    assert.match(problem(parseCount(1.5)), /not a whole number/);
    assert.match(problem(parseCount('10000T')), /too large/);
    for (const input of [
      '-5ms',
      '5ms ms',
      '1e3ms',
      '',
      null,
      true,
      [],
      {},
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]) {
      assert.match(problem(parseDurationMs(input)), /^expected a duration such as .*, found /);
    }
    assert.match(problem(parseTimeOfDayMs('24:00')), /time of day/);
  });

  test('gives back a whole number in whichever unit it was written', () => {
    const units: [(input: unknown) => Parsed<number>, string, number][] = [
      [parseDurationNs, 'us', 1e3],
      [parseDurationNs, 'h', 3600e9],
      [parseBytes, 'B', 1],
      [parseBytes, 'MiB', 1_048_576],
      [parseCount, 'k', 1000],
      [parseRate, '/s', 1],
      [parseByteRate, 'kbit/s', 125],
    ];
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.constantFrom(...units),
        fc.constantFrom('', ' '),
        (n, unit, blank) => {
          const [parse, name, factor] = unit;
          assert.equal(value(parse(`${n}${blank}${name}`)), n * factor);
        },
      ),
    );
  });

  test('reads one decimal of a metric unit exactly', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (tenths) => {
        assert.equal(value(parseBytes(`${Math.floor(tenths / 10)}.${tenths % 10}MB`)), tenths * 100_000);
      }),
    );
  });
});
