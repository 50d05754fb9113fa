/**
 * The network of a local cluster: every machine in a namespace of its own, joined by two bridges in one more namespace.
 *
 *     machine (namespace)          switch (namespace)                 this machine
 *       eth0  198.18.k.n  ════ d-n ═ bridge "load"
 *       mgmt0 198.19.k.n  ──── m-n ─ bridge "management" ─ uplink ──── btm<k>  198.19.k.254
 *
 * The load passes eth0 and its limits. Our own requests (readiness, elections, metrics) pass mgmt0, which has none, so that they
 * neither take the load's bandwidth nor are lost with it. No namespace has a default route and nothing is forwarded:
 * nothing reaches a real interface.
 */
import { existsSync, readdirSync } from 'node:fs';
import { EXIT, UserError } from '../../errors/errors.ts';
import {
  hardwareAddress,
  loadPort,
  managementPort,
  namespacePrefix,
  ourAddress,
  SUBNETS,
  switchNamespace,
  uplinkName,
} from './addresses.ts';
import { runBatch, runBatchNow } from './iproute.ts';
import type { Machine } from './machine.ts';
import { shape } from './shaping.ts';

export interface NetworkPlan {
  /** Of the cluster. */
  readonly id: string;
  readonly subnet: number;
  readonly machines: readonly Machine[];
  /** More addresses of machines, for their controllers. */
  readonly controllers: readonly { readonly machine: string; readonly address: string }[];
}

const NAMESPACES = '/run/netns';
const INTERFACES = '/sys/class/net';

/**
 * A subnet that nobody uses.
 *
 * @throws UserError (exit 3) when all are taken.
 */
export function freeSubnet(): number {
  for (let subnet = 0; subnet < SUBNETS; subnet += 1) {
    if (!existsSync(`${INTERFACES}/${uplinkName(subnet)}`)) return subnet;
  }
  throw new UserError(
    `network: expected a free subnet in 198.18.0.0/15, found all ${SUBNETS} taken: take some clusters down (brokertwin cluster status)`,
    EXIT.clusterUnreachable,
  );
}

/**
 * Makes namespaces, bridges, cables and limits. Returns false, with nothing made, when another cluster took the subnet meanwhile.
 *
 * @throws UserError (exit 3) when the kernel refuses; what was made is found by `removeNetwork`.
 */
export async function makeNetwork(plan: NetworkPlan, signal?: AbortSignal): Promise<boolean> {
  const hub = switchNamespace(plan.id);
  const uplink = uplinkName(plan.subnet);
  const ip = (namespace: string | null, commands: readonly string[]): Promise<void> =>
    runBatch({ tool: 'ip', namespace, commands }, signal);
  await ip(null, [`netns add ${hub}`]);
  try {
    await ip(null, [`link add ${uplink} type veth peer name uplink netns ${hub}`]);
  } catch (error) {
    removeNetwork(plan.id);
    if (error instanceof UserError && /File exists/.test(error.message)) return false;
    throw error;
  }
  await ip(
    hub,
    ['load', 'management'].map((bridge) => `link add ${bridge} type bridge`),
  );
  await ip(
    null,
    plan.machines.flatMap((machine) => makeMachine(machine, plan.subnet, hub)),
  );
  await ip(null, [
    `link set ${uplink} addrgenmode none`,
    `addr add ${ourAddress(plan.subnet)}/24 dev ${uplink}`,
    `link set ${uplink} up`,
  ]);
  await ip(hub, [
    'link set uplink master management',
    ...plan.machines.flatMap(({ number }) => plugIn(number)),
    ...['lo', 'load', 'management', 'uplink'].map((link) => `link set ${link} up`),
  ]);
  await Promise.all(
    plan.machines.map(async (machine) => {
      await ip(machine.namespace, configure(machine, plan.controllers));
      await shape(machine, hub, signal);
    }),
  );
  return true;
}

/** Adds one machine to a network that is there. */
export async function addMachine(
  machine: Machine,
  network: { readonly id: string; readonly subnet: number },
  signal?: AbortSignal,
): Promise<void> {
  const hub = switchNamespace(network.id);
  await runBatch(
    { tool: 'ip', namespace: null, commands: makeMachine(machine, network.subnet, hub) },
    signal,
  );
  await runBatch({ tool: 'ip', namespace: hub, commands: plugIn(machine.number) }, signal);
  await runBatch({ tool: 'ip', namespace: machine.namespace, commands: configure(machine, []) }, signal);
  await shape(machine, hub, signal);
}

/** Removes one machine's cables and namespace. */
export function removeMachine({ namespace, number }: Machine, hub: string): void {
  if (namespace === null) return;
  // Else they would stay as long as somebody is in the namespace, and their names with them.
  const cables = [loadPort(number), managementPort(number)].map((port) => `link del ${port}`);
  runBatchNow({ tool: 'ip', namespace: hub, commands: cables });
  runBatchNow({ tool: 'ip', namespace: null, commands: [`netns del ${namespace}`] });
}

/** Removes all that carries the cluster's id, whatever of it is there. Its processes must have ended. */
export function removeNetwork(clusterId: string): void {
  const namespaces = networkNamespaces(clusterId);
  // Else our end would stay until the kernel gets round to the namespace, and the subnet with it.
  if (namespaces.includes(switchNamespace(clusterId))) {
    runBatchNow({ tool: 'ip', namespace: switchNamespace(clusterId), commands: ['link del uplink'] });
  }
  runBatchNow({ tool: 'ip', namespace: null, commands: namespaces.map((name) => `netns del ${name}`) });
}

/** Names of the namespaces that carry a cluster's id. */
function networkNamespaces(clusterId: string): string[] {
  if (!existsSync(NAMESPACES)) return [];
  return readdirSync(NAMESPACES).filter((name) => name.startsWith(namespacePrefix(clusterId)));
}

function makeMachine(machine: Machine, subnet: number, hub: string): string[] {
  const { number, namespace } = machine;
  return [
    `netns add ${namespace}`,
    `link add name ${loadPort(number)} netns ${hub} type veth peer name eth0 address ${hardwareAddress(subnet, number)} netns ${namespace}`,
    `link add name ${managementPort(number)} netns ${hub} type veth peer name mgmt0 netns ${namespace}`,
  ];
}

function plugIn(number: number): string[] {
  return [
    `link set ${loadPort(number)} addrgenmode none master load`,
    `link set ${managementPort(number)} addrgenmode none master management`,
    `link set ${loadPort(number)} up`,
    `link set ${managementPort(number)} up`,
  ];
}

function configure(machine: Machine, controllers: NetworkPlan['controllers']): string[] {
  const more = controllers.filter(
    (entry) => entry.machine === machine.name && entry.address !== machine.address,
  );
  return [
    'link set lo up',
    'link set eth0 addrgenmode none',
    'link set mgmt0 addrgenmode none',
    `addr add ${machine.address}/24 dev eth0`,
    ...more.map(({ address }) => `addr add ${address}/24 dev eth0`),
    `addr add ${machine.managementAddress}/24 dev mgmt0`,
    'link set eth0 up',
    'link set mgmt0 up',
  ];
}
