import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { figure, pairBy } from '../../src/result/figure.ts';

test('the error of a prediction is its distance from the measurement, as a share of the measurement', () => {
  assert.deepEqual(figure(110, 100), {
    predicted: 110,
    measured: 100,
    absoluteError: 10,
    relativeError: 0.1,
  });
  assert.equal(figure(30, 40).relativeError, -0.25);
});

test('a zero measurement has no relative error unless the prediction is zero too', () => {
  assert.equal(figure(5, 0).relativeError, null);
  assert.equal(figure(5, 0).absoluteError, 5);
  assert.equal(figure(0, 0).relativeError, 0);
  assert.equal(figure(0, 4).relativeError, -1);
});

test('a value that an arm lacks is null, never zero, and has no error', () => {
  assert.deepEqual(figure(7, null), {
    predicted: 7,
    measured: null,
    absoluteError: null,
    relativeError: null,
  });
  assert.equal(figure(undefined, 3).predicted, null);
});

test('no figure holds NaN or an infinity, whatever the arms return', () => {
  const value = fc.oneof(fc.double(), fc.constant(null), fc.constant(undefined), fc.constant(Number.NaN));
  fc.assert(
    fc.property(value, value, (predicted, measured) => {
      const { predicted: left, measured: right, relativeError } = figure(predicted, measured);
      for (const found of [left, right, relativeError]) {
        assert.ok(found === null || Number.isFinite(found), String(found));
      }
    }),
  );
});

test('entries pair by key in the predicted order, then come those that were only measured', () => {
  const pairs = pairBy(['b', 'a'], ['a', 'c'], (entry) => entry);
  assert.deepEqual(
    pairs.map(({ predicted, measured }) => [predicted, measured]),
    [
      ['b', null],
      ['a', 'a'],
      [null, 'c'],
    ],
  );
});

test('entries of the same key pair by their order and none is lost', () => {
  const entry = (broker: number, place: string) => ({ broker, place });
  const pairs = pairBy(
    [entry(1, 'east'), entry(1, 'west')],
    [entry(1, 'East'), entry(1, 'West')],
    ({ broker }) => String(broker),
  );
  assert.deepEqual(
    pairs.map(({ predicted, measured }) => [predicted?.place, measured?.place]),
    [
      ['east', 'East'],
      ['west', 'West'],
    ],
  );
});
