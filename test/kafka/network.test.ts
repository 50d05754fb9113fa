/**
 * What each mechanism of the network is worth: scenarios/three-machines.yaml (three brokers behind 80 Mbit/s each) with one
 * of them switched off. Measured on three namespaces with tc tbf: 9,135 records/s, and 1.5 ms of RemoteTimeMs when paced.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { NIC_RULES, type NicRules } from '../../src/hardware/nic.ts';
import { buildCluster } from '../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { STAGES } from '../../src/kafka/recorder.ts';
import { REQUEST } from '../../src/kafka/requests.ts';
import { foldChains } from '../../src/kernel/trace-hash.ts';
import { packageRoot } from '../../src/package.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import { isNear, MS, runOut, SECOND, sum } from './support.ts';

const FILE = path.join(packageRoot, 'scenarios', 'three-machines.yaml');
const SECONDS = 5;
const MEASURED_RECORDS_PER_SECOND = 9135;
const NO_BURST = ['hosts.broker.nicBuffer=1B'];
const CONSUMER = ['consumers.billing={host: client, topics: orders}'];
const AS_BEFORE: NicRules = {
  ...NIC_RULES,
  cutsThrough: false,
  takesTurns: false,
  headerBytes: 0,
  acksWait: false,
};

interface Change {
  readonly set?: readonly string[];
  readonly rules?: Partial<NicRules>;
}

function model(phase: 'paced' | 'saturating', { set = [], rules = {} }: Change): ClusterModel {
  const { scenario } = readScenario(FILE, { set: [...set, 'run.warmup=1s', `run.duration=${SECONDS}s`] });
  const profile = readProfile('reference-2core');
  const of = scenario.run.phases.find(({ name }) => name === phase);
  if (of === undefined) throw new Error(`${FILE} has no phase ${phase}`);
  const profiles = Object.fromEntries(scenario.hosts.map((host) => [host.name, profile]));
  const nicRules = { ...NIC_RULES, ...rules };
  return buildCluster({ scenario, profiles, phase: of, tieSeed: 0, sharedCores: null, nicRules }, 0);
}

/** Mean time of a stage over all brokers. */
function stageMs(
  phase: 'paced' | 'saturating',
  type: keyof typeof REQUEST,
  name: (typeof STAGES)[number],
  change: Change,
): number {
  const requests = runOut(model(phase, change), SECOND).brokers.map((of) => of.requests[REQUEST[type]]);
  const stage = STAGES.indexOf(name);
  return sum(requests.map((of) => of.stageSumsNs[stage])) / sum(requests.map(({ count }) => count)) / MS;
}

/** Mean time of the produce requests in the purgatory, when paced. */
const remoteMs = (change: Change): number => stageMs('paced', 'produce', 'RemoteTimeMs', change);

/** What the cluster carries. */
function recordsPerSecond(change: Change): number {
  return runOut(model('saturating', change), SECOND).classes[0].doneInSpan / SECONDS;
}

describe('three brokers behind 80 Mbit/s', () => {
  const whole = recordsPerSecond({});

  test('carry what was measured, with their lines in full', () => {
    assert.ok(isNear(whole, MEASURED_RECORDS_PER_SECOND, 0.05), `${whole} records/s`);
    const { hosts } = runOut(model('saturating', {}), SECOND);
    for (const { inBytes, nicBytesPerSecond } of hosts.slice(0, 3)) {
      const perSecond = sum(inBytes) / SECONDS;
      assert.ok(perSecond > 0.97 * (nicBytesPerSecond ?? 0) && perSecond <= 1.02 * (nicBytesPerSecond ?? 0));
    }
  });

  test('carry two thirds of it when messages are stored and forwarded whole', () => {
    const before = recordsPerSecond({ set: NO_BURST, rules: AS_BEFORE });
    assert.ok(isNear(before, 0.67 * whole, 0.05), `${before} records/s`);
  });

  test('carry more by the headers when these cost nothing', () => {
    const without = recordsPerSecond({ rules: { headerBytes: 0 } });
    assert.ok(isNear(without, (whole * 1514) / 1448, 0.015), `${without} records/s`);
  });

  test('carry a fifth less beside a consumer when large responses do not let others in', () => {
    const turns = recordsPerSecond({ set: CONSUMER });
    const noTurns = recordsPerSecond({ set: CONSUMER, rules: { takesTurns: false } });
    assert.ok(isNear(noTurns, 0.8 * turns, 0.05), `${noTurns} of ${turns} records/s`);
  });

  test('hold a paced batch ten times as long when their buckets have no depth', () => {
    const whole = remoteMs({});
    assert.ok(whole > 0.5 && whole < 1.5, `${whole} ms`);
    const noBurst = remoteMs({ set: NO_BURST });
    assert.ok(isNear(noBurst, 11.3, 0.1), `${noBurst} ms`);
    const noCutThrough = remoteMs({ set: NO_BURST, rules: { cutsThrough: false } });
    assert.ok(isNear(noCutThrough, 18.4, 0.1), `${noCutThrough} ms without cut-through either`);
  });

  test('send a response to a follower for as long as it does not fit into the socket', () => {
    const sendMs = (change: Change): number =>
      stageMs('saturating', 'fetchFollower', 'ResponseSendTimeMs', change);
    // 30 ms measured.
    const sending = sendMs({});
    assert.ok(sending > 30 && sending < 60, `${sending} ms`);
    const unlimited = sendMs({ set: ['cluster.brokers.config.socket.send.buffer.bytes=-1'] });
    assert.ok(unlimited < 0.1, `${unlimited} ms`);
  });

  test('keep back what a muted connection does not read, which makes room for replication', () => {
    const saturated = (change: Change): number => stageMs('saturating', 'produce', 'RemoteTimeMs', change);
    // 70 to 73 ms measured.
    const whole = saturated({});
    assert.ok(isNear(whole, 70, 0.08), `${whole} ms`);
    const unbounded = saturated({ set: ['cluster.brokers.config.socket.receive.buffer.bytes=-1'] });
    assert.ok(isNear(unbounded, 81, 0.05), `${unbounded} ms`);
  });

  test('go on from a checkpoint with pieces in the lines as if there had been none', () => {
    const finish = (of: ClusterModel): string => {
      of.sim.run(2 * SECOND);
      return foldChains([of.sim.hashChains()]);
    };
    const first = model('saturating', { set: CONSUMER });
    first.sim.run(1_234_567_891);
    const checkpoint = first.sim.columns.checkpoint();
    const second = model('saturating', { set: CONSUMER });
    second.sim.columns.restore(checkpoint);
    assert.equal(finish(second), finish(first));
    assert.equal(finish(model('saturating', { set: CONSUMER })), finish(first));
  });
});
