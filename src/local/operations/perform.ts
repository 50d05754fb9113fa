/** Carrying out an operation on a real cluster of this machine. */
import { UserError } from '../../errors/errors.ts';
import type { BrokerSelection, OperationBody } from '../../operations/operation.ts';
import { alterConfigs } from '../admin/configs.ts';
import { electLeaders } from '../admin/elect-leaders.ts';
import { clusterTrouble } from '../admin/kafka-error.ts';
import { reassignPartitions } from '../admin/reassign.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { brokersOf, machineOf } from '../cluster/record.ts';
import { informedServers } from './informed-servers.ts';
import { heal, isolate } from './isolation.ts';
import { limitMachines } from './limits.ts';
import { fillLogDir, makeLogDirReadOnly, repairLogDir, slowDisk } from './log-dirs.ts';
import { addBroker, removeBroker } from './membership.ts';
import {
  continueNodes,
  killNodes,
  pauseNodes,
  restartNodes,
  startNodesAgain,
  stopNodes,
} from './processes.ts';
import { buildOf, operationRefusal } from './refusals.ts';
import { rollingRestart, upgrade } from './rolling.ts';

/**
 * Carries out one operation and returns when it is done: a start when the broker is back, a reassignment when its replicas are.
 *
 * @throws UserError for what this cluster cannot do (exit 2), or what fails (exit 3)
 */
export async function perform(
  handle: ClusterHandle,
  operation: OperationBody,
  signal?: AbortSignal,
): Promise<void> {
  const refusal = operationRefusal(operation, buildOf(handle.record));
  if (refusal !== null) throw new UserError(`cluster ${handle.record.name}: ${refusal}`);
  const admin = { bootstrapServers: await informedServers(handle), signal };
  switch (operation.action) {
    case 'kill':
      return killNodes(handle, selected(handle, operation));
    case 'pause':
      return pauseNodes(handle, selected(handle, operation));
    case 'continue':
      return continueNodes(handle, selected(handle, operation));
    case 'start':
      return startNodesAgain(handle, selected(handle, operation), signal);
    case 'stop':
      return stopNodes(handle, selected(handle, operation));
    case 'restart':
      return restartNodes(handle, selected(handle, operation), { unclean: operation.unclean }, signal);
    case 'isolate':
      return isolate(handle, selected(handle, operation), operation.from, operation.direction);
    case 'heal':
      return heal(
        handle,
        operation.brokers === undefined && operation.zone === undefined
          ? handle.record.nodes.map(({ id }) => id)
          : selected(handle, operation),
      );
    case 'zoneLoss': {
      const ids = selected(handle, operation);
      await isolate(handle, ids, 'everything', 'both');
      return killNodes(handle, ids);
    }
    case 'limit':
      return limitMachines(handle, selected(handle, operation), operation);
    case 'fillLogDir':
      return fillLogDir(handle, selected(handle, operation), operation);
    case 'readOnlyLogDir':
      return makeLogDirReadOnly(handle, selected(handle, operation), operation.logDir);
    case 'repairLogDir':
      return repairLogDir(handle, selected(handle, operation), operation.logDir, signal);
    case 'slowDisk':
      return slowDisk(handle, selected(handle, operation), operation);
    case 'set':
      return alterConfigs({ ...admin, owner: ownerOf(operation), config: operation.config });
    case 'reassign':
      await reassignPartitions({
        ...admin,
        reassignments: [operation],
        throttleBytesPerSecond: operation.throttleBytesPerSecond,
        progress: handle.progress,
      });
      return;
    case 'elect':
      return elect(handle, operation, signal);
    case 'rollingRestart':
      return rollingRestart(handle, operation, signal);
    case 'upgrade':
      return upgrade(handle, operation, signal);
    case 'addBroker':
      return addBroker(handle, operation.broker, signal);
    case 'removeBroker':
      return removeBroker(handle, operation.broker, signal);
    case 'powerLoss':
      throw new Error('powerLoss is refused');
  }
}

async function elect(
  handle: ClusterHandle,
  { topic, partition, unclean }: Extract<OperationBody, { action: 'elect' }>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { failed } = await electLeaders({
    bootstrapServers: await informedServers(handle),
    signal,
    kind: unclean ? 'unclean' : 'preferred',
    ...(topic === undefined ? {} : { topic }),
    ...(partition === undefined ? {} : { partition }),
  });
  if (failed.length === 0) return;
  throw clusterTrouble(
    failed.map(
      ({ topic: of, partition: number, reason }) => `no leader was elected for ${of}-${number}: ${reason}`,
    ),
  );
}

function ownerOf({ topic, broker }: Extract<OperationBody, { action: 'set' }>) {
  if (topic !== undefined) return { kind: 'topic', topic } as const;
  return broker === undefined ? ({ kind: 'allBrokers' } as const) : ({ kind: 'broker', broker } as const);
}

/** @throws UserError for nodes and zones that are not there */
function selected(
  handle: ClusterHandle,
  { brokers, zone }: BrokerSelection | { readonly zone: string; readonly brokers?: undefined },
): number[] {
  const { record } = handle;
  if (zone !== undefined) {
    const ids = brokersOf(record)
      .filter((node) => machineOf(record, node).zone === zone)
      .map(({ id }) => id);
    if (ids.length === 0)
      throw new UserError(`cluster ${record.name}: expected a zone with brokers, found "${zone}"`);
    return ids;
  }
  const known = record.nodes.map(({ id }) => id);
  const unknown = (brokers ?? []).filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new UserError(
      `cluster ${record.name}: expected nodes out of ${known.join(', ')}, found ${unknown.join(', ')}`,
    );
  }
  return [...(brokers ?? [])];
}
