/**
 * Brokers cut off from others: which packets of whom get lost, and the undoing.
 *
 * A controller that shares its machine has an address of its own beside the machine's, so that the way to the controllers can be
 * cut while replication goes on. Brokers talk to controllers, never the other way round: cutting what goes to the controllers' addresses
 * cuts them off.
 */
import { UserError } from '../../errors/errors.ts';
import type { Counterpart, Direction } from '../../operations/operation.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import type { NodeRecord } from '../cluster/record.ts';
import { type Cut, cutAddresses, makeCuts, mendCuts } from '../hosts/cuts.ts';
import type { Machine } from '../hosts/machine.ts';

/** @throws UserError on loopback, for nodes that share a machine, or where there is nobody to be cut off from */
export async function isolate(
  handle: ClusterHandle,
  ids: readonly number[],
  from: Counterpart,
  direction: Direction,
): Promise<void> {
  const subnet = subnetOf(handle);
  const nodes = ids.map((id) => handle.node(id));
  const cuts = cutsBetween(handle, nodes, from, direction);
  if (cuts.length === 0) {
    throw new UserError(
      `isolate: expected somebody to be cut off from node ${ids.join(', ')}, found all of "${from}" on its own machine: give them hosts of their own`,
    );
  }
  await makeCuts(cuts, subnet);
}

/** Ends all cuts of the nodes' machines, those that others have made towards them too. */
export async function heal(handle: ClusterHandle, ids: readonly number[]): Promise<void> {
  const nodes = ids.map((id) => handle.node(id));
  const healed = machinesOf(handle, nodes);
  const theirs = new Set(nodes.flatMap((node) => addressesOf(handle, node)));
  await Promise.all(
    handle.record.machines.map(async (machine) => {
      const cut = await cutAddresses(machine);
      const mended = healed.includes(machine) ? cut : cut.filter((address) => theirs.has(address));
      await mendCuts(mended.map((address) => ({ from: machine, address })));
    }),
  );
}

/** The single cuts that an isolation is made of. */
function cutsBetween(
  handle: ClusterHandle,
  nodes: readonly NodeRecord[],
  from: Counterpart,
  direction: Direction,
): Cut[] {
  const { record } = handle;
  const own = machinesOf(handle, nodes);
  if (from === 'controllers') return controllerCuts(handle, nodes);
  const others = otherMachines(handle, own, from);
  const ownAddresses = nodes.flatMap((node) => addressesOf(handle, node));
  const addressesOn = (machine: Machine): string[] => [
    machine.address,
    ...record.nodes
      .filter((node) => node.machine === machine.name)
      .flatMap(({ controller }) => controller?.address ?? []),
  ];
  return [
    ...(direction === 'in'
      ? []
      : own.flatMap((machine) =>
          others.flatMap((other) => addressesOn(other).map((address) => ({ from: machine, address }))),
        )),
    ...(direction === 'out'
      ? []
      : others.flatMap((other) => ownAddresses.map((address) => ({ from: other, address })))),
  ];
}

/** Requests to the other controllers; and, where the node is a controller too, those of the others to it. */
function controllerCuts(handle: ClusterHandle, nodes: readonly NodeRecord[]): Cut[] {
  const { record } = handle;
  const controllers = record.nodes.filter(({ controller }) => controller !== null);
  const isSelected = (node: NodeRecord): boolean => nodes.some(({ id }) => id === node.id);
  const own = machinesOf(handle, nodes);
  const beside = controllers.filter((node) => !isSelected(node) && own.includes(handle.machine(node)));
  if (beside.length > 0) {
    throw new UserError(
      `isolate from controllers: expected controllers on other machines, found ${beside.map(({ id }) => id).join(', ')} on ${own.map(({ name }) => name).join(', ')} itself: give them a host of their own`,
    );
  }
  return [
    ...nodes.flatMap((node) =>
      controllers.flatMap((other) =>
        isSelected(other) || other.controller === null
          ? []
          : [{ from: handle.machine(node), address: other.controller.address }],
      ),
    ),
    ...nodes.flatMap(({ controller }) =>
      controller === null
        ? []
        : record.nodes
            .filter((other) => !isSelected(other))
            .map((other) => ({ from: handle.machine(other), address: controller.address })),
    ),
  ];
}

function otherMachines(handle: ClusterHandle, own: readonly Machine[], from: Counterpart): Machine[] {
  const { record } = handle;
  const hosting = new Set(record.nodes.map(({ machine }) => machine));
  const chosen =
    from === 'everything'
      ? record.machines
      : from === 'clients'
        ? record.machines.filter(({ name }) => !hosting.has(name))
        : typeof from === 'string'
          ? []
          : from.map((id) => handle.machine(handle.node(id)));
  const others = [...new Set(chosen)].filter((machine) =>
    from === 'everything' ? !own.includes(machine) : true,
  );
  const shared = others.filter((machine) => own.includes(machine));
  if (shared.length > 0) {
    throw new UserError(
      `isolate: expected brokers on machines of their own, found both sides on ${shared.map(({ name }) => name).join(', ')}`,
    );
  }
  return others;
}

function machinesOf(handle: ClusterHandle, nodes: readonly NodeRecord[]): Machine[] {
  return [...new Set(nodes.map((node) => handle.machine(node)))];
}

function addressesOf(handle: ClusterHandle, node: NodeRecord): string[] {
  const { address } = handle.machine(node);
  return [...new Set([address, ...(node.controller === null ? [] : [node.controller.address])])];
}

function subnetOf({ record }: ClusterHandle): number {
  const { network } = record;
  if (network.kind === 'shaped') return network.subnet;
  throw new UserError(
    `cluster ${record.name}: its brokers share the loopback network, where nobody can be cut off: start it with --network shaped`,
  );
}
