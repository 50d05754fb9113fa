/**
 * Cutting machines off from each other.
 *
 * A pair is cut in one direction by telling the sender a wrong hardware address for the receiver: its own. The packet leaves
 * through the NIC and its limits, and the bridge drops it, since it came from where it is to go. Nothing comes back and
 * nothing fails at once, as when a switch loses packets. (A blackhole route would make each new connection fail at once, and a
 * pulled cable makes it fail as soon as no hardware address is found: errors that no routed network gives, upon which
 * clients back off in another way.)
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';
import { hardwareAddress } from './addresses.ts';
import { runBatch } from './iproute.ts';
import type { Machine } from './machine.ts';

/** Packets of `from` to `address` are lost. */
export interface Cut {
  readonly from: Machine;
  readonly address: string;
}

export async function makeCuts(cuts: readonly Cut[], subnet: number): Promise<void> {
  await Promise.all(
    [...byMachine(cuts)].map(([from, addresses]) => {
      const own = hardwareAddress(subnet, from.number);
      return runBatch({
        tool: 'ip',
        namespace: from.namespace,
        commands: addresses.map((address) => `neigh replace ${address} lladdr ${own} nud permanent dev eth0`),
      });
    }),
  );
}

/** Undoes cuts that are there. */
export async function mendCuts(cuts: readonly Cut[]): Promise<void> {
  await Promise.all(
    [...byMachine(cuts)].map(([from, addresses]) =>
      runBatch({
        tool: 'ip',
        namespace: from.namespace,
        commands: addresses.map((address) => `neigh del ${address} dev eth0`),
      }),
    ),
  );
}

/** Addresses that a machine's packets do not reach; none of one that is just being made or removed, or was lost with a restart. */
export async function cutAddresses(machine: Machine): Promise<string[]> {
  if (machine.namespace === null || !isNamespace(machine.namespace)) return [];
  const show = ['-n', machine.namespace, '-j', 'neigh', 'show', 'dev', 'eth0', 'nud', 'permanent'];
  const run = await runTool('ip', show);
  if (run !== null && run.exitCode !== 0 && hasNoNic(machine.namespace, run.lines)) return [];
  if (run === null || run.exitCode !== 0) {
    throw new UserError(
      `ip in namespace ${machine.namespace}: ${run?.lines.join(' ') ?? 'is not there'}`,
      EXIT.clusterUnreachable,
    );
  }
  const text = run.lines.join('\n').trim();
  return text === '' ? [] : neighbours.parse(JSON.parse(text)).map(({ dst }) => dst);
}

function hasNoNic(namespace: string, said: readonly string[]): boolean {
  return !isNamespace(namespace) || said.some((line) => line.includes('Cannot find device'));
}

function isNamespace(name: string): boolean {
  return existsSync(`/run/netns/${name}`);
}

const neighbours = z.array(z.object({ dst: z.string() }));

function byMachine(cuts: readonly Cut[]): Map<Machine, string[]> {
  const grouped = new Map<Machine, string[]>();
  for (const { from, address } of cuts) {
    const addresses = grouped.get(from) ?? [];
    if (!addresses.includes(address)) addresses.push(address);
    grouped.set(from, addresses);
  }
  return grouped;
}
