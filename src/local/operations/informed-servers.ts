/** Which brokers to ask: one that is cut off still answers us, but what it tells is old. */
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { brokersOf, managementServersOf, type NodeRecord } from '../cluster/record.ts';
import { cutAddresses } from '../hosts/cuts.ts';

/** `bootstrap.servers` for our own requests, those that are cut off from anybody last. */
export async function informedServers(
  handle: ClusterHandle,
  nodes: readonly NodeRecord[] = handle.record.nodes,
): Promise<string> {
  const record = { ...handle.record, nodes: [...nodes] };
  const cut = await Promise.all(
    brokersOf(record).map(async (node) => ({ node, cuts: await cutAddresses(handle.machine(node)) })),
  );
  const [whole, apart] = [0, 1].map((isCut) =>
    cut.filter(({ cuts }) => cuts.length > 0 === (isCut === 1)).map(({ node }) => node),
  );
  return managementServersOf({ ...record, nodes: [...whole, ...apart] });
}
