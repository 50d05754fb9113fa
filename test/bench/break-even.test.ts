import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakEven } from '../../bench/kernel/break-even.ts';

function at(...speedUps: readonly number[]): number {
  return breakEven(speedUps.map((speedUp, index) => ({ eventsPerWindow: 10 ** (index + 1), speedUp })));
}

test('the break-even is interpolated between the last loss and the first win', () => {
  assert.equal(Math.round(at(0.1, 0.5, 1.5, 1.9)), 316);
  assert.equal(at(0.1, 1, 1.5), 100);
});

test('the break-even is the first or the last step when all win or all lose', () => {
  assert.equal(at(1.1, 1.2, 1.3), 10);
  assert.equal(at(0.1, 0.2, 0.3), 1000);
});

test('the break-even does not move for one step on the wrong side', () => {
  const without = at(0.1, 0.5, 1.5, 1.9, 1.9, 1.9);
  assert.equal(at(0.1, 0.5, 1.5, 1.9, 0.9, 1.9), without);
  assert.equal(at(1.1, 0.5, 1.5, 1.9, 1.9, 1.9), without);
});
