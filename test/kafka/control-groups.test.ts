/** What control groups' equal parts of a core change, told by leaving them out. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { build, isNear, MS, requestsPerSecond, runOut, type Small, US } from './support.ts';

const SLICES = { 'host.tickNs': 4 * MS, 'host.sliceNs': 1.4 * MS, 'host.protectedNs': 160 * US };

/** Requests a second of a broker whose four handlers never rest, beside a client host with one thread that never rests. */
function capacity(slices: Small['costs']): number {
  const model = build({
    sharedCores: 1,
    producers: [{ count: 12, config: { 'buffer.memory': 1_048_576 } }],
    brokerConfig: { 'num.io.threads': 4 },
    costs: {
      'broker.handler.producePerRequestNs': MS,
      'client.brokertwin.backgroundCores': 10,
      ...slices,
    },
    phase: { load: 'max', warmupMs: 1000, durationMs: 5000 },
  });
  return requestsPerSecond(model, runOut(model, 0));
}

describe('hosts that are control groups of one machine', () => {
  test('have equal parts of a core, where all threads are alike without slices', () => {
    const [alike, parts] = [capacity({}), capacity(SLICES)];
    // Four of five runnable threads, and one of two groups.
    assert.ok(isNear(alike, 800, 0.02), `${alike} requests a second without slices`);
    assert.ok(isNear(parts, 500, 0.02), `${parts} requests a second with slices`);
  });

  test('take turns in slices only where there are several of them', () => {
    assert.equal(build({ sharedCores: 2, costs: SLICES }).parts.timeSlices?.tickNs, 4 * MS);
    assert.equal(build({ sharedCores: 2, oneHost: true, costs: SLICES }).parts.timeSlices, null);
    assert.equal(build({ cores: 2, costs: SLICES }).parts.timeSlices, null);
  });
});
