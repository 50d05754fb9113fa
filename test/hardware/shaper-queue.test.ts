/**
 * Senders behind network namespaces into one receiver, as measured: tc tbf of 80 Mbit/s, 128 KiB and 50 ms at the receiver,
 * windows of Kafka's sockets, and a message of 1,000 bytes beside them every 20 ms.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostNic, NicRules } from '../../src/hardware/nic.ts';
import { Network, type Route } from './support/network.ts';

const MS = 1e6;
const SECOND = 1e9;
const BYTES_PER_SECOND = 1e7;
const BURST_BYTES = 131_072;
const QUEUE_BYTES = 631_072;
const FULL_MS = (QUEUE_BYTES / BYTES_PER_SECOND) * 1000;
/** Of a bulk message with its headers. */
const PIECE_MS = 6.8572;
const SECONDS = 20;
const MESSAGE_BYTES = 65_536;
const SENDER: HostNic = { bytesPerSecond: null, burstBytes: 0, latencyNs: 15_000 };
const RECEIVER: HostNic = {
  bytesPerSecond: BYTES_PER_SECOND,
  burstBytes: BURST_BYTES,
  latencyNs: 15_000,
  queueBytes: QUEUE_BYTES,
};
const SMALL = 1_000_000;

interface Found {
  /** Of the small messages. */
  readonly p50Ms: number;
  readonly maxMs: number;
  /** Payload of the bulk connections, their least and largest part of the mean. */
  readonly bytes: number;
  readonly least: number;
  readonly most: number;
  readonly losses: number;
  readonly segments: number;
}

function measure(
  connections: number,
  rules: Partial<NicRules> = {},
  receiver = RECEIVER,
  messageBytes = MESSAGE_BYTES,
): Found {
  const routes: Route[] = Array.from({ length: connections + 1 }, (_, flow) => [flow % 3, 3]);
  const network = new Network([SENDER, SENDER, SENDER, receiver], routes, rules);
  const { nics, sim } = network;
  const small = connections;
  const done = routes.map(() => 0);
  const newest = routes.map(() => -1);
  let message = 0;
  const sentNs: number[] = [];
  const waits: number[] = [];
  // Two windows of messages of each connection wait, so that it always has one.
  const sendBulk = (flow: number): void => {
    nics.send(flow, messageBytes, message);
    message += 1;
  };
  network.onArrival = (flow, arrived) => {
    if (flow === small) waits.push((sim.nowNs - sentNs[arrived - SMALL]) / MS);
    else {
      assert.ok(arrived > newest[flow], 'a message overtakes another one');
      newest[flow] = arrived;
      done[flow] += messageBytes;
      sendBulk(flow);
    }
  };
  for (let flow = 0; flow < connections; flow += 1) {
    for (let ahead = 0; ahead < Math.ceil((2 * MESSAGE_BYTES) / messageBytes); ahead += 1) sendBulk(flow);
  }
  sim.run(SECOND);
  const before = [...done];
  while (sim.nowNs < (1 + SECONDS) * SECOND) {
    if (waits.length === sentNs.length) {
      nics.send(small, 1000, SMALL + sentNs.length);
      sentNs.push(sim.nowNs);
    }
    sim.run(sim.nowNs + 20 * MS);
  }
  waits.sort((a, b) => a - b);
  const carried = done.slice(0, connections).map((bytes, flow) => bytes - before[flow]);
  const bytes = carried.reduce((sum, of) => sum + of, 0);
  return {
    p50Ms: waits[Math.floor(waits.length / 2)],
    maxMs: waits[waits.length - 1],
    bytes,
    least: (Math.min(...carried) * connections) / bytes,
    most: (Math.max(...carried) * connections) / bytes,
    losses: nics.losses(3),
    segments: bytes / 1448,
  };
}

describe('the queue of a shaper', () => {
  test('loses nothing while it holds the windows of all connections, and what comes waits for these', () => {
    for (const connections of [1, 3, 9]) {
      const { p50Ms, losses } = measure(connections);
      assert.equal(losses, 0);
      // It comes in the middle of one of them.
      const expectedMs = (connections - 0.5) * PIECE_MS;
      assert.ok(Math.abs(p50Ms / expectedMs - 1) < 0.1, `${p50Ms} of ${expectedMs} ms behind ${connections}`);
    }
  });

  test('holds a message for no longer than it takes to empty, whatever the number of connections', () => {
    // Measured with Cubic: 61.2 and 62.2 ms. Here parts end with messages, which leaves some of the queue free.
    for (const connections of [15, 42]) {
      const { p50Ms } = measure(connections);
      assert.ok(p50Ms > 0.75 * FULL_MS && p50Ms < FULL_MS, `${p50Ms} ms behind ${connections}`);
    }
  });

  test('without an end, would hold it for the windows of all', () => {
    const { p50Ms, losses } = measure(42, { losesPackets: false });
    assert.equal(losses, 0);
    assert.ok(Math.abs(p50Ms / (42 * PIECE_MS) - 1) < 0.05, `${p50Ms} ms`);
    const unstated = measure(42, {}, { ...SENDER, bytesPerSecond: BYTES_PER_SECOND });
    assert.equal(unstated.losses, 0);
  });

  test('loses as many packets as TCP at that window does, and a small message then waits for a timeout', () => {
    const { losses, segments, maxMs, bytes } = measure(42);
    // Measured with Cubic: 1.6 % of the segments, longest 633 ms; Mathis: 1.5 / (631,072 / 42 / 1,448)^2 = 1.4 %.
    const share = losses / segments;
    assert.ok(share > 0.012 && share < 0.018, `${share}`);
    assert.ok(maxMs > 255 && maxMs < 700, `${maxMs} ms`);
    assert.ok(bytes > (0.98 * (SECONDS * BYTES_PER_SECOND * 1448)) / 1514, `${bytes} bytes`);
    const fewer = measure(15);
    const ofFewer = fewer.losses / fewer.segments;
    assert.ok(ofFewer > 0.0012 && ofFewer < 0.003, `${ofFewer}`);
  });

  test('loses packets of small messages without changing the order of any', () => {
    const { losses, maxMs } = measure(42, {}, RECEIVER, 2000);
    assert.ok(losses > 1000 && maxMs > 200, `${losses} losses, ${maxMs} ms`);
  });

  test('gives its connections fair shares in the long run', () => {
    for (const connections of [9, 15, 42]) {
      const { least, most } = measure(connections);
      assert.ok(least > 0.93 && most < 1.07, `${least} to ${most} of the mean with ${connections}`);
    }
  });
});
