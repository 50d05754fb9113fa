import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Disk, Disks } from '../../src/hardware/disk.ts';
import { Exponential } from '../../src/kernel/distributions.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

const MS = 1_000_000;
const SECOND = 1_000_000_000;
const FREE: Disk = {
  readBytesPerSecond: null,
  writeBytesPerSecond: null,
  operationsPerSecond: null,
  readLatencyNs: 0,
  writeLatencyNs: 0,
  syncNs: 0,
  queueDepth: 32,
};

function disksOf(...disks: readonly Partial<Disk>[]): { disks: Disks; sim: Simulation } {
  const sim = new Simulation({
    seed: '7',
    entityBase: 0,
    limits: { eventsPending: 10, eventsPerInstant: 10 },
  });
  sim.setModel({ kindNames: [], handle: () => undefined });
  return {
    sim,
    disks: new Disks(
      sim,
      disks.map((disk) => ({ ...FREE, ...disk })),
    ),
  };
}

describe('a saturated disk', () => {
  test('writes and reads at its rates, one file or many', () => {
    for (const files of [1, 7]) {
      const { disks } = disksOf({
        readBytesPerSecond: 5e8,
        writeBytesPerSecond: 2e8,
        writeLatencyNs: 50_000,
      });
      let endNs = 0;
      for (let write = 0; write < 200; write += 1) endNs = disks.write(0, write % files, 1e6);
      assert.ok(Math.abs(endNs / (200e6 / 2e8) / SECOND - 1) < 0.001);
      const from = endNs;
      for (let read = 0; read < 200; read += 1) endNs = disks.read(0, read % files, 1e6);
      assert.ok(Math.abs((endNs - from) / (200e6 / 5e8) / SECOND - 1) < 0.001);
    }
  });

  test('makes as many random accesses as its IOPS, and none for what follows on', () => {
    const { disks } = disksOf({ operationsPerSecond: 100 }, { operationsPerSecond: 100 });
    let randomNs = 0;
    let inRowNs = 0;
    for (let read = 0; read < 50; read += 1) {
      randomNs = disks.read(0, read % 2, 4096);
      inRowNs = disks.read(1, 3, 4096);
    }
    assert.equal(randomNs, 500 * MS);
    assert.equal(inRowNs, 10 * MS);
  });

  test('works on queueDepth operations at once', () => {
    for (const queueDepth of [1, 4, 32]) {
      const { disks } = disksOf({ readLatencyNs: MS, queueDepth });
      let endNs = 0;
      for (let read = 0; read < 320; read += 1) endNs = disks.read(0, read, 4096);
      assert.equal(endNs, (320 / queueDepth) * MS);
    }
  });
});

/** Mean wait of random reads of `servedNs` each that come as a Poisson process, in units of `servedNs`. */
function meanWait(servers: number, use: number, reads: number): number {
  const servedNs = 100_000;
  const { disks, sim } = disksOf({ readLatencyNs: servedNs, queueDepth: servers });
  const random = sim.random.stream('arrivals');
  const between = new Exponential(servedNs / (use * servers));
  let atNs = 0;
  let waited = 0;
  for (let read = 0; read < reads; read += 1) {
    atNs += between.draw(sim.random, random);
    sim.run(Math.round(atNs));
    waited += disks.read(0, read, 4096) - sim.nowNs - servedNs;
  }
  return waited / reads / servedNs;
}

describe('random reads', () => {
  test('wait as in M/D/1', () => {
    const use = 0.7;
    const expected = use / (2 * (1 - use));
    assert.ok(Math.abs(meanWait(1, use, 300_000) / expected - 1) < 0.02);
  });

  test('wait as in M/D/k by Cosmetatos, which is within 2 % of it', () => {
    for (const servers of [2, 8]) {
      const use = 0.85;
      const load = use * servers;
      let term = 1;
      let sum = 1;
      for (let k = 1; k < servers; k += 1) {
        term *= load / k;
        sum += term;
      }
      const last = (term * load) / servers / (1 - use);
      const mm = last / (sum + last) / (servers * (1 - use));
      const correction = ((1 - use) * (servers - 1) * (Math.sqrt(4 + 5 * servers) - 2)) / (16 * load);
      const expected = (mm * (1 + correction)) / 2;
      const found = meanWait(servers, use, 300_000);
      assert.ok(Math.abs(found / expected - 1) < 0.04, `${servers}: ${found} for ${expected}`);
    }
  });
});

describe('flushes', () => {
  test('of several at once are one that runs and one that all later ones share', () => {
    const { disks, sim } = disksOf({ syncNs: MS });
    assert.equal(disks.sync(0, 0), MS);
    sim.run(1000);
    const shared = [1, 2, 3].map(() => disks.sync(0, sim.nowNs));
    assert.deepEqual(shared, [2 * MS, 2 * MS, 2 * MS]);
    assert.equal(disks.statistics(0).flushes, 2);
  });

  test('do not cover what comes to the disk after they have begun', () => {
    const { disks } = disksOf({ syncNs: MS });
    disks.sync(0, 0);
    assert.equal(disks.sync(0, 1), 2 * MS);
  });
});

test('a flush that comes while several of one caller follow each other shares the next of them', () => {
  const { disks, sim } = disksOf({ syncNs: MS });
  let safeNs = 0;
  for (let flush = 0; flush < 10; flush += 1) safeNs = disks.sync(0, safeNs);
  assert.equal(safeNs, 10 * MS);
  sim.run(MS + 1);
  assert.equal(disks.sync(0, sim.nowNs), 3 * MS);
  assert.equal(disks.sync(0, 9 * MS + 1), 11 * MS);
  assert.equal(disks.statistics(0).flushes, 11);
});

test('a disk that cannot be is refused with its number', () => {
  assert.throws(
    () => disksOf({}, { readBytesPerSecond: 0 }),
    /disk 1: expected readBytesPerSecond above 0, found 0/,
  );
  assert.throws(() => disksOf({ syncNs: -1 }), /disk 0: expected syncNs from 0, found -1/);
  assert.throws(() => disksOf({ queueDepth: 0.5 }), /disk 0: expected a whole queueDepth from 1, found 0.5/);
});
