import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readOut } from '../../src/kafka/read-out.ts';
import { build, column, isNear, MS, meanLatencyNs, runOut, SECOND, type Small, sum } from './support.ts';

const MIB = 1_048_576;

/** A broker on two cores whose collections of 20 ms come once a second. */
const collecting = (changes: Small['costs'] = {}): Small => ({
  cores: 2,
  producers: [{ rate: { kind: 'constant', recordsPerSecond: 1000 } }],
  phase: { warmupMs: 0, durationMs: 10_000 },
  costs: {
    'broker.gc.youngBytes': 10 * MIB,
    'broker.gc.allocatedBytesPerSecond': 10 * MIB,
    // 1,000 records a second, 20 ms of work.
    'broker.gcPerByteNs': 92,
    ...changes,
  },
});

describe('the heap of a broker', () => {
  test('is collected each time that its young generation is full, by time and by bytes', () => {
    const byTime = build(collecting());
    runOut(byTime);
    assert.equal(byTime.heaps.collections(0), 19);
    const byBytes = build(
      collecting({ 'broker.gc.allocatedBytesPerSecond': 0, 'broker.gc.allocatedPerByte': 50 }),
    );
    runOut(byBytes);
    const appended = byBytes.recorder.appendedBytes.data[0];
    assert.ok(isNear(byBytes.heaps.collections(0), (appended * 50) / (10 * MIB), 0.1));
  });

  test('stops its threads for as long as all cores together take for the work', () => {
    const model = build(collecting());
    runOut(model);
    const workNs = model.recorder.appendedBytes.data[0] * 92;
    const collected = model.parts.threads.flatMap(({ role }, thread) =>
      role === 'heapCollector' ? [model.cpus.cpuNs(thread)] : [],
    );
    assert.equal(collected.length, 2);
    assert.ok(isNear(sum(collected), workNs, 0.001));
    assert.ok(isNear(model.heaps.pausedNs(0), workNs / 2, 0.001));
  });

  test('makes requests wait: the longest latency is the pause, which is not there without a young generation', () => {
    const longestMs = (small: Small): number => runOut(build(small)).classes[0].latencyMaxNs / MS;
    const paused = longestMs(collecting());
    const beside = longestMs(collecting({ 'broker.gc.youngBytes': 0 }));
    // About 200 KB a second at 92 ns, on two cores.
    assert.ok(paused > beside + 8, `${paused} ms with pauses, ${beside} ms without`);
  });

  test('has its collections and pauses in every window, a pause that goes over the end of one in both', () => {
    const model = build(collecting());
    const seen: number[] = [];
    for (let atMs = 0; atMs <= 10_000; atMs += 1) {
      model.sim.run(atMs * MS);
      seen.push(model.heaps.pausedNs(0));
    }
    const steps = seen.slice(1).map((paused, index) => paused - seen[index]);
    assert.ok(steps.every((step) => step >= 0 && step <= MS));
    model.sim.run(10_001 * MS);
    const [{ collections }] = readOut(model).brokers;
    assert.ok(collections !== null);
    assert.equal(sum(collections.counts), model.heaps.collections(0));
    const secondly = collections.pausedNs.map((_, second) => seen[(second + 1) * 1000] - seen[second * 1000]);
    assert.deepEqual(collections.pausedNs, secondly);
    assert.ok(sum(secondly) > 90 * MS);
    const [without] = readOut(build(collecting({ 'broker.gc.youngBytes': 0 }))).brokers;
    assert.equal(without.collections, null);
  });

  test('loses no work of what it stops', () => {
    const costs = { 'broker.handler.producePerRequestNs': 300_000, 'broker.network.perRequestNs': 200_000 };
    const model = build(collecting(costs));
    const read = runOut(model);
    assert.equal(read.classes[0].done, read.classes[0].due);
    const free = build(collecting({ ...costs, 'broker.gc.youngBytes': 0 }));
    assert.ok(meanLatencyNs(read) > meanLatencyNs(runOut(free)));
    const cpuOf = (of: typeof model): number =>
      sum(
        of.parts.threads.flatMap(({ role }, thread) => (role === 'handler' ? [of.cpus.cpuNs(thread)] : [])),
      );
    assert.ok(isNear(cpuOf(model), cpuOf(free), 0.05));
  });

  test('goes on from a checkpoint amid a collection', () => {
    const whole = build(collecting());
    runOut(whole);
    const first = build(collecting());
    let amid = 0;
    for (let atMs = 990; atMs < 1100 && amid === 0; atMs += 1) {
      first.sim.run(atMs * MS);
      if (column(first, 'heaps/collecting')[0] > 0) amid = atMs;
    }
    assert.ok(amid > 0);
    const second = build(collecting());
    second.sim.columns.restore(first.sim.columns.checkpoint());
    second.sim.run(second.recorder.options.endNs + 10 * SECOND);
    assert.deepEqual(second.sim.hashChains(), whole.sim.hashChains());
  });
});
