/** Mirrors that read over a link, and machines that are far from each other. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NIC_RULES, type NicRules } from '../../src/hardware/nic.ts';
import { buildCluster } from '../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import type { Link, Scenario } from '../../src/scenario/scenario.ts';
import {
  isNear,
  MS,
  meanLatencyNs,
  mirroredScenario,
  profileWith,
  RECORD_BYTES,
  runOut,
  SECOND,
  scenarioOf,
} from './support.ts';

/** 9.6 MB/s of records. */
const RECORDS_PER_SECOND = 40_000;
const FETCH_BYTES = 1_048_576;
/** Of a receive.buffer.bytes of 64 KiB. */
const WINDOW_BYTES = 98_304;
const SEGMENT_BYTES = 1448;
const HEADER_BYTES = 66;

function shardOf(scenario: Scenario, rules: Partial<NicRules> = {}): ClusterModel {
  const profiles = Object.fromEntries(scenario.hosts.map((host) => [host.name, profileWith()]));
  const [phase] = scenario.run.phases;
  const nicRules = { ...NIC_RULES, ...rules };
  return buildCluster({ scenario, profiles, phase, tieSeed: 0, sharedCores: null, nicRules }, 0);
}

interface Change {
  readonly link: Partial<Link>;
  readonly receiveBufferBytes?: number;
  readonly rules?: Partial<NicRules>;
}

interface Read {
  readonly bytesPerSecond: number;
  readonly responseBytes: number;
}

/** What the mirror reads in the east, from its first response after 2 s to its last before 10 s. */
function mirrored({ link, receiveBufferBytes = 65_536, rules = {} }: Change): Read {
  const scenario = mirroredScenario(['orders']);
  const [phase] = scenario.run.phases;
  const model = shardOf(
    {
      ...scenario,
      links: scenario.links.map((of) => ({ ...of, ...link })),
      producers: scenario.producers.map((producer) => ({
        ...producer,
        rate: { kind: 'constant', recordsPerSecond: RECORDS_PER_SECOND },
      })),
      mirrors: scenario.mirrors.map((mirror) => ({
        ...mirror,
        consumer: { ...mirror.consumer, 'receive.buffer.bytes': receiveBufferBytes },
      })),
      run: { ...scenario.run, phases: [{ ...phase, durationMs: 10_000 }] },
    },
    rules,
  );
  model.sim.joinShards(MS);
  const times: number[] = [];
  let first = 0;
  let before = 0;
  while (model.sim.nowNs < 10 * SECOND - MS) {
    model.sim.run(model.sim.nowNs + MS - 1);
    model.sim.takeOutbox();
    const records = model.consumers.consumed(0);
    if (records > before && model.sim.nowNs > 2 * SECOND) {
      if (times.length === 0) first = records;
      times.push(model.sim.nowNs);
    }
    before = records;
  }
  const responseBytes = ((before - first) * RECORD_BYTES) / (times.length - 1);
  const cycleNs = (times[times.length - 1] - times[0]) / (times.length - 1);
  return { responseBytes, bytesPerSecond: (responseBytes / cycleNs) * SECOND };
}

/** The round trips of a response, the request's among them. */
function expectedRate(responseBytes: number, roundTripNs: number, windowBytes: number): number {
  return responseBytes / ((Math.ceil(responseBytes / windowBytes) * roundTripNs) / SECOND);
}

describe('a mirror over a link', () => {
  test('reads a window in each round trip of its connection', () => {
    for (const latencyMs of [10, 25, 75]) {
      const { bytesPerSecond, responseBytes } = mirrored({ link: { latencyMs } });
      assert.ok(isNear(responseBytes, FETCH_BYTES, 0.03), `${responseBytes} bytes`);
      const expected = expectedRate(responseBytes, 2 * latencyMs * MS, WINDOW_BYTES);
      assert.ok(
        isNear(bytesPerSecond, expected, 0.02),
        `${bytesPerSecond} of ${expected} at ${latencyMs} ms`,
      );
      // All but the last window of a response are full.
      assert.ok(isNear(bytesPerSecond, WINDOW_BYTES / ((2 * latencyMs) / 1000), 0.06), `${bytesPerSecond}`);
    }
  });

  test('reads faster with a larger receive buffer, up to twice the send buffer of the broker', () => {
    const { bytesPerSecond, responseBytes } = mirrored({
      link: { latencyMs: 25 },
      receiveBufferBytes: 1_048_576,
    });
    const expected = expectedRate(responseBytes, 50 * MS, 204_800);
    assert.ok(isNear(bytesPerSecond, expected, 0.02), `${bytesPerSecond} of ${expected}`);
  });

  test('reads all that is written without windows, four times as much', () => {
    const written = RECORDS_PER_SECOND * RECORD_BYTES;
    const { bytesPerSecond } = mirrored({ link: { latencyMs: 25 }, rules: { hasWindows: false } });
    assert.ok(isNear(bytesPerSecond, written, 0.02), `${bytesPerSecond} of ${written}`);
    const limited = mirrored({ link: { latencyMs: 25 } });
    const times = bytesPerSecond / limited.bytesPerSecond;
    assert.ok(isNear(times, 4.3, 0.05), `${times} times as much`);
  });

  test('reads what the bandwidth of the link leaves, and nothing less without that', () => {
    const linkBytesPerSecond = 2e6;
    const limited = mirrored({ link: { latencyMs: 5, bytesPerSecond: linkBytesPerSecond } });
    const { responseBytes } = limited;
    const wireBytes = (responseBytes * (SEGMENT_BYTES + HEADER_BYTES)) / SEGMENT_BYTES;
    const expected = responseBytes / (0.01 + wireBytes / linkBytesPerSecond);
    assert.ok(isNear(limited.bytesPerSecond, expected, 0.02), `${limited.bytesPerSecond} of ${expected}`);
    const free = mirrored({ link: { latencyMs: 5 } });
    assert.ok(free.bytesPerSecond > 3.9 * limited.bytesPerSecond, `${free.bytesPerSecond} without it`);
  });
});

describe('machines that are far from each other', () => {
  const latencyMs = (
    of: Partial<Record<string, number>>,
    rules: Partial<NicRules> = {},
    bytes = 200,
  ): number => {
    const scenario = scenarioOf({
      producers: [
        {
          rate: { kind: 'constant', recordsPerSecond: 2 },
          record: { value: { kind: 'constant', bytes }, key: null, headersBytes: 0 },
        },
      ],
      phase: { durationMs: 5000 },
    });
    const far = {
      ...scenario,
      hosts: scenario.hosts.map((host) => {
        const latencyMs = of[host.name];
        return latencyMs === undefined ? host : { ...host, hardware: { ...host.hardware, latencyMs } };
      }),
    };
    return meanLatencyNs(runOut(shardOf(far, rules))) / MS;
  };

  test('hear from each other later by what each of them states', () => {
    const near = latencyMs({});
    assert.ok(Math.abs(latencyMs({ brokers: 7 }) - near - 7) < 0.001);
    assert.ok(Math.abs(latencyMs({ brokers: 7, clients: 20 }) - near - 27) < 0.001);
  });

  test('take two round trips more for a request of 100 kB from a cold window, none with open windows', () => {
    const hosts = { brokers: 10, clients: 10 };
    const near = latencyMs({}, {}, 100_000);
    // 14,480, 28,960 and 57,920 bytes: the connection was idle for more than a timeout.
    assert.ok(Math.abs(latencyMs(hosts, {}, 100_000) - near - 60) < 0.001);
    assert.ok(Math.abs(latencyMs(hosts, { startsSlowly: false }, 100_000) - near - 20) < 0.001);
  });
});
