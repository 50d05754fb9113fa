/**
 * The record of a cluster: all that a later process needs to look at it, operate on it and remove it. Written before what it
 * names is made, so that nothing is made that nobody knows of.
 */
import { z } from 'zod';
import { logDirFileSystem } from '../disk/file-system.ts';
import { machine } from '../hosts/machine.ts';
import { securityPlan } from '../security/security.ts';

const processIdentity = z.object({ pid: z.number().int().positive(), startedAt: z.string() });

const logDir = z.object({
  path: z.string(),
  /** The file system that it is alone on; null: a plain directory. */
  fileSystem: logDirFileSystem.nullable(),
});

const node = z.object({
  /** Kafka's node.id: brokers 1, 2, ..., separate controllers 101, 102, ... */
  id: z.number().int().positive(),
  roles: z.array(z.enum(['broker', 'controller'])),
  /** Name of the machine that it runs on. */
  machine: z.string(),
  /** Kafka version. */
  version: z.string(),
  heapMiB: z.number().int().positive(),
  /** Broker's listeners for clients, the first one for `bootstrapServers`. */
  listeners: z.array(
    z.object({ name: z.enum(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']), port: z.number().int() }),
  ),
  /** Listener for our own requests; the same as a client listener on loopback. */
  managementPort: z.number().int().nullable(),
  /** Of the controller in it, or null; its address is its own, so that controllers can be cut off alone. */
  controller: z.object({ address: z.string(), port: z.number().int() }).nullable(),
  jolokiaPort: z.number().int().nullable(),
  /** Where its configuration is. */
  directory: z.string(),
  logDirs: z.array(logDir),
  /** Null before it was started and after it was stopped. */
  process: processIdentity.nullable(),
});

const FORMAT = 'brokertwin.cluster/2';

export const clusterRecord = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  /** Part of the names of all that is made on the machine for it: 8 hexadecimal digits, different for every cluster directory. */
  id: z.string(),
  /** `attached` belongs to the command that runs it and ends with it; `detached` stays until it is taken down. */
  mode: z.enum(['attached', 'detached']),
  createdAt: z.string(),
  owner: processIdentity,
  dataDirectory: z.string(),
  /** Kafka's own id of the cluster. */
  kafkaClusterId: z.string(),
  /** Kafka release that the storage was formatted for, such as 4.3: no older broker can join. */
  releaseVersion: z.string(),
  /** `subnet` is k of 198.18.k.0/24 and 198.19.k.0/24. */
  network: z.union([
    z.object({ kind: z.literal('loopback') }),
    z.object({ kind: z.literal('shaped'), subnet: z.number().int(), switch: z.string() }),
  ]),
  machines: z.array(machine),
  nodes: z.array(node),
  /** Which of the listeners the brokers use between themselves. */
  interBrokerListener: z.string(),
  security: securityPlan,
  /** Where OAUTHBEARER's tokens come from; null without. */
  tokenIssuer: z.object({ url: z.string(), process: processIdentity }).nullable(),
  /** Broker properties by Kafka's names, as the user stated them. */
  config: z.record(z.string(), z.string()),
  /** The library that slows disks; null when the brokers run without it. */
  diskShim: z.object({ library: z.string() }).nullable(),
});

export type ClusterRecord = z.infer<typeof clusterRecord>;
export type NodeRecord = ClusterRecord['nodes'][number];

const anyFormat = z.object({ format: z.string() });

/** The format that the content of a record names, where it is not ours; null else. */
export function otherFormatOf(content: unknown): string | null {
  const parsed = anyFormat.safeParse(content);
  return parsed.success && parsed.data.format !== FORMAT ? parsed.data.format : null;
}

/** The nodes that are brokers. */
export function brokersOf(record: ClusterRecord): NodeRecord[] {
  return record.nodes.filter(({ roles }) => roles.includes('broker'));
}

/** The machine that a node runs on. */
export function machineOf(record: ClusterRecord, node: Pick<NodeRecord, 'machine'>) {
  const found = record.machines.find(({ name }) => name === node.machine);
  if (found === undefined) throw new Error(`cluster ${record.name} has no machine ${node.machine}`);
  return found;
}

/** `bootstrap.servers` for clients: the first listener of each broker. */
export function bootstrapServersOf(record: ClusterRecord): string {
  return brokersOf(record)
    .map((node) => `${machineOf(record, node).address}:${node.listeners[0].port}`)
    .join(',');
}

/** `bootstrap.servers` for our own requests, which do not pass the machines' NICs. */
export function managementServersOf(record: ClusterRecord): string {
  return brokersOf(record)
    .map((node) => `${machineOf(record, node).managementAddress}:${node.managementPort}`)
    .join(',');
}
