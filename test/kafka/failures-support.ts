/** Clusters whose brokers are killed, stopped and started, for the tests of failures. */
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import type { OperationBody, TimedOperation } from '../../src/operations/operation.ts';
import { brokerConfig, topicConfig } from '../../src/scenario/kafka-defaults.ts';
import { type Small, US } from './support.ts';

export function at(atMs: number, operation: OperationBody): TimedOperation {
  return { ...operation, cluster: 'cluster', instance: 1, atMs };
}

export const kill = (atMs: number, ...brokers: number[]) => at(atMs, { action: 'kill', brokers });
export const stop = (atMs: number, ...brokers: number[]) => at(atMs, { action: 'stop', brokers });
export const start = (atMs: number, ...brokers: number[]) => at(atMs, { action: 'start', brokers });

export function topic(
  partitions: number,
  replicationFactor: number,
  minInSyncReplicas = 1,
  flushMessages: number | null = null,
) {
  const broker = { config: brokerConfig({}, '4.3'), stated: {} };
  return {
    partitions,
    replicationFactor,
    config: topicConfig(
      { 'min.insync.replicas': minInSyncReplicas, 'flush.messages': flushMessages },
      broker,
    ),
  };
}

export const COSTS = {
  'link.latencyNs': 100 * US,
  'broker.network.perRequestNs': 30 * US,
  'broker.handler.producePerRequestNs': 40 * US,
  'broker.handler.fetchPerRequestNs': 20 * US,
  'broker.fetcher.perRequestNs': 50 * US,
} as const;

export const SLOW_DISK = {
  readBytesPerSecond: 20_000_000,
  writeBytesPerSecond: 20_000_000,
  operationsPerSecond: 1000,
  syncUs: 2000,
};

/** Three brokers, everything on all of them, a producer and a group. */
export function three(changes: Small = {}): Small {
  return {
    brokers: 3,
    cores: 8,
    topics: [topic(6, 3, 2)],
    producers: [{ config: { acks: 'all', 'linger.ms': 5 } }],
    consumers: [{ count: 2 }],
    phase: { durationMs: 40_000 },
    costs: COSTS,
    ...changes,
  };
}

/** Replication throttles: rates of all brokers (bytes per second; null: none) and the topic's replicas, on both sides. */
export const throttle = (atMs: number, bytesPerSecond: number | null, replicas = '*') => {
  const text = bytesPerSecond === null ? null : String(bytesPerSecond);
  const sides = (property: string, value: string | null) => ({
    [`leader.replication.throttled.${property}`]: value,
    [`follower.replication.throttled.${property}`]: value,
  });
  return [
    at(atMs, { action: 'set', topic: 'orders', config: sides('replicas', replicas) }),
    at(atMs, { action: 'set', config: sides('rate', text) }),
  ];
};

export const leaders = (model: ClusterModel): number[] =>
  Array.from({ length: model.parts.topology.partitions.length }, (_, partition) =>
    model.failures.leadership.leader(partition),
  );

/** The batches that were acknowledged to producers, and those that consumers read, by what is in them. */
export function watch(model: ClusterModel) {
  const acknowledged = new Set<string>();
  const read = new Set<string>();
  const { recorder, batches } = model;
  const batchDone = recorder.batchDone.bind(recorder);
  recorder.batchDone = (classIndex, isConsumer, batch, firstNs, lastNs) => {
    const of = [batches.partition, batches.firstDueNs, batches.lastDueNs, batches.records];
    (isConsumer ? read : acknowledged).add(of.map(({ data }) => data[batch]).join(' '));
    batchDone(classIndex, isConsumer, batch, firstNs, lastNs);
  };
  return { acknowledged, read };
}
