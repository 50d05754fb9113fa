import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type HostNic, Nics } from '../../src/hardware/nic.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

const LATENCY_NS = 50_000;
/** 1 byte a ns. */
const FAST = { bytesPerSecond: 1e9, latencyNs: LATENCY_NS };
const SLOW = { bytesPerSecond: 2.5e8, latencyNs: LATENCY_NS };
const UNLIMITED = { bytesPerSecond: null, latencyNs: LATENCY_NS };

function network(...hosts: readonly HostNic[]): { nics: Nics; sim: Simulation } {
  const sim = new Simulation({
    seed: '7',
    entityBase: 0,
    limits: { eventsPending: 10, eventsPerInstant: 10 },
  });
  sim.setModel({ kindNames: [], handle: () => undefined });
  return { nics: new Nics(sim, hosts), sim };
}

describe('a message between hosts', () => {
  test('takes its bytes at both ends, each at its rate, and the latency between', () => {
    const { nics } = network(FAST, SLOW);
    assert.equal(nics.send(0, 1, 1000), 1000 + LATENCY_NS + 4000);
  });

  test('waits for those sent before it, at its own host and at the other', () => {
    const { nics } = network(FAST, SLOW);
    const first = nics.send(0, 1, 1000);
    // It leaves at 2000, and gets in when the slow end has taken the first.
    assert.equal(nics.send(0, 1, 1000), first + 4000);
  });

  test('waits at its host only for what is not yet out', () => {
    const { nics, sim } = network(FAST, FAST, FAST);
    nics.send(0, 1, 1000);
    sim.run(600);
    assert.equal(nics.send(0, 2, 100), 400 + 100 + LATENCY_NS + 100);
    sim.run(10_000);
    assert.equal(nics.send(0, 2, 100), 100 + LATENCY_NS + 100);
  });

  test('waits at the other host for messages of third ones', () => {
    const { nics } = network(FAST, FAST, FAST);
    assert.equal(nics.send(0, 2, 1000), 1000 + LATENCY_NS + 1000);
    assert.equal(nics.send(1, 2, 1000), 1000 + LATENCY_NS + 2000);
  });

  test('does not meet those of the other direction: links are full duplex', () => {
    const { nics } = network(FAST, FAST);
    const there = nics.send(0, 1, 1000);
    assert.equal(nics.send(1, 0, 1000), there);
  });

  test('takes only the latency where there is no limit, at one end or both', () => {
    const { nics } = network(UNLIMITED, UNLIMITED, SLOW);
    for (let message = 0; message < 3; message += 1) assert.equal(nics.send(0, 1, 1e9), LATENCY_NS);
    assert.equal(nics.send(0, 2, 1000), LATENCY_NS + 4000);
    assert.equal(nics.send(2, 1, 1000), 4000 + LATENCY_NS);
  });

  test('takes only the latency inside a host, and does not use its NIC', () => {
    const { nics } = network(SLOW, FAST);
    for (let message = 0; message < 3; message += 1) assert.equal(nics.send(0, 0, 1e9), LATENCY_NS);
    assert.equal(nics.send(0, 1, 1000), 4000 + LATENCY_NS + 1000);
  });

  test("takes the latency of its sender's side", () => {
    const { nics } = network({ ...UNLIMITED, latencyNs: 10 }, { ...UNLIMITED, latencyNs: 20 });
    assert.deepEqual([nics.send(0, 1, 1), nics.send(1, 0, 1)], [10, 20]);
  });

  test('is counted at both ends', () => {
    const { nics } = network(FAST, SLOW);
    nics.send(0, 1, 700);
    nics.send(0, 1, 50);
    nics.send(1, 0, 3);
    assert.deepEqual([nics.outBytes(0), nics.inBytes(0)], [750, 3]);
    assert.deepEqual([nics.outBytes(1), nics.inBytes(1)], [3, 750]);
  });

  test('never overtakes one sent before it between the same hosts, nor goes faster than either end', () => {
    const message = fc.record({ afterNs: fc.nat({ max: 3000 }), bytes: fc.nat({ max: 5000 }) });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 50 }), (messages) => {
        const { nics, sim } = network(FAST, SLOW);
        let lastNs = 0;
        let bytes = 0;
        for (const next of messages) {
          sim.run(sim.nowNs + next.afterNs);
          const inNs = sim.nowNs + nics.send(0, 1, next.bytes);
          assert.ok(inNs >= lastNs + next.bytes * 4 - 1e-6);
          lastNs = inNs;
          bytes += next.bytes;
        }
        assert.ok(lastNs >= LATENCY_NS + bytes * 4 - 1e-6);
        assert.equal(nics.inBytes(1), bytes);
      }),
      { seed: 1 },
    );
  });
});
