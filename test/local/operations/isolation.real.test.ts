import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterHandle } from '../../../src/local/cluster/cluster-handle.ts';
import { perform } from '../../../src/local/operations/perform.ts';
import type { OperationBody } from '../../../src/operations/operation.ts';
import { missing } from '../../support/components.ts';
import { layMachines, Peer, removeMachines } from '../hosts/peers.ts';

/** Long enough for a datagram between machines to arrive. */
const ARRIVAL_MS = 400;
const MACHINES = ['broker-1', 'broker-2', 'broker-3', 'broker-4', 'client-1'];

describe('which packets an isolation loses', { skip: missing(['namespaces']) ?? false }, () => {
  let root = '';
  let handle: ClusterHandle;
  const peers: Peer[] = [];
  /** `from to address` for every machine and every address of others. */
  let all: string[] = [];

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'brokertwin-cuts-'));
    process.env.BROKERTWIN_STATE = root;
    handle = await layMachines({ brokers: 4, combinedControllers: 3, name: 'cuts' });
    peers.push(...(await Promise.all(MACHINES.map((name) => Peer.on(handle, name)))));
    all = peers.flatMap((from) =>
      peers.filter((to) => to !== from).flatMap((to) => to.addresses.map((address) => way(from, address))),
    );
  });

  after(async () => {
    for (const peer of peers) await peer.end();
    await removeMachines(handle);
    rmSync(root, { recursive: true, force: true });
  });

  function way(from: Peer, address: string): string {
    return `${from.addresses[0]} to ${address}`;
  }

  /** The ways on which nothing arrives now. */
  async function lost(): Promise<string[]> {
    for (const peer of peers) peer.datagrams.length = 0;
    for (const from of peers) {
      const others = peers.filter((to) => to !== from);
      from.tell({ do: 'send', to: others.flatMap(({ addresses }) => addresses) });
    }
    await sleep(ARRIVAL_MS);
    const arrived = new Set(peers.flatMap(({ datagrams }) => datagrams));
    return all.filter((one) => !arrived.has(one)).sort();
  }

  /** All ways from machines of `from` to those of `to`, by their places in the list of machines. */
  function ways(from: readonly number[], to: readonly number[]): string[] {
    return from.flatMap((sender) =>
      to.flatMap((receiver) =>
        sender === receiver ? [] : peers[receiver].addresses.map((address) => way(peers[sender], address)),
      ),
    );
  }

  const do_ = (operation: OperationBody): Promise<void> => perform(handle, operation);
  const heal = (): Promise<void> => do_({ action: 'heal' });

  test('nothing is lost before', async () => {
    assert.equal(all.length, 32);
    assert.deepEqual(await lost(), []);
  });

  test('a pair is cut both ways, connections wait in vain, and all others go on', async () => {
    const others = peers.slice(1).map(({ addresses }) => addresses[0]);
    assert.deepEqual(
      new Set((await peers[0].connect(others, { hold: true })).values()),
      new Set(['answered']),
    );
    await do_({ action: 'isolate', brokers: [1], from: [2], direction: 'both' });
    assert.deepEqual(await lost(), [...ways([0], [1]), ...ways([1], [0])].sort());
    const expected = others.map((address, index) => [address, index === 0 ? 'silent' : 'answered']);
    assert.deepEqual([...(await peers[0].ping())], expected);
    assert.deepEqual([...(await peers[0].connect(others, { hold: false }))], expected);
    await heal();
    assert.deepEqual(await lost(), []);
    const outcomes = await peers[0].connect(others, { hold: false });
    assert.deepEqual(new Set(outcomes.values()), new Set(['answered']));
  });

  test('one way of a pair is cut, also between sets', async () => {
    await do_({ action: 'isolate', brokers: [1], from: [2], direction: 'out' });
    assert.deepEqual(await lost(), ways([0], [1]).sort());
    await do_({ action: 'heal', brokers: [1] });
    await do_({ action: 'isolate', brokers: [1, 4], from: [2, 3], direction: 'in' });
    assert.deepEqual(await lost(), ways([1, 2], [0, 3]).sort());
    await heal();
  });

  test('what was cut one after the other is mended together, by whichever side', async () => {
    await do_({ action: 'isolate', brokers: [1], from: [2], direction: 'both' });
    await do_({ action: 'isolate', brokers: [3], from: [4, 2], direction: 'both' });
    await do_({ action: 'heal', brokers: [2] });
    assert.deepEqual(await lost(), [...ways([2], [3]), ...ways([3], [2])].sort());
    await do_({ action: 'heal', brokers: [4] });
    assert.deepEqual(await lost(), []);
  });

  test('from everything: a set stays together, and each way can be cut alone', async () => {
    const [own, rest] = [
      [0, 3],
      [1, 2, 4],
    ];
    const expected = {
      both: [...ways(own, rest), ...ways(rest, own)],
      out: ways(own, rest),
      in: ways(rest, own),
    };
    for (const direction of ['both', 'out', 'in'] as const) {
      await do_({ action: 'isolate', brokers: [1, 4], from: 'everything', direction });
      assert.deepEqual(await lost(), expected[direction].sort(), direction);
      await do_({ action: 'heal', brokers: [1, 4] });
      assert.deepEqual(await lost(), []);
    }
  });

  test('from clients alone', async () => {
    await do_({ action: 'isolate', brokers: [2, 3], from: 'clients', direction: 'both' });
    assert.deepEqual(await lost(), [...ways([1, 2], [4]), ...ways([4], [1, 2])].sort());
    await heal();
  });

  test('from controllers alone: their addresses, and the own controller for all others', async () => {
    const controller = (index: number): string => peers[index].addresses[1];
    await do_({ action: 'isolate', brokers: [4], from: 'controllers', direction: 'both' });
    assert.deepEqual(await lost(), [0, 1, 2].map((index) => way(peers[3], controller(index))).sort());
    await heal();
    await do_({ action: 'isolate', brokers: [1], from: 'controllers', direction: 'both' });
    assert.deepEqual(
      await lost(),
      [
        ...[1, 2].map((index) => way(peers[0], controller(index))),
        ...[1, 2, 3].map((index) => way(peers[index], controller(0))),
      ].sort(),
    );
    await heal();
    assert.deepEqual(await lost(), []);
  });
});
