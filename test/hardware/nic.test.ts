import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HostNic, NicRules } from '../../src/hardware/nic.ts';
import { Network, type Route } from './support/network.ts';

const LATENCY_NS = 50_000;
/** 1 byte a ns. */
const FAST: HostNic = { bytesPerSecond: 1e9, burstBytes: 0, latencyNs: LATENCY_NS };
const SLOW: HostNic = { ...FAST, bytesPerSecond: 2.5e8 };
const UNLIMITED: HostNic = { ...FAST, bytesPerSecond: null };
const BURST: HostNic = { ...FAST, burstBytes: 10_000 };
const HEADER_BYTES = 66;
const SEGMENT_BYTES = 1448;
const WINDOW_BYTES = 45 * SEGMENT_BYTES;

function wire(bytes: number): number {
  return bytes + Math.ceil(bytes / SEGMENT_BYTES) * HEADER_BYTES;
}

function alone(from: HostNic, to: HostNic, bytes: number, rules: Partial<NicRules> = {}): number {
  return new Network([from, to], [[0, 1]], rules).send(0, bytes);
}

describe('a message alone', () => {
  test('takes its bytes with the headers of its segments once, at the slower of the lines, and the latency', () => {
    for (const bytes of [1, 1000, SEGMENT_BYTES, SEGMENT_BYTES + 1, 60_000]) {
      assert.equal(alone(FAST, FAST, bytes), LATENCY_NS + wire(bytes));
      assert.equal(alone(FAST, SLOW, bytes), LATENCY_NS + wire(bytes) * 4);
      assert.equal(alone(SLOW, FAST, bytes), LATENCY_NS + wire(bytes) * 4);
      assert.equal(alone(UNLIMITED, SLOW, bytes), LATENCY_NS + wire(bytes) * 4);
      assert.equal(alone(SLOW, UNLIMITED, bytes), LATENCY_NS + wire(bytes) * 4);
    }
  });

  test('streams through both lines also in many pieces', () => {
    for (const bytes of [4 * WINDOW_BYTES, 100_000, 40 * WINDOW_BYTES]) {
      assert.ok(Math.abs(alone(FAST, FAST, bytes) - (LATENCY_NS + wire(bytes))) < 16);
      assert.ok(Math.abs(alone(SLOW, FAST, bytes) - (LATENCY_NS + wire(bytes) * 4)) < 16);
      assert.ok(Math.abs(alone(FAST, SLOW, bytes) - (LATENCY_NS + wire(bytes) * 4)) < 16);
    }
  });

  test('pays its bytes at both ends without cut-through, and no headers without headers', () => {
    assert.equal(alone(FAST, SLOW, 1000, { cutsThrough: false }), LATENCY_NS + wire(1000) * 5);
    assert.equal(alone(FAST, SLOW, 1000, { headerBytes: 0 }), LATENCY_NS + 1000 * 4);
  });

  test('passes at once as far as the buckets reach, and the rest at the rate', () => {
    const perSegment = SEGMENT_BYTES + HEADER_BYTES;
    assert.equal(alone(BURST, BURST, 6 * SEGMENT_BYTES), LATENCY_NS);
    assert.equal(alone(BURST, BURST, 20 * SEGMENT_BYTES), LATENCY_NS + 20 * perSegment - 10_000);
    assert.equal(alone(BURST, FAST, 6 * SEGMENT_BYTES), LATENCY_NS + 6 * perSegment);
    const again = new Network([BURST, BURST], [[0, 1]]);
    for (let message = 0; message < 2; message += 1) again.nics.send(0, 6 * SEGMENT_BYTES, message);
    again.settle();
    assert.deepEqual(
      again.arrivals.map(({ atNs }) => atNs),
      [LATENCY_NS, LATENCY_NS + 12 * perSegment - 10_000],
    );
  });

  test('takes only the latency where there is no limit, and inside a host', () => {
    const { nics, sim, arrivals } = new Network(
      [UNLIMITED, UNLIMITED, SLOW],
      [
        [0, 1],
        [2, 2],
      ],
    );
    for (let message = 0; message < 3; message += 1) {
      nics.send(0, 1e9, message);
      nics.send(1, 1e9, message);
    }
    sim.run(LATENCY_NS);
    assert.equal(arrivals.length, 6);
    assert.equal(sim.events, 6);
  });

  test("takes the latency of its sender's side", () => {
    const hosts = [
      { ...UNLIMITED, latencyNs: 10 },
      { ...SLOW, latencyNs: 20 },
    ];
    assert.equal(new Network(hosts, [[0, 1]]).send(0, 0), 10);
    assert.equal(new Network(hosts, [[1, 0]]).send(0, 0), 20);
  });

  test('costs no event more when its line is free, and at most one for each further piece', () => {
    const events = (bytes: number): number => {
      const network = new Network([SLOW, SLOW], [[0, 1]]);
      network.send(0, bytes);
      return network.sim.events;
    };
    assert.deepEqual([100, 65_600, 4 * WINDOW_BYTES, 1000 * WINDOW_BYTES].map(events), [1, 1, 4, 16]);
  });
});

describe('messages of several connections', () => {
  test('wait at their host only for what is not yet out', () => {
    const { nics, sim, arrivals } = new Network(
      [FAST, FAST, FAST],
      [
        [0, 1],
        [0, 2],
      ],
    );
    nics.send(0, 1000, 0);
    sim.run(600);
    nics.send(1, 100, 1);
    sim.run(1_000_000);
    assert.deepEqual(
      arrivals.map(({ atNs }) => atNs),
      [LATENCY_NS + 1066, LATENCY_NS + 1066 + 166],
    );
  });

  test('wait at the other host for those of third ones', () => {
    const { nics, sim, arrivals } = new Network(
      [FAST, FAST, FAST],
      [
        [0, 2],
        [1, 2],
      ],
    );
    nics.send(0, 1000, 0);
    nics.send(1, 1000, 1);
    sim.run(1_000_000);
    assert.deepEqual(
      arrivals.map(({ atNs }) => atNs),
      [LATENCY_NS + 1066, LATENCY_NS + 2 * 1066],
    );
  });

  test('do not meet those of the other direction: links are full duplex', () => {
    const { nics, sim, arrivals } = new Network(
      [FAST, FAST],
      [
        [0, 1],
        [1, 0],
      ],
    );
    nics.send(0, 1000, 0);
    nics.send(1, 1000, 1);
    sim.run(1_000_000);
    assert.deepEqual(
      arrivals.map(({ atNs }) => atNs),
      [LATENCY_NS + 1066, LATENCY_NS + 1066],
    );
  });

  test('wait for acknowledgements behind those of the other direction, a window at a time', () => {
    const carried = (acksWait: boolean): number => {
      const network = new Network(
        [FAST, FAST],
        [
          [0, 1],
          [1, 0],
          [1, 0],
          [1, 0],
        ],
        { acksWait },
        { windowBytes: 2 * WINDOW_BYTES },
      );
      for (let flow = 0; flow < 4; flow += 1) {
        for (let message = 0; message < 500; message += 1) network.nics.send(flow, WINDOW_BYTES, message);
      }
      network.sim.run(20_000_000);
      return network.arrivals.filter(({ flow }) => flow === 0).length * WINDOW_BYTES;
    };
    assert.ok(Math.abs(wire(carried(false)) - 20_000_000) < 2 * wire(WINDOW_BYTES));
    // A round: its first piece, the latency, twice three pieces of the others, the latency.
    const roundNs = 7 * wire(WINDOW_BYTES) + 2 * LATENCY_NS;
    const windows = carried(true) / (2 * WINDOW_BYTES);
    assert.ok(Math.abs(windows / (20_000_000 / roundNs) - 1) < 0.15, `${windows} windows`);
  });

  test('share a line in turns: two senders get half of the receiver each, whatever the size of their messages', () => {
    const messages = 30;
    const { nics, sim, arrivals } = new Network(
      [UNLIMITED, FAST, SLOW],
      [
        [0, 2],
        [1, 2],
      ],
    );
    for (let message = 0; message < messages; message += 1) nics.send(0, 8 * WINDOW_BYTES, message);
    for (let message = 0; message < messages * 4; message += 1) nics.send(1, 2 * WINDOW_BYTES, message);
    const bytes = messages * 8 * WINDOW_BYTES;
    sim.run(60e9);
    const lastNs = Math.max(...arrivals.map(({ atNs }) => atNs));
    assert.ok(Math.abs(lastNs - LATENCY_NS - 2 * wire(bytes) * 4) < 1000);
    const ofFlow = [0, 1].map((flow) => arrivals.filter((arrival) => arrival.flow === flow));
    // At any time both have come equally far, but for the message that is coming in.
    ofFlow[0].forEach(({ atNs }, message) => {
      const other = ofFlow[1].filter((arrival) => arrival.atNs <= atNs).length;
      assert.ok(
        Math.abs(other - (message + 1) * 4) <= 1,
        `${other} small ones with ${message + 1} large ones`,
      );
    });
  });

  /** Parts of the mean of flows with messages of these sizes, each with a window's worth of them waiting, over 10 s. */
  const partsOf = (sizes: readonly number[], isInward: boolean, rules: Partial<NicRules> = {}): number[] => {
    const routes = sizes.map((_, flow): Route => (isInward ? [flow % 3, 3] : [3, flow % 3]));
    const line = { ...FAST, bytesPerSecond: 1e8, burstBytes: 131_072 };
    const network = new Network([UNLIMITED, UNLIMITED, UNLIMITED, line], routes, rules);
    const done = sizes.map(() => 0);
    network.onArrival = (flow) => {
      done[flow] += sizes[flow];
      network.nics.send(flow, sizes[flow], 0);
    };
    sizes.forEach((bytes, flow) => {
      for (let ahead = 0; ahead < 1 + (2 * WINDOW_BYTES) / bytes; ahead += 1)
        network.nics.send(flow, bytes, 0);
    });
    network.sim.run(10e9);
    const mean = done.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
    return done.map((bytes) => bytes / mean);
  };

  test('have equal parts of a full line in the long run, into a host and out of it, whatever their size', () => {
    for (const isInward of [true, false]) {
      for (const part of partsOf([2000, 16_000, 65_000, 130_000, 1_000_000, 10_000_000], isInward)) {
        assert.ok(Math.abs(part - 1) < 0.06, `${part} of the mean`);
      }
    }
    const withoutTurns = partsOf([16_000, 64_000], true, { takesTurns: false });
    assert.ok(Math.abs(withoutTurns[1] / withoutTurns[0] - 4) < 0.1, `${withoutTurns}`);
  });

  test('a small one waits for a window of a large one, without turns for all of it', () => {
    const waitNs = (rules: Partial<NicRules>): number => {
      const { nics, sim, arrivals } = new Network(
        [FAST, FAST],
        [
          [0, 1],
          [0, 1],
        ],
        { headerBytes: 0, ...rules },
      );
      nics.send(0, 16 * WINDOW_BYTES, 0);
      sim.run(1000);
      nics.send(1, 100, 1);
      sim.run(60e9);
      return arrivals.find(({ flow }) => flow === 1)?.atNs ?? 0;
    };
    assert.equal(waitNs({}), LATENCY_NS + WINDOW_BYTES + 100);
    assert.equal(waitNs({ takesTurns: false }), LATENCY_NS + 16 * WINDOW_BYTES + 100);
  });

  test('are counted at both ends with their headers, inside a host without', () => {
    const { nics, sim } = new Network(
      [FAST, SLOW],
      [
        [0, 1],
        [1, 0],
        [1, 1],
      ],
    );
    nics.send(0, 700, 0);
    nics.send(0, 5000, 1);
    nics.send(1, 3, 2);
    nics.send(2, 10_000, 3);
    sim.run(60e9);
    assert.deepEqual([nics.outBytes(0), nics.inBytes(0)], [5700 + 5 * HEADER_BYTES, 3 + HEADER_BYTES]);
    assert.deepEqual([nics.outBytes(1), nics.inBytes(1)], [10_003 + HEADER_BYTES, 15_700 + 5 * HEADER_BYTES]);
  });

  test('all come in, in order on each connection, and on no line faster than its bucket', () => {
    const routes: readonly Route[] = [
      [0, 2],
      [1, 2],
      [0, 3],
      [2, 0],
      [3, 2],
    ];
    const hosts = [FAST, SLOW, BURST, UNLIMITED];
    const sending = fc.record({
      afterNs: fc.nat({ max: 300_000 }),
      flow: fc.nat({ max: routes.length - 1 }),
      bytes: fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 400_000 })),
    });
    fc.assert(
      fc.property(fc.array(sending, { minLength: 1, maxLength: 40 }), (sendings) => {
        const { nics, sim, arrivals } = new Network(hosts, routes);
        const sentNs: number[] = [];
        sendings.forEach(({ afterNs, flow, bytes }, message) => {
          sim.run(sim.nowNs + afterNs);
          sentNs.push(sim.nowNs);
          nics.send(flow, bytes, message);
        });
        sim.run(60e9);
        assert.equal(arrivals.length, sendings.length);
        const flowsLeft = sim.columns.checkpoint().columns.get('nic/queue/flows');
        assert.deepEqual(Array.from(flowsLeft ?? [1]), [0, 0, 0, 0]);
        routes.forEach((_, flow) => {
          const numbers = arrivals.filter((arrival) => arrival.flow === flow).map(({ message }) => message);
          assert.deepEqual(
            numbers,
            [...numbers].sort((a, b) => a - b),
          );
        });
        hosts.forEach(({ bytesPerSecond, burstBytes, latencyNs }, host) => {
          for (const end of [0, 1]) {
            const mine = arrivals.filter(({ flow }) => routes[flow][end] === host);
            const firstNs = Math.min(...mine.map(({ message }) => sentNs[message]));
            let bytes = 0;
            for (const { message, atNs } of mine) {
              bytes += sendings[message].bytes;
              if (bytesPerSecond === null) continue;
              const leastNs = ((bytes - burstBytes) / bytesPerSecond) * 1e9 + latencyNs;
              assert.ok(atNs - firstNs >= leastNs - 1);
            }
          }
        });
        const total = sendings.reduce((sum, { bytes }) => sum + bytes, 0);
        const counted = hosts.map((_, host) => [nics.outBytes(host), nics.inBytes(host)]);
        const [out, into] = [0, 1].map((end) => counted.reduce((sum, ends) => sum + ends[end], 0));
        assert.equal(out, into);
        assert.ok(out >= total && out <= total + sendings.length * HEADER_BYTES * 300);
      }),
      { seed: 1, numRuns: 50 },
    );
  });
});

describe('the buffers of a connection', () => {
  const buffers = { sendBufferBytes: WINDOW_BYTES, receiveBufferBytes: 2 * WINDOW_BYTES };
  const pieceNs = WINDOW_BYTES + 45 * HEADER_BYTES;

  test('take a message at once that fits, and the rest of another one when all before it has gone', () => {
    const small = new Network([FAST, FAST], [[0, 1]], {}, buffers);
    assert.equal(small.nics.send(0, WINDOW_BYTES, 1), true);
    small.settle();
    assert.deepEqual(small.sent, []);
    const large = new Network([FAST, FAST], [[0, 1]], {}, buffers);
    assert.equal(large.nics.send(0, 4 * WINDOW_BYTES, 7), false);
    large.settle();
    // Three of four pieces have passed.
    assert.deepEqual(large.sent, [[7, 3 * pieceNs]]);
  });

  test('take a message behind another one if both fit, else when the rest of it does', () => {
    const network = new Network([FAST, FAST], [[0, 1]], {}, buffers);
    const half = 22 * SEGMENT_BYTES;
    // The first is in the lines at once, the second and the third in the buffer, the fourth is not.
    const taken = [WINDOW_BYTES, half, half, WINDOW_BYTES].map((bytes, message) =>
      network.nics.send(0, bytes, message),
    );
    assert.deepEqual(taken, [true, true, true, false]);
    network.settle();
    assert.equal(network.arrivals.length, 4);
    // When the three before it have passed.
    assert.deepEqual(network.sent, [[3, pieceNs + 2 * wire(half)]]);
  });

  test('take as much of what nobody reads, and the rest when it is read again', () => {
    const { nics, sim, arrivals } = new Network([FAST, FAST], [[0, 1]], {}, buffers);
    nics.mute(0);
    nics.send(0, 4 * WINDOW_BYTES, 1);
    const until = 1e6;
    sim.run(until);
    assert.equal(arrivals.length, 0);
    assert.equal(nics.inBytes(1), 2 * pieceNs);
    nics.unmute(0);
    sim.run(2e6);
    assert.deepEqual(
      arrivals.map(({ atNs }) => atNs),
      // The sender hears of it after the latency; then two pieces go and travel.
      [until + LATENCY_NS + 2 * pieceNs + LATENCY_NS],
    );
  });

  test('hold nothing up while it is read in time', () => {
    const free = new Network([FAST, FAST], [[0, 1]]);
    const { nics, sim, arrivals } = new Network([FAST, FAST], [[0, 1]], {}, buffers);
    nics.mute(0);
    nics.send(0, 4 * WINDOW_BYTES, 1);
    sim.run(pieceNs);
    nics.unmute(0);
    sim.run(2e6);
    assert.equal(arrivals[0].atNs, free.send(0, 4 * WINDOW_BYTES));
  });
});
