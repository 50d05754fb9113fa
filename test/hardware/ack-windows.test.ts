import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AckWindows } from '../../src/hardware/ack-windows.ts';
import { Rows } from '../../src/kernel/rows.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

function windowsOf(...windowBytes: (number | undefined)[]): AckWindows {
  const sim = new Simulation({
    seed: '1',
    entityBase: 0,
    limits: { eventsPending: 10, eventsPerInstant: 10 },
  });
  return new AckWindows(
    new Rows(sim.columns, 'flows', windowBytes.length),
    windowBytes.map((bytes) => (bytes === undefined ? undefined : { bytes, nsPerByte: 1 })),
  );
}

describe('a flow whose acknowledgements wait', () => {
  test('goes on within its window, and then by what is left of it before the first piece of the round is acknowledged', () => {
    const acks = windowsOf(650);
    acks.sent(0, 300, 0, 1000);
    assert.equal(acks.opensNs(0, 300, 10), 10);
    acks.sent(0, 300, 10, 2000);
    assert.equal(acks.opensNs(0, 300, 20), 950);
    assert.equal(acks.opensNs(0, 300, 1000), 1000);
  });

  test('begins a new round with the first piece after that', () => {
    const acks = windowsOf(650);
    acks.sent(0, 300, 0, 1000);
    acks.sent(0, 300, 10, 2000);
    acks.sent(0, 300, 1500, 2500);
    assert.equal(acks.opensNs(0, 300, 1600), 1600);
    acks.sent(0, 300, 1600, 9000);
    assert.equal(acks.opensNs(0, 300, 1700), 2450);
  });

  test('does not wait where it has no window, nor with a new connection', () => {
    const acks = windowsOf(undefined, 300);
    assert.ok(!acks.has(0));
    assert.equal(acks.opensNs(0, 300, 5), 5);
    acks.sent(1, 300, 0, 1000);
    assert.equal(acks.opensNs(1, 300, 5), 1000);
    acks.reset(1);
    assert.equal(acks.opensNs(1, 300, 5), 5);
  });
});
