/** Brokers that join and leave. */
import { join } from 'node:path';
import { UserError } from '../../errors/errors.ts';
import { drainBroker } from '../admin/drain-broker.ts';
import { unregisterBroker } from '../admin/unregister-broker.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { planBroker } from '../cluster/plan-cluster.ts';
import { brokersOf, type ClusterRecord } from '../cluster/record.ts';
import { addressesOf, formatNodes, nodeName, startAndAwait } from '../cluster/start-node.ts';
import { clusterDirectory } from '../cluster/state.ts';
import { makeFileSystems } from '../disk/file-system.ts';
import { removeFileSystemsUnder } from '../disk/remove.ts';
import { switchNamespace } from '../hosts/addresses.ts';
import { makeGroup, removeGroup, setCores } from '../hosts/cgroups.ts';
import { addMachine, removeMachine } from '../hosts/network.ts';
import { writeSecurityFiles } from '../security/security.ts';
import { removeDirectory } from '../system/staging.ts';
import { informedServers } from './informed-servers.ts';
import { isRunning, killNodes, stopNodes } from './processes.ts';

/**
 * Adds a broker like the first one, on a machine of its own. It gets no partitions by itself. When it does not come up,
 * nothing of it stays.
 *
 * @throws UserError for an id that is taken, or whose machine's name or address is (exit 2)
 */
export async function addBroker(handle: ClusterHandle, id: number, signal?: AbortSignal): Promise<void> {
  requireNewBroker(handle.record, id);
  const { record } = handle;
  const { machine, node } = await planBroker(record, id, brokersOf(record)[0]);
  // Somebody else may have added one meanwhile.
  requireNewBroker(handle.record, id);
  handle.change({ machines: [...handle.record.machines, machine], nodes: [...handle.record.nodes, node] });
  try {
    makeGroup(machine);
    if (record.network.kind === 'shaped') {
      await addMachine(machine, { id: record.id, subnet: record.network.subnet }, signal);
    }
    const fileSystems = node.logDirs.flatMap(({ fileSystem }) => fileSystem ?? []);
    if (fileSystems.length > 0) makeFileSystems(fileSystems);
    await writeSecurityFiles(record.security, clusterDirectory(record.name), [
      { name: nodeName(node), addresses: addressesOf(handle, node) },
    ]);
    await formatNodes(handle, [id], signal);
    await startAndAwait(handle, [id], signal);
    if (machine.limits.cores !== null) setCores(machine, machine.limits.cores);
  } catch (error) {
    await killNodes(handle, [id]);
    await removeWhatWasMade(handle, id);
    throw error;
  }
}

function requireNewBroker({ nodes, machines, network }: ClusterRecord, id: number): void {
  if (nodes.some((node) => node.id === id)) {
    throw new UserError(`addBroker: expected a new id, found ${id}, which the cluster has`);
  }
  const taken = machines.find(
    ({ name, number }) => name === `broker-${id}` || (network.kind === 'shaped' && number === id),
  );
  if (taken === undefined) return;
  throw new UserError(
    `addBroker: expected an id whose machine is new, found ${id}, whose name or address machine ${taken.name} has: choose another id`,
  );
}

/** Moves a broker's partitions elsewhere, stops it, has the cluster forget it, and removes its machine. It may be down. */
export async function removeBroker(handle: ClusterHandle, id: number, signal?: AbortSignal): Promise<void> {
  const bootstrapServers = await informedServers(handle);
  await drainBroker({ bootstrapServers, broker: id, signal, progress: handle.progress });
  if (isRunning(handle, id)) await stopNodes(handle, [id]);
  const rest = handle.record.nodes.filter((other) => other.id !== id);
  await unregisterBroker({
    bootstrapServers: await informedServers(handle, rest),
    broker: id,
    signal,
  });
  await removeWhatWasMade(handle, id);
}

/** Removes a stopped broker's files, its machine where it is alone on it, and it from the record. */
async function removeWhatWasMade(handle: ClusterHandle, id: number): Promise<void> {
  const node = handle.node(id);
  const machine = handle.machine(node);
  const data = join(handle.record.dataDirectory, nodeName(node));
  await removeFileSystemsUnder(data);
  for (const directory of [data, node.directory]) removeDirectory(directory);
  const { machines, nodes: before, id: clusterId } = handle.record;
  const nodes = before.filter((other) => other.id !== id);
  const isShared = nodes.some((other) => other.machine === machine.name);
  if (!isShared) {
    removeMachine(machine, switchNamespace(clusterId));
    removeGroup(machine);
  }
  handle.change({
    nodes,
    machines: isShared ? machines : machines.filter(({ name }) => name !== machine.name),
  });
}
