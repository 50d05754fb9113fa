/** From a scenario to the local cluster that it describes, and what of it cannot be built on this machine. */
import { availableParallelism, totalmem } from 'node:os';
import type { LocalClusterOptions, MachineSpec } from '../local/cluster/cluster-options.ts';
import { oldestVersion, releaseOf } from '../local/kafka/kafka-version.ts';
import { operationRefusal } from '../local/operations/refusals.ts';
import { machineName } from '../scenario/machine-names.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { ClusterTemplate, HostGroup, Scenario } from '../scenario/scenario.ts';
import { type Refusal, refuse } from './refusals.ts';

const SEPARATE_CONTROLLERS = [1, 3, 5];
const GIB = 1024 ** 3;

/** What a local cluster for the scenario is to be like; its name, place and progress are the caller's. */
export type ScenarioCluster = Pick<
  LocalClusterOptions,
  | 'version'
  | 'brokers'
  | 'combinedControllers'
  | 'separateControllers'
  | 'network'
  | 'brokerMachines'
  | 'controllerMachines'
  | 'clientMachines'
  | 'listeners'
  | 'interBrokerListener'
  | 'saslMechanisms'
  | 'config'
  | 'diskShim'
  | 'dataBytes'
>;

/** The cluster of a scenario that `refuseToBuild` has nothing against. */
export function scenarioCluster(scenario: Scenario): ScenarioCluster {
  const [cluster] = scenario.clusters;
  const { mode, count, host } = cluster.controllers;
  const controllers = scenario.hosts.find(({ name }) => name === host);
  return {
    version: cluster.kafkaVersions,
    brokers: cluster.brokers.count,
    ...(mode === 'separate' ? { separateControllers: count } : { combinedControllers: count }),
    network: isShaped(scenario) ? 'shaped' : 'loopback',
    brokerMachines: machinesOf(hostGroup(scenario, cluster.brokers.host)),
    ...(controllers === undefined ? {} : { controllerMachines: machinesOf(controllers) }),
    clientMachines: clientHosts(scenario).flatMap(machinesOf),
    ...listenersOf(cluster),
    config: cluster.brokers.stated,
    diskShim: needsDiskShim(scenario),
    dataBytes: scenario.topics.reduce(
      (sum, { count, replicationFactor, history }) => sum + count * replicationFactor * (history?.bytes ?? 0),
      0,
    ),
  };
}

/** The clients' listener first. */
function listenersOf({
  security,
}: ClusterTemplate): Pick<LocalClusterOptions, 'listeners' | 'interBrokerListener' | 'saslMechanisms'> {
  if (security === undefined) return {};
  const { clients, brokers, saslMechanism } = security;
  return {
    listeners: [...new Set([clients, brokers])],
    interBrokerListener: brokers,
    saslMechanisms: saslMechanism === undefined ? [] : [saslMechanism],
  };
}

/** Host groups that producers or consumers run on. */
export function clientHosts(scenario: Scenario): HostGroup[] {
  const names = new Set([...scenario.producers, ...scenario.consumers].map(({ host }) => host));
  return scenario.hosts.filter(({ name }) => names.has(name));
}

/** @throws UserError (exit 2), a positioned line for everything in the scenario that a cluster on this machine cannot have */
export function refuseToBuild(loaded: LoadedScenario): void {
  const { scenario } = loaded;
  const [cluster] = scenario.clusters;
  refuse(loaded, [
    ...clustersRefusals(scenario),
    ...scenario.hosts.flatMap(hostRefusals),
    ...controllerRefusals(scenario, cluster),
    ...linkRefusals(scenario),
    ...operationRefusals(scenario, cluster),
  ]);
}

function clustersRefusals({ clusters }: Scenario): Refusal[] {
  const count = clusters.reduce((sum, cluster) => sum + cluster.count, 0);
  if (count === 1) return [];
  return [
    {
      path: ['clusters'],
      message: `one cluster can be built on this machine, found ${count}; keep one, or simulate`,
    },
  ];
}

function hostRefusals({ name, hardware }: HostGroup): Refusal[] {
  const cores = availableParallelism();
  const at = (key: string, message: string): Refusal => ({ path: ['hosts', name, key], message });
  return [
    ...(hardware.diskWriteBytesPerSecond === null && hardware.disk === undefined
      ? []
      : [
          at(
            'disk',
            'a cluster on this machine cannot limit what is written to disk; leave disk out, give --bootstrap-server of such a cluster, or simulate',
          ),
        ]),
    ...(hardware.cores !== null && hardware.cores > cores
      ? [
          at(
            'cores',
            `this machine has ${cores} cores, found ${hardware.cores}; give at most ${cores}, or simulate`,
          ),
        ]
      : []),
    ...(hardware.memoryBytes !== null && hardware.memoryBytes > totalmem()
      ? [
          at(
            'memory',
            `this machine has ${(totalmem() / GIB).toFixed(1)} GiB, found ${(hardware.memoryBytes / GIB).toFixed(1)} GiB; give less, or simulate`,
          ),
        ]
      : []),
  ];
}

function controllerRefusals(scenario: Scenario, { name, controllers }: ClusterTemplate): Refusal[] {
  if (controllers.mode !== 'separate' || SEPARATE_CONTROLLERS.includes(controllers.count)) return [];
  const path = scenario.clusters.length === 1 ? ['cluster'] : ['clusters', name];
  return [
    {
      path: [...path, 'controllers', 'count'],
      message: `a cluster on this machine has ${SEPARATE_CONTROLLERS.join(', ')} controllers of their own, found ${controllers.count}`,
    },
  ];
}

function linkRefusals(scenario: Scenario): Refusal[] {
  return scenario.links.map((_, index) => ({
    path: ['links', index],
    message: 'a cluster on this machine has one data centre; leave links out, or simulate',
  }));
}

function operationRefusals(scenario: Scenario, cluster: ClusterTemplate): Refusal[] {
  const host = hostGroup(scenario, cluster.brokers.host);
  const { mode, count } = cluster.controllers;
  const combined = mode === 'combined' ? count : 0;
  const build = {
    shaped: isShaped(scenario),
    diskShim: needsDiskShim(scenario),
    ownFileSystems: host.logDirs.bytes !== null,
    quotas: isShaped(scenario) || host.hardware.cores !== null || host.hardware.memoryBytes !== null,
    controllers: Array.from({ length: combined }, (_, index) => index + 1),
    releaseVersion: releaseOf(oldestVersion(cluster.kafkaVersions)),
  };
  return scenario.operations.flatMap((operation, index) => {
    const message = operationRefusal(operation, build);
    return message === null ? [] : [{ path: ['operations', index, operation.action], message }];
  });
}

/** Machines of their own, or a NIC with limits, need a network of their own. */
function isShaped(scenario: Scenario): boolean {
  const used = new Set(
    [
      scenario.clusters[0].brokers.host,
      scenario.clusters[0].controllers.host,
      ...clientHosts(scenario).map(({ name }) => name),
    ].filter((name) => name !== null),
  );
  const hosts = scenario.hosts.filter(({ name }) => used.has(name));
  const machines = hosts.reduce((sum, { count }) => sum + count, 0);
  return (
    machines > 1 ||
    hosts.some(({ hardware }) => hardware.nicBytesPerSecond !== null || hardware.latencyMs !== undefined)
  );
}

function needsDiskShim(scenario: Scenario): boolean {
  return scenario.operations.some(({ action }) => action === 'slowDisk');
}

/** @throws Error when the scenario has no such host group */
export function hostGroup(scenario: Scenario, name: string): HostGroup {
  const host = scenario.hosts.find((entry) => entry.name === name);
  if (host === undefined) throw new Error(`the scenario has no host ${name}`);
  return host;
}

function machinesOf(host: HostGroup): MachineSpec[] {
  const { hardware, zones, racks } = host;
  return Array.from({ length: host.count }, (_, index) => {
    const zone = zones.length === 0 ? null : zones[index % zones.length];
    return {
      name: machineName(host, index),
      zone,
      rack: racks.length === 0 ? zone : racks[index % racks.length],
      limits: {
        nicBytesPerSecond: hardware.nicBytesPerSecond,
        nicBufferBytes: hardware.nicBufferBytes,
        latencyMs: hardware.latencyMs ?? null,
        cores: hardware.cores,
        memoryBytes: hardware.memoryBytes,
      },
      logDirs: host.logDirs,
    };
  });
}
