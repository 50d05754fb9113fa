/** What cannot be done to a real cluster on this machine, or not to one built like this; each with what to do instead. */
import type { OperationBody } from '../../operations/operation.ts';
import { brokersOf, type ClusterRecord, machineOf } from '../cluster/record.ts';
import { BROKER_MACHINES_MAX } from '../hosts/addresses.ts';
import { compareVersions, parseKafkaVersion, releaseOf } from '../kafka/kafka-version.ts';

/** How a cluster is built, as far as operations depend on it. */
export interface ClusterBuild {
  readonly shaped: boolean;
  readonly diskShim: boolean;
  /** Log dirs are file systems of their own. */
  readonly ownFileSystems: boolean;
  /** The brokers' machines have control groups. */
  readonly quotas: boolean;
  /** Brokers that are controllers too. */
  readonly controllers: readonly number[];
  /** Kafka release that the storage was formatted for, such as 4.3. */
  readonly releaseVersion: string;
}

export function buildOf(record: ClusterRecord): ClusterBuild {
  const brokers = brokersOf(record);
  return {
    shaped: record.network.kind === 'shaped',
    diskShim: record.diskShim !== null,
    ownFileSystems: brokers.every(({ logDirs }) => logDirs.every(({ fileSystem }) => fileSystem !== null)),
    quotas: brokers.every((node) => machineOf(record, node).cgroup !== null),
    controllers: brokers.filter(({ controller }) => controller !== null).map(({ id }) => id),
    releaseVersion: record.releaseVersion,
  };
}

/** Why an operation cannot be carried out on a cluster built like this, with what to do; null when it can. */
export function operationRefusal(operation: OperationBody, build: ClusterBuild): string | null {
  switch (operation.action) {
    case 'powerLoss':
      return 'a real cluster on one machine cannot lose power: what a killed process has written stays in the page cache; use kill, or simulate';
    case 'isolate':
    case 'heal':
    case 'zoneLoss':
      return build.shaped
        ? null
        : `${operation.action} needs machines with a network of their own: use a shaped network (--network shaped, or hosts of their own)`;
    case 'limit':
      if (operation.nicBytesPerSecond !== undefined && !build.shaped) {
        return 'a NIC is limited on a shaped network alone (--network shaped, or hosts of their own)';
      }
      return operation.cores !== undefined && !build.quotas
        ? 'cores are limited on a shaped network, or where a CPU quota was set at the start (--cpu)'
        : null;
    case 'fillLogDir':
    case 'readOnlyLogDir':
    case 'repairLogDir':
      return build.ownFileSystems
        ? null
        : `${operation.action} needs log dirs with file systems of their own: give them a size (--log-dir-size, or logDirs of the host)`;
    case 'slowDisk':
      return build.diskShim ? null : 'slowDisk needs brokers that were started for it (--slow-disks)';
    case 'addBroker':
      return operation.broker > BROKER_MACHINES_MAX
        ? `brokers have ids from 1 to ${BROKER_MACHINES_MAX}, found ${operation.broker}`
        : null;
    case 'removeBroker':
      return build.controllers.includes(operation.broker)
        ? `broker ${operation.broker} is a controller too, whose quorum is fixed: remove another one, or use separate controllers`
        : null;
    case 'upgrade':
      return upgradeRefusal(operation.kafka, build.releaseVersion);
    default:
      return null;
  }
}

function upgradeRefusal(version: string, releaseVersion: string): string | null {
  parseKafkaVersion(version);
  return compareVersions(releaseOf(version), releaseVersion) < 0
    ? `Kafka ${version} is older than ${releaseVersion}, for which the cluster's storage was made: start the cluster with Kafka ${version}, or with both versions`
    : null;
}
