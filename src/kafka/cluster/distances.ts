/**
 * How far the two ends of a connection are apart, from what a scenario states: latencies of hosts, and links that mirrors
 * read over. Connections of which nothing is stated are near: the profile's latency alone, and windows that only full lines feel.
 *
 * A mirror stands beside the cluster that it writes to. Its reading half is simulated with the cluster that it reads from,
 * on a clock that is the link's latency L behind: a request takes 2 L, a response none, and what was read is handed to the
 * other half with L. So all that happens at the source happens at its time, and what is written at its own.
 */
import type { Flow } from '../../hardware/flow-ends.ts';
import { windowBytes } from '../../hardware/tcp-windows.ts';
import { NS_PER_MS } from '../../kernel/time.ts';
import type { BrokerConfig } from '../../scenario/kafka-defaults.ts';
import type { Link, Mirror, Scenario } from '../../scenario/scenario.ts';
import type { Broker } from '../broker/broker.ts';
import type { Costs } from '../costs.ts';
import { hostGroupOf } from './lay-out-hosts.ts';
import type { Topology } from './topology.ts';

/** How the sockets of one end are set; -1 leaves a buffer to the system. */
export interface Sockets {
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
}

type Way = Pick<Flow, 'latencyNs' | 'distance' | 'windowBytes' | 'link'>;

/** The ways of a connection's requests and responses. */
export interface Ways {
  readonly request: Way;
  readonly response: Way;
}

export const LEFT_TO_THE_SYSTEM: Sockets = { sendBufferBytes: -1, receiveBufferBytes: -1 };
const NEAR: Ways = { request: {}, response: {} };

/** Of clients of Kafka's own; our generator leaves its sockets to the system. */
export function clientSockets(config: {
  readonly 'send.buffer.bytes': number;
  readonly 'receive.buffer.bytes': number;
}): Sockets {
  return {
    sendBufferBytes: config['send.buffer.bytes'],
    receiveBufferBytes: config['receive.buffer.bytes'],
  };
}

/** Followers set what they receive with (ReplicaFetcherBlockingSend.scala). */
export function followerSockets(config: BrokerConfig): Sockets {
  return { ...LEFT_TO_THE_SYSTEM, receiveBufferBytes: config['replica.socket.receive.buffer.bytes'] };
}

/** What a host adds to the way of what it sends to others. */
export interface Place {
  readonly statedNs: number;
  /** The profile's. */
  readonly ownNs: number;
}

/** A link, with its number in the scenario. */
export type LinkTo = Link & { readonly index: number };

/** Of every host, in the topology's order. */
export function placesOf(scenario: Scenario, { hosts }: Topology, costs: readonly Costs[]): Place[] {
  return hosts.map(({ group }, host) => ({
    statedNs: (hostGroupOf(scenario, group).hardware.latencyMs ?? 0) * NS_PER_MS,
    ownNs: costs[host].linkLatencyNs,
  }));
}

/** @param options.over the link that the client reads over */
export function waysOf(options: {
  readonly hosts: readonly Place[];
  readonly clientHost: number;
  readonly broker: Pick<Broker, 'host' | 'config'>;
  readonly sockets: Sockets;
  readonly over: LinkTo | undefined;
}): Ways {
  const { hosts, clientHost, broker, sockets, over } = options;
  if (clientHost === broker.host) return NEAR;
  const [client, server] = [hosts[clientHost], hosts[broker.host]];
  const linkNs = 2 * (over?.latencyMs ?? 0) * NS_PER_MS;
  const statedNs = client.statedNs + server.statedNs + linkNs;
  const requestWindow = windowBytes(sockets.sendBufferBytes, broker.config['socket.receive.buffer.bytes']);
  const responseWindow = windowBytes(broker.config['socket.send.buffer.bytes'], sockets.receiveBufferBytes);
  if (statedNs === 0) {
    return { request: { windowBytes: requestWindow }, response: { windowBytes: responseWindow } };
  }
  const roundTripNs = statedNs + client.ownNs + server.ownNs;
  return {
    request: {
      latencyNs: client.statedNs + linkNs,
      distance: { roundTripNs, windowBytes: requestWindow },
    },
    response: {
      latencyNs: server.statedNs,
      ...(over === undefined ? {} : { link: over.index }),
      distance: { roundTripNs, windowBytes: responseWindow },
    },
  };
}

/** The link that a mirror crosses, and its number in the scenario. */
export function mirrorLink(scenario: Scenario, mirror: Mirror): LinkTo {
  const dataCentreOf = (name: string): string | null =>
    scenario.clusters.find((cluster) => cluster.name === name)?.dataCentre ?? null;
  const ends = [dataCentreOf(mirror.from), dataCentreOf(mirror.to)];
  const index = scenario.links.findIndex(({ between }) =>
    ends.every((end) => end !== null && between.includes(end)),
  );
  if (index < 0) throw new Error(`no link joins the data centres of mirror ${mirror.name}`);
  return { index, ...scenario.links[index] };
}
