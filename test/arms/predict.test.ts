import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import { packageRoot } from '../../src/package.ts';
import { resultHash } from '../../src/result/hash.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';
import { load } from '../scenario/scratch.ts';

function shipped(name: string, ...set: string[]): LoadedScenario {
  return readScenario(path.join(packageRoot, 'scenarios', `${name}.yaml`), { set });
}

async function resultOf(loaded: LoadedScenario, workers = 1): Promise<RunResult> {
  return (await predict({ loaded, workers, profile: 'reference-2core' })).result;
}

const SHORT = ['run.warmup=200ms', 'run.duration=1s'];

describe('a prediction', () => {
  test('is the same for the same scenario and seed, to the last byte', async () => {
    const [one, other] = [
      await resultOf(shipped('demo', ...SHORT)),
      await resultOf(shipped('demo', ...SHORT)),
    ];
    assert.equal(one.simulation?.traceHash, other.simulation?.traceHash);
    assert.equal(resultHash(one), resultHash(other));
  });

  test('is another one for another seed', async () => {
    const one = await resultOf(shipped('demo', ...SHORT));
    const other = await resultOf(shipped('demo', ...SHORT, 'run.seed=8'));
    assert.notEqual(one.simulation?.traceHash, other.simulation?.traceHash);
    assert.equal(one.scenario.hash, other.scenario.hash);
    assert.equal(other.scenario.seed, 8);
  });

  test('of two clusters is the same on one worker and on two, and both have events', async () => {
    const loaded = shipped('two-clusters', ...SHORT);
    const [one, two] = [await resultOf(loaded, 1), await resultOf(loaded, 2)];
    assert.deepEqual(
      one.simulation?.shards.map(({ name }) => name),
      ['east', 'west'],
    );
    for (const { events } of one.simulation?.shards ?? []) assert.ok(events > 1000);
    assert.equal(one.simulation?.traceHash, two.simulation?.traceHash);
    assert.equal(resultHash(one), resultHash(two));
  });

  test('of several clusters with a broker killed and started in each is the same on any number of workers', async () => {
    const loaded = load(`apiVersion: brokertwin/v1
clusters: { shop: { count: 3, brokers: { count: 3 } } }
topics:
  orders: { cluster: shop, partitions: 6, replication.factor: 3 }
producers:
  checkout: { topics: orders, rate: 500/s }
operations:
  - { at: 2s, kill: { broker: 1, cluster: shop, instance: 1 } }
  - { at: 3s, restart: { broker: 2, cluster: shop, instance: 2 } }
  - { at: 4s, restart: { broker: 3, unclean: true, cluster: shop, instance: 3 } }
run: { warmup: 200ms, duration: 20s }
`);
    const [one, three] = [await resultOf(loaded, 1), await resultOf(loaded, 3)];
    assert.equal(one.simulation?.shards.length, 3);
    assert.equal(one.phases[0].events.filter(({ what }) => what.endsWith(': done')).length, 3);
    assert.equal(one.simulation?.traceHash, three.simulation?.traceHash);
    assert.equal(resultHash(one), resultHash(three));
  });

  test('marks operations on the time of the phase, and says what they did to replicas', async () => {
    const [phase] = (await resultOf(shipped('broker-failure'))).phases;
    const whats = phase.events.map(({ what }) => what);
    assert.deepEqual(whats, [
      'kill broker 2',
      'kill broker 2: done',
      'start broker 2',
      'start broker 2: done',
    ]);
    assert.deepEqual(
      phase.events.slice(0, 3).map(({ atSeconds }) => atSeconds),
      [10, 10, 30],
    );
    assert.ok(phase.events[3].atSeconds > 35 && phase.events[3].atSeconds < 37);
    const worst = (name: string) =>
      Math.max(
        ...phase.resources.flatMap(({ resource, values }) =>
          resource === name ? values.map((value) => value ?? 0) : [],
        ),
      );
    // Of a topic 4, and 33 of the 50 with the groups' offsets: broker 3 leads those of broker 2, as the next replica of each.
    assert.equal(worst('partitions.underReplicated'), 37);
    assert.equal(worst('partitions.offline'), 0);
    assert.equal(phase.counts.recordsFailed, 0);
    assert.equal(phase.counts.recordsAcknowledged, phase.counts.recordsDue);
  });

  test('is the same when it was stopped at a checkpoint and continued', async () => {
    const loaded = shipped('two-clusters', ...SHORT);
    const whole = await resultOf(loaded);
    for (const workers of [1, 2]) {
      const { result } = await predict({
        loaded,
        workers,
        profile: 'reference-2core',
        checkpointAt: 0.05,
      });
      assert.equal(result.simulation?.traceHash, whole.simulation?.traceHash);
      assert.equal(resultHash(result), resultHash(whole));
    }
  });

  test('has another legal order under a tie seed, the same for the same seed', async () => {
    const loaded = shipped('two-clusters', ...SHORT);
    const plain = await resultOf(loaded);
    const tied = async (tieSeed: number): Promise<RunResult> =>
      (await predict({ loaded, workers: 1, profile: 'reference-2core', tieSeed })).result;
    const [one, again] = [await tied(5), await tied(5)];
    assert.notEqual(one.simulation?.traceHash, plain.simulation?.traceHash);
    assert.equal(one.simulation?.tieSeed, 5);
    assert.equal(resultHash(again), resultHash(one));
    const throughputs = [plain, one].map(({ phases }) => phases[0].throughputRecordsPerSecond);
    assert.ok(Math.abs(throughputs[1] / throughputs[0] - 1) < 0.01, throughputs.join());
  });

  test('has a phase for each of the scenario, one without limit of the rate among them', async () => {
    const { phases } = await resultOf(shipped('demo', ...SHORT));
    const [paced, saturating] = phases;
    assert.deepEqual(
      phases.map(({ name, load }) => [name, load]),
      [
        ['paced', 1],
        ['saturating', 'max'],
      ],
    );
    assert.ok(Math.abs(paced.throughputRecordsPerSecond - 8000) < 200);
    assert.equal(paced.counts.recordsDue, 8000);
    assert.ok(saturating.throughputRecordsPerSecond > 2 * paced.throughputRecordsPerSecond);
  });

  test('counts every due record as acknowledged and as read by every group, when the cluster holds', async () => {
    const { phases } = await resultOf(shipped('fan-out', ...SHORT));
    const [{ counts, classes, windows }] = phases;
    // A third of a millisecond apart, so that one more or less may be due in a second.
    assert.ok(Math.abs(counts.recordsDue - 3000) <= 1);
    assert.equal(counts.recordsAcknowledged, counts.recordsDue);
    assert.equal(counts.recordsConsumed, 3 * counts.recordsDue);
    assert.equal(counts.recordsFailed, 0);
    assert.deepEqual(
      classes.map(({ name, role }) => `${name} ${role}`),
      ['checkout producer', 'billing consumer', 'shipping consumer', 'analytics consumer'],
    );
    assert.equal(windows.producedRecordsPerSecond.length, 1);
  });

  test('tells how far it is', async () => {
    const seen: { phase: string; fraction: number }[] = [];
    await predict({
      loaded: shipped('small-batches', ...SHORT),
      workers: 1,
      profile: 'reference-2core',
      onProgress: (progress) => seen.push(progress),
    });
    for (const { phase, fraction } of seen) {
      assert.equal(phase, 'run');
      assert.ok(fraction > 0 && fraction <= 1.001);
    }
  });

  test('stops when it is told to', async () => {
    const controller = new AbortController();
    const running = predict({
      loaded: shipped('demo', 'run.duration=1h'),
      workers: 1,
      profile: 'reference-2core',
      onProgress: () => controller.abort(new Error('enough')),
      signal: controller.signal,
    });
    await assert.rejects(running, /enough/);
  });
});
