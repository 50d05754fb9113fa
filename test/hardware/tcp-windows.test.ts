import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostNic, NicRules } from '../../src/hardware/nic.ts';
import { INITIAL_WINDOW_BYTES, windowBytes } from '../../src/hardware/tcp-windows.ts';
import { Network } from './support/network.ts';

const MS = 1e6;
const SECOND = 1e9;
const NO_LATENCY = { burstBytes: 0, latencyNs: 0 };
const UNLIMITED: HostNic = { ...NO_LATENCY, bytesPerSecond: null };
const TEN_GBIT: HostNic = { ...NO_LATENCY, bytesPerSecond: 1.25e9 };
/** What a follower or a Java consumer has on the way. */
const WINDOW_BYTES = 98_304;
const MESSAGE_BYTES = 1_000_000;
const HEADER_BYTES = 66;
const SEGMENT_BYTES = 1448;

/** One flow with half of the round trip as its latency. */
function far(
  roundTripNs: number,
  window: number,
  host: HostNic = UNLIMITED,
  rules: Partial<NicRules> = {},
): Network {
  const way = { latencyNs: roundTripNs / 2, distance: { roundTripNs, windowBytes: window } };
  return new Network([host, host], [[0, 1]], rules, way);
}

/** Payload over the time from the first arrival to the last of messages that always wait. */
function bytesPerSecond(network: Network, messages: number): number {
  for (let message = 0; message < messages; message += 1) network.nics.send(0, MESSAGE_BYTES, message);
  network.sim.run(3600 * SECOND);
  const { arrivals } = network;
  const [first, last] = [arrivals[0].atNs, arrivals[messages - 1].atNs];
  return ((messages - 1) * MESSAGE_BYTES) / ((last - first) / SECOND);
}

/** Round trips that B bytes take from a cold window, each with what it may carry. */
function rounds(bytes: number, window: number): number {
  let left = bytes;
  let carried = INITIAL_WINDOW_BYTES;
  let count = 0;
  while (left > 0) {
    left -= Math.min(window, carried);
    carried *= 2;
    count += 1;
  }
  return count;
}

describe('the window of a connection', () => {
  test("is the least of what both ends' buffers give, as measured on Linux", () => {
    // Bytes that ss and a far shaper showed: 131,070, 97,284 to 107,002, 49,232, 265,000.
    assert.equal(windowBytes(-1, 102_400), 131_070);
    assert.equal(windowBytes(-1, 65_536), 98_304);
    assert.equal(windowBytes(-1, 32_768), 49_152);
    assert.equal(windowBytes(131_072, -1), 262_144);
    assert.equal(windowBytes(102_400, 65_536), 98_304);
    assert.equal(windowBytes(20_000, 65_536), 40_000);
    assert.equal(windowBytes(-1, -1), 4_194_304);
  });

  test('is carried once in a round trip, from 20 to 150 ms', () => {
    for (const roundTripMs of [20, 50, 100, 150]) {
      for (const window of [WINDOW_BYTES, 131_070, 4_194_304]) {
        const expected = window / (roundTripMs / 1000);
        const found = bytesPerSecond(far(roundTripMs * MS, window, TEN_GBIT), 200);
        assert.ok(
          Math.abs(found / expected - 1) < 0.02,
          `${found} of ${expected} bytes/s at ${roundTripMs} ms with ${window} bytes`,
        );
      }
    }
  });

  test('does not matter where it covers the way: the line is full', () => {
    const line: HostNic = { ...NO_LATENCY, bytesPerSecond: 4e6 };
    const wire = (MESSAGE_BYTES + Math.ceil(MESSAGE_BYTES / SEGMENT_BYTES) * HEADER_BYTES) / MESSAGE_BYTES;
    const found = bytesPerSecond(far(20 * MS, WINDOW_BYTES, line), 200);
    assert.ok(Math.abs((found * wire) / 4e6 - 1) < 0.02, `${found} bytes/s`);
  });

  test('of each connection is its own', () => {
    const way = { latencyNs: 25 * MS, distance: { roundTripNs: 50 * MS, windowBytes: WINDOW_BYTES } };
    const routes = Array.from({ length: 10 }, () => [0, 1] as const);
    const { nics, sim, arrivals } = new Network([TEN_GBIT, TEN_GBIT], routes, {}, way);
    routes.forEach((_, flow) => {
      nics.send(flow, 100 * WINDOW_BYTES, flow);
    });
    sim.run(3600 * SECOND);
    for (const { atNs } of arrivals) assert.ok(Math.abs(atNs / (103 * 50 * MS) - 1) < 0.02);
  });

  test('switched off, leaves only the latency: a hundredth of the time', () => {
    const time = (rules: Partial<NicRules>): number =>
      far(100 * MS, WINDOW_BYTES, UNLIMITED, rules).send(0, 50 * WINDOW_BYTES);
    assert.equal(time({ hasWindows: false }), 50 * MS);
    assert.equal(time({ startsSlowly: false }), 49 * 100 * MS + 50 * MS);
    assert.equal(time({}), (rounds(50 * WINDOW_BYTES, WINDOW_BYTES) - 1) * 100 * MS + 50 * MS);
  });
});

describe('a cold connection', () => {
  const roundTripNs = 40 * MS;

  test('takes a round trip for ten segments, then for twice as many, up to its window', () => {
    for (const bytes of [1, 14_480, 14_481, 43_440, 43_441, 100_000, 300_000, 1_000_000]) {
      const expected = (rounds(bytes, WINDOW_BYTES) - 1) * roundTripNs + roundTripNs / 2;
      assert.equal(far(roundTripNs, WINDOW_BYTES).send(0, bytes), expected, `${bytes} bytes`);
    }
    assert.deepEqual(
      [14_480, 14_481, 43_441, 101_361].map((bytes) => rounds(bytes, WINDOW_BYTES)),
      [1, 2, 3, 4],
    );
  });

  test('is warm for the next message, and cold again when it was idle for longer than a timeout', () => {
    const lastsNs = (idleNs: number): number => {
      const network = far(roundTripNs, WINDOW_BYTES);
      network.nics.send(0, 500_000, 0);
      network.sim.run(network.sim.nowNs + 2 * SECOND);
      const lastNs = network.arrivals[0].atNs - roundTripNs / 2;
      const again = far(roundTripNs, WINDOW_BYTES);
      again.nics.send(0, 500_000, 0);
      again.sim.run(lastNs + idleNs);
      again.nics.send(0, WINDOW_BYTES, 1);
      again.sim.run(60 * SECOND);
      return again.arrivals[1].atNs - lastNs - idleNs;
    };
    const timeoutNs = 240 * MS;
    assert.equal(lastsNs(timeoutNs), roundTripNs / 2);
    // Halved once: 49,152 bytes, and then the rest.
    assert.equal(lastsNs(timeoutNs + 1), 1.5 * roundTripNs);
    // Halved to ten segments: 14,480, 28,960, and 54,864.
    assert.equal(lastsNs(10 * timeoutNs), 2.5 * roundTripNs);
  });

  test('costs one event for each round trip that it waits, and none where it is near', () => {
    const network = far(roundTripNs, WINDOW_BYTES);
    network.send(0, 300_000);
    assert.equal(network.sim.events, rounds(300_000, WINDOW_BYTES));
    const near = new Network([UNLIMITED, UNLIMITED], [[0, 1]]);
    near.send(0, 300_000);
    assert.equal(near.sim.events, 1);
  });

  test('goes on from a checkpoint inside a round', () => {
    const until = (atNs: number, from?: Network): Network => {
      const network = far(roundTripNs, WINDOW_BYTES, TEN_GBIT);
      if (from === undefined) network.nics.send(0, 1_000_000, 0);
      else network.sim.columns.restore(from.sim.columns.checkpoint());
      network.sim.run(atNs);
      return network;
    };
    const whole = until(60 * SECOND);
    const halves = until(60 * SECOND, until(95 * MS));
    assert.deepEqual(halves.arrivals, whole.arrivals);
  });
});

describe('a link', () => {
  const LINK_BYTES_PER_SECOND = 1e6;
  const link = { link: 0, latencyNs: 10 * MS };

  test('passes the bytes of all flows over it at its rate, and after its latency', () => {
    const lines = [{ bytesPerSecond: LINK_BYTES_PER_SECOND }];
    const routes = [
      [0, 2],
      [1, 2],
      [1, 3],
    ] as const;
    const hosts = [UNLIMITED, UNLIMITED, UNLIMITED, TEN_GBIT];
    const { nics, sim, arrivals } = new Network(hosts, routes, {}, link, lines);
    routes.forEach((_, flow) => {
      nics.send(flow, MESSAGE_BYTES, flow);
    });
    sim.run(60 * SECOND);
    const wire = MESSAGE_BYTES + Math.ceil(MESSAGE_BYTES / SEGMENT_BYTES) * HEADER_BYTES;
    const lastNs = (3 * wire * SECOND) / LINK_BYTES_PER_SECOND + 10 * MS;
    const found = Math.max(...arrivals.map(({ atNs }) => atNs));
    assert.ok(Math.abs(found - lastNs) < 1e-4 * lastNs, `${found} of ${lastNs} ns`);
    // In turns: all three come in at the end.
    for (const { atNs } of arrivals) assert.ok(atNs > 0.93 * lastNs, `${atNs} of ${lastNs} ns`);
  });

  test('streams through with the lines of the hosts, so that the slowest of the three counts', () => {
    const bytes = 60_000;
    const wire = bytes + Math.ceil(bytes / SEGMENT_BYTES) * HEADER_BYTES;
    const time = (outRate: number | null, linkRate: number | null, inRate: number | null): number =>
      new Network(
        [
          { ...NO_LATENCY, bytesPerSecond: outRate },
          { ...NO_LATENCY, bytesPerSecond: inRate },
        ],
        [[0, 1]],
        {},
        link,
        [{ bytesPerSecond: linkRate }],
      ).send(0, bytes);
    const slow = (wire * SECOND) / 1e6;
    assert.ok(Math.abs(time(1e6, 4e6, 2e6) - (10 * MS + slow)) < 2);
    assert.ok(Math.abs(time(4e6, 1e6, 2e6) - (10 * MS + slow)) < 2);
    assert.ok(Math.abs(time(4e6, 2e6, 1e6) - (10 * MS + slow)) < 2);
    assert.ok(Math.abs(time(null, 1e6, null) - (10 * MS + slow)) < 2);
    assert.equal(time(null, null, null), 10 * MS);
  });
});
