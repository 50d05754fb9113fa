/**
 * What CPU quotas change, told by leaving them out: `three-machines` behind fast networks, two producers that do not linger,
 * the brokers with 0.6 of their 2 cores and with all of them.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import { packageRoot } from '../../src/package.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import { build } from '../kafka/support.ts';

const SET = [
  'hosts.broker.nic=10Gbit/s',
  'producers.checkout.count=2',
  'producers.checkout.config.linger.ms=0',
  'run.seed=7',
  'run.warmup=1s',
  'run.duration=2s',
];

async function phasesWith(...set: string[]): Promise<readonly PhaseResult[]> {
  const file = path.join(packageRoot, 'scenarios', 'three-machines.yaml');
  const loaded = readScenario(file, { set: [...SET, ...set] });
  return (await predict({ loaded, workers: 1, profile: 'reference-2core' })).result.phases;
}

function series(phase: PhaseResult, host: string, name: string): readonly (number | null)[] {
  const found = phase.resources.find((of) => of.host === host && of.broker === null && of.resource === name);
  assert.ok(found !== undefined, `no ${name} of ${host}`);
  return found.values;
}

describe('brokers with a quota of 0.6 cores', async () => {
  const [paced, saturating] = await phasesWith('hosts.broker.cores=0.6');
  const [pacedFree, saturatingFree] = await phasesWith();

  test('use 0.6 cores when they are saturated, and are stopped in every period', () => {
    for (const host of ['broker-1', 'broker-2', 'broker-3']) {
      for (const cores of series(saturating, host, 'cpu')) assert.ok(Math.abs((cores ?? 0) - 0.6) < 0.01);
      assert.deepEqual(series(saturating, host, 'cpu.throttledPeriods'), [1, 1]);
      for (const cores of series(saturating, host, 'cpu.throttled')) assert.ok((cores ?? 0) > 0.05);
    }
  });

  test('carry a quarter less than without it', () => {
    const ratio = saturating.throughputRecordsPerSecond / saturatingFree.throughputRecordsPerSecond;
    assert.ok(Math.abs(ratio - 0.74) < 0.05, `${ratio}`);
  });

  test('make p99 more than three times as long at a pace at which they are stopped now and then', () => {
    assert.ok(paced.publishLatencyMs !== null && pacedFree.publishLatencyMs !== null);
    const [with99, without99] = [paced.publishLatencyMs.p99, pacedFree.publishLatencyMs.p99];
    assert.ok(with99 > 3 * without99, `${with99} ms with, ${without99} ms without`);
    const ratio = paced.throughputRecordsPerSecond / pacedFree.throughputRecordsPerSecond;
    assert.ok(ratio > 0.97, `${ratio}`);
  });

  test('are as those with all cores when these are stated in full', async () => {
    const [, stated] = await phasesWith('hosts.broker.cores=2');
    assert.deepEqual(stated, saturatingFree);
  });
});

describe('the cores that a scenario states', () => {
  for (const [stated, cores, quota] of [
    [0.6, 2, 0.6],
    [1, 2, 1],
    [2, 2, null],
    [2.5, 3, 2.5],
    [4, 4, null],
  ] as const) {
    const meaning = quota === null ? `${cores} cores` : `a quota of ${quota} on ${cores} cores`;
    test(`are ${meaning} when they are ${stated} and the profile has 2`, () => {
      const [host] = build({ cores: 2, quotaCores: stated }).parts.hostCpus;
      assert.deepEqual([host.cores, host.quota?.cores ?? null], [cores, quota]);
    });
  }

  test('have quotas that begin at times of their own on each machine', () => {
    const hosts = build({ brokers: 3, cores: 2, quotaCores: 0.6 }).parts.hostCpus;
    const phases = hosts.flatMap(({ quota }) => (quota === null ? [] : [quota.phaseNs]));
    assert.equal(new Set(phases).size, 3);
    for (const phaseNs of phases)
      assert.ok(Number.isInteger(phaseNs) && phaseNs >= 0 && phaseNs < 100_000_000);
  });
});
