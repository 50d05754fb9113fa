import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { calibrationPlan, sharedWith } from '../../src/jobs/calibration/experiments.ts';
import { packageRoot } from '../../src/package.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

const DEMO = path.join(packageRoot, 'scenarios', 'demo.yaml');
const plan = calibrationPlan('4.3.1');

function demo(...set: readonly string[]): Scenario {
  return readScenario(DEMO, { set }).scenario;
}

/** Distinct from the demo in everything. */
function other(...set: readonly string[]): Scenario {
  return demo(
    'producers.checkout.record.value=300B',
    'producers.checkout.rate=700/s',
    'topics.orders.partitions=3',
    ...set,
  );
}

describe('the calibration plan', () => {
  test('is of scenarios that are read without complaint, each with a name of its own', () => {
    assert.ok(plan.experiments.length >= 5);
    const names = plan.experiments.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, loaded } of [plan.warmUp, ...plan.experiments]) {
      assert.deepEqual(loaded.warnings, [], name);
      assert.equal(loaded.scenario.clusters[0].kafka, '4.3.1', name);
      assert.equal(loaded.scenario.run.phases.length, 1, name);
    }
  });

  test('follows the Kafka version', () => {
    const { warmUp, experiments } = calibrationPlan('4.2.0');
    for (const { loaded } of [warmUp, ...experiments]) {
      assert.equal(loaded.scenario.clusters[0].kafka, '4.2.0');
    }
  });

  test('has saturated and paced experiments', () => {
    const loads = new Set(plan.experiments.map(({ loaded }) => loaded.scenario.run.phases[0].load));
    assert.deepEqual(loads, new Set(['max', 1]));
  });

  for (const { name, loaded } of [plan.warmUp, ...plan.experiments]) {
    test(`shares neither record size, partitions nor rate with the demo: ${name}`, () => {
      assert.deepEqual(sharedWith(loaded.scenario, demo()), []);
    });
  }
});

describe('what an experiment shares with a scenario', () => {
  test('is nothing when all three differ', () => {
    assert.deepEqual(sharedWith(other(), demo()), []);
  });

  test('is found one by one', () => {
    assert.deepEqual(sharedWith(other('producers.checkout.record.value=1KiB'), demo()), ['record size']);
    assert.deepEqual(sharedWith(other('topics.orders.partitions=6'), demo()), ['partitions']);
    assert.deepEqual(sharedWith(other('producers.checkout.rate=8k/s'), demo()), ['rate']);
  });

  test('is found all at once', () => {
    assert.deepEqual(sharedWith(demo(), demo()), ['record size', 'partitions', 'rate']);
  });

  test('counts the rate that a phase really has, not the one that its load multiplies', () => {
    assert.deepEqual(sharedWith(other('producers.checkout.rate=4k/s', 'run.phases.0.load=2'), demo()), [
      'rate',
    ]);
    assert.deepEqual(sharedWith(other('producers.checkout.rate=8k/s', 'run.phases.0.load=0.5'), demo()), []);
  });
});
