import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Disk } from '../../src/hardware/disk.ts';
import { PageCaches } from '../../src/hardware/page-cache.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

const MS = 1_000_000;
const SECOND = 1_000_000_000;
const MB = 1_000_000;
const FLUSHER_WAKES = 0;
const WRITTEN = 1;
const APPEND = 2;
const FREE: Disk = {
  readBytesPerSecond: null,
  writeBytesPerSecond: null,
  operationsPerSecond: null,
  readLatencyNs: 0,
  writeLatencyNs: 0,
  syncNs: 0,
  queueDepth: 32,
};

/** One host with these disks, and a writer: `onAppend` is what its event does. */
function hostOf(cacheBytes: number, disks: readonly Partial<Disk>[], onAppend: () => void = () => undefined) {
  const limits = { eventsPending: 100_000, eventsPerInstant: 100_000 };
  const sim = new Simulation({ seed: '7', entityBase: 0, limits });
  const entity = sim.entity('host');
  const caches = new PageCaches({
    sim,
    kinds: { flusherWakes: FLUSHER_WAKES, written: WRITTEN },
    hosts: [{ entity, cacheBytes }],
    disks: disks.map((disk) => ({ ...FREE, ...disk, host: 0 })),
  });
  let events = 0;
  sim.setModel({
    kindNames: ['flusherWakes', 'written', 'append'],
    handle: (kind, _target, a, b, c, d) => {
      events += 1;
      if (kind === FLUSHER_WAKES) caches.onFlusherWakes(a);
      else if (kind === WRITTEN) caches.onWritten(a, b, c, d);
      else onAppend();
    },
  });
  const append = (delayNs: number): void => sim.schedule(delayNs, entity, APPEND);
  return { sim, caches, append, events: () => events };
}

/** A writer at full speed, 64 KiB at a time: what its host has done after so many seconds. */
function fullSpeed(cacheBytes: number, disk: Partial<Disk>, untilNs: number) {
  const bytes = 65_536;
  let dirtyMax = 0;
  const host = hostOf(cacheBytes, [disk], () => {
    dirtyMax = Math.max(dirtyMax, host.caches.statistics(0).dirtyBytes);
    if (host.caches.isFull(file)) host.append(10 * MS);
    // The writer itself makes at most 650 MB/s.
    else host.append(Math.max(MS / 10, host.caches.append(file, bytes)));
  });
  const file = host.caches.open(0);
  host.append(0);
  host.sim.run(untilNs);
  return { ...host.caches.statistics(0), dirtyMax };
}

describe('dirty bytes', () => {
  test('are written when they are 30 s old, and a host without any has no events', () => {
    const host = hostOf(1e9, [{ writeBytesPerSecond: 100 * MB }]);
    const file = host.caches.open(0);
    host.sim.run(SECOND);
    assert.equal(host.events(), 0);
    host.caches.append(file, 10 * MB);
    host.sim.run(31 * SECOND - 1);
    assert.equal(host.caches.statistics(0).writtenBytes, 0);
    host.sim.run(31 * SECOND + 101 * MS);
    assert.equal(host.caches.statistics(0).writtenBytes, 10 * MB);
    assert.equal(host.caches.statistics(0).dirtyBytes, 0);
    host.sim.run(40 * SECOND);
    const events = host.events();
    host.sim.run(4000 * SECOND);
    assert.equal(host.events(), events);
  });

  test('above a tenth of the cache are written at once, until they are below it', () => {
    const host = hostOf(100 * MB, [{ writeBytesPerSecond: 100 * MB }]);
    const file = host.caches.open(0);
    host.caches.append(file, 10 * MB);
    host.sim.run(SECOND);
    assert.equal(host.caches.statistics(0).writtenBytes, 0);
    host.caches.append(file, 2 * MB);
    host.sim.run(2 * SECOND);
    const { dirtyBytes, writtenBytes } = host.caches.statistics(0);
    assert.ok(dirtyBytes <= 10 * MB && dirtyBytes > 7 * MB, `${dirtyBytes}`);
    assert.equal(dirtyBytes + writtenBytes, 12 * MB);
  });

  test('slow a writer down to what the disk takes, within 2 %, and stay below a fifth of the cache', () => {
    for (const rate of [50 * MB, 200 * MB]) {
      const disk = { writeBytesPerSecond: rate, writeLatencyNs: 50_000 };
      const early = fullSpeed(1e9, disk, 20 * SECOND);
      const late = fullSpeed(1e9, disk, 60 * SECOND);
      const perSecond = (late.appendedBytes - early.appendedBytes) / 40;
      assert.ok(Math.abs(perSecond / rate - 1) < 0.02, `${perSecond} for ${rate}`);
      assert.ok(late.dirtyMax <= 200 * MB + 65_536, `${late.dirtyMax}`);
      assert.ok(late.dirtyBytes > 150 * MB);
    }
  });

  test('slow a writer down to a disk that is slower than it says: 20 of 100 MB/s for the random accesses of many files', () => {
    const host = hostOf(1e9, [{ writeBytesPerSecond: 100 * MB, operationsPerSecond: 24.4 }], () => {
      if (host.caches.isFull(files[0])) host.append(10 * MS);
      else host.append(Math.max(MS / 10, host.caches.append(files[turn++ % files.length], 65_536)));
    });
    // 2 MiB of each file at a time: half of its writes of 1 MiB begin with a random access of 41 ms.
    const files = Array.from({ length: 400 }, () => host.caches.open(0));
    let turn = 0;
    host.append(0);
    host.sim.run(60 * SECOND);
    const early = host.caches.statistics(0);
    host.sim.run(120 * SECOND);
    const late = host.caches.statistics(0);
    const appended = (late.appendedBytes - early.appendedBytes) / 60;
    const written = (late.writtenBytes - early.writtenBytes) / 60;
    assert.ok(Math.abs(appended / written - 1) < 0.02, `${appended} and ${written}`);
    assert.ok(written < 30 * MB, `${written}`);
  });

  test('do not slow down a writer whose disk is no limit: the pauses are the whole difference', () => {
    const free = fullSpeed(1e9, {}, 20 * SECOND);
    assert.equal(free.appendedBytes, 65_536 * 200_001);
    const slow = fullSpeed(1e9, { writeBytesPerSecond: 100 * MB }, 20 * SECOND);
    assert.ok(slow.appendedBytes < 0.18 * free.appendedBytes);
  });
});

describe('a sync', () => {
  test('waits for the dirty bytes of its file and for the flushes', () => {
    const host = hostOf(2e9, [{ writeBytesPerSecond: 100 * MB, syncNs: MS }]);
    const [file, other] = [host.caches.open(0), host.caches.open(0)];
    host.caches.append(file, MB);
    host.caches.append(other, 100 * MB);
    assert.equal(host.caches.sync(file, 3, 0), 10 * MS + 3 * MS);
    host.sim.run(SECOND);
    assert.equal(host.caches.statistics(0).writtenBytes, MB);
    assert.equal(host.caches.sync(file, 1, 0), SECOND + MS);
  });

  test('waits for bytes that the flusher has sent already', () => {
    const host = hostOf(10 * MB, [{ writeBytesPerSecond: MB }]);
    const file = host.caches.open(0);
    host.caches.append(file, 1_100_000);
    assert.ok(host.caches.sync(file, 0, 0) >= 1.1 * SECOND);
  });

  test('for later writes up to a place at once, and nobody waits', () => {
    const host = hostOf(1e9, [{ writeBytesPerSecond: 100 * MB, syncNs: MS }]);
    const file = host.caches.open(0);
    host.caches.append(file, 5 * MB);
    host.caches.syncLater(file, 5 * MB, 5);
    host.sim.run(SECOND);
    assert.equal(host.caches.statistics(0).writtenBytes, 5 * MB);
    assert.equal(host.caches.diskStatistics(0).flushes, 5);
  });
});

describe('reads', () => {
  test('of appended bytes hit, of evicted ones take the time of the disk, once', () => {
    const host = hostOf(20 * MB, [{ readBytesPerSecond: 100 * MB, readLatencyNs: MS }]);
    const file = host.caches.open(0);
    for (let part = 0; part < 60; part += 1) {
      host.caches.append(file, MB);
      host.caches.syncLater(file, (part + 1) * MB, 0);
      host.sim.run((part + 1) * MS);
    }
    assert.equal(host.caches.missing(file, 41 * MB, 60 * MB), 0);
    assert.equal(host.caches.missing(file, 0, 5 * MB), 5 * MB);
    assert.equal(host.caches.read(file, 0, 5 * MB), 60 * MS + 50 * MS + MS);
    assert.equal(host.caches.missing(file, 0, 5 * MB), 0);
    assert.equal(host.caches.read(file, 0, 5 * MB), 0);
    // A range that is cached at both ends is read in its gap only.
    host.caches.read(file, 8 * MB, 10 * MB);
    const before = host.caches.statistics(0).readBytes;
    host.caches.read(file, 0, 10 * MB);
    assert.equal(host.caches.statistics(0).readBytes - before, 3 * MB);
  });

  test('by a cold reader halve the time that a byte stays, as C / (w + r) says', () => {
    // 10 MB a second appended, 10 read cold: of 200 MB of cache a byte stays 20 s without the reader, 10 s with it.
    for (const [readPerSecond, staysSeconds] of [
      [0, 20],
      [10 * MB, 10],
    ] as const) {
      const host = hostOf(200 * MB, [{}]);
      const [cold, hot] = [host.caches.open(0), host.caches.open(0)];
      for (let part = 0; part < 1000; part += 1) {
        host.caches.append(cold, MB);
        host.caches.syncLater(cold, (part + 1) * MB, 0);
        host.sim.run(part * MS);
      }
      for (let second = 0; second < 60; second += 1) {
        for (let part = 0; part < 10; part += 1) {
          host.caches.append(hot, MB);
          host.caches.syncLater(hot, host.caches.endOf(hot), 0);
          const at = second * readPerSecond + part * (readPerSecond / 10);
          host.caches.read(cold, at, at + readPerSecond / 10);
          host.sim.run((2 + second) * SECOND + part * 100 * MS);
        }
      }
      const missing = host.caches.missing(hot, 0, 600 * MB);
      const stays = (600 * MB - missing) / (10 * MB);
      assert.ok(Math.abs(stays - staysSeconds) <= 0.05 * staysSeconds, `${stays} for ${staysSeconds}`);
    }
  });
});

type Step = {
  readonly what: 'append' | 'read' | 'sync' | 'syncLater' | 'drop' | 'wait';
  readonly file: number;
  readonly at: number;
  readonly size: number;
};

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom('append', 'append', 'append', 'read', 'sync', 'syncLater', 'drop', 'wait'),
    file: fc.integer({ min: 0, max: 3 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    size: fc.integer({ min: 1, max: 8 * MB }),
  }),
  { minLength: 1, maxLength: 200 },
);

test('no byte is lost: appended = on disk + dirty, cached = appended + read - evicted - dropped, at any time', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const disk = { writeBytesPerSecond: 100 * MB, readBytesPerSecond: 200 * MB, operationsPerSecond: 500 };
      const host = hostOf(30 * MB, [disk, disk]);
      const { caches, sim } = host;
      const files = [0, 0, 1, 1].map((on) => caches.open(on));
      for (const { what, file: index, at, size } of all) {
        const file = files[index];
        const end = caches.endOf(file);
        const from = Math.floor(at * end);
        const to = Math.min(end, from + size);
        if (what === 'append') caches.append(file, size);
        else if (what === 'sync') caches.sync(file, 1, 0);
        else if (what === 'syncLater') caches.syncLater(file, from, 1);
        else if (what === 'drop') caches.drop(file, from);
        else if (what === 'wait') sim.run(sim.nowNs + size * 20);
        else if (to > from) {
          const missing = caches.missing(file, from, to);
          const before = caches.statistics(0).readBytes;
          caches.read(file, from, to);
          assert.equal(caches.statistics(0).readBytes - before, missing);
          if (size < 2 * MB && caches.statistics(0).dirtyBytes < 20 * MB) {
            assert.equal(caches.missing(file, from, to), 0);
          }
        }
        const now = caches.statistics(0);
        assert.equal(now.dirtyBytes + now.writtenBytes, now.appendedBytes);
        assert.equal(
          now.cachedBytes,
          now.appendedBytes + now.readBytes - now.evictedBytes - now.droppedBytes,
        );
        assert.ok(now.cachedBytes <= Math.max(30 * MB, now.dirtyBytes));
        const held = files.reduce(
          (sum, each) => sum + caches.endOf(each) - caches.missing(each, 0, caches.endOf(each)),
          0,
        );
        assert.equal(held, now.cachedBytes);
      }
      sim.run(sim.nowNs + 100 * SECOND);
      assert.equal(caches.statistics(0).dirtyBytes, 0);
    }),
    { numRuns: 100 },
  );
});
