/** Builds the cluster that a scenario asks for on this machine, or takes a running one. */

import { type ClusterAccess, describeAccess, PLAINTEXT_ACCESS } from '../load/access/cluster-access.ts';
import type { TargetCluster } from '../load/cluster.ts';
import type { LoadPlace } from '../load/load-process.ts';
import { waitUntilQuiet } from '../local/admin/quiet.ts';
import { type LocalCluster, startLocalCluster } from '../local/cluster/local-cluster.ts';
import { loadPort, switchNamespace } from '../local/hosts/addresses.ts';
import { type KafkaJars, obtainKafkaJars } from '../local/kafka/jars.ts';
import { compareVersions } from '../local/kafka/kafka-version.ts';
import { endOffsetsByKafkaTool } from '../local/kafka/topic-offsets.ts';
import type { ObservedMachine } from '../local/observe/observer.ts';
import { perform } from '../local/operations/perform.ts';
import type { OperationBody } from '../operations/operation.ts';
import { clusterPath } from '../scenario/cluster-path.ts';
import { machineName } from '../scenario/machine-names.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { hasSasl, hasTls } from '../scenario/security-protocols.ts';
import { topicNames } from '../scenario/topic-names.ts';
import type { DrivenCluster } from './measure-phase.ts';
import { refuse } from './refusals.ts';
import { clientHosts, refuseToBuild, scenarioCluster } from './scenario-cluster.ts';

const QUIET_TIMEOUT_MS = 60_000;

export interface ClusterOptions {
  readonly loaded: LoadedScenario;
  /** A running cluster to drive instead of one of our own. */
  readonly bootstrapServer?: string;
  /** How to get into it: plain connections when left out. */
  readonly access?: ClusterAccess;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface OpenCluster extends DrivenCluster {
  /** The cluster that we started, or null. */
  readonly local: LocalCluster | null;
  /** Stops what we started; leaves a cluster that was there alone. */
  close(): Promise<void>;
}

/**
 * Starts the cluster that the scenario describes, or names the running one.
 *
 * @throws UserError for what a local cluster cannot honour (exit 2), or when it cannot be started (exit 3)
 */
export async function openCluster(options: ClusterOptions): Promise<OpenCluster> {
  const { loaded, bootstrapServer } = options;
  if (bootstrapServer !== undefined) {
    const { access = PLAINTEXT_ACCESS } = options;
    refuseOperations(loaded);
    refuseOtherAccess(loaded, access);
    return {
      bootstrapServers: bootstrapServer,
      access,
      management: { bootstrapServers: bootstrapServer, access },
      version: null,
      brokers: () => [],
      machines: [],
      places: [],
      jars: () => clientJars(loaded.scenario.clusters[0].kafka, options.progress),
      countRecords: null,
      quiet: null,
      operations: null,
      local: null,
      close: async () => undefined,
    };
  }
  refuseToBuild(loaded);
  const start = async (): Promise<StartedCluster> => {
    const local = await startLocalCluster({
      ...scenarioCluster(loaded.scenario),
      jmx: true,
      progress: options.progress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { local, access: await accessTo(local, loaded.scenario) };
  };
  return new ScenarioCluster(loaded.scenario, start, await start());
}

interface StartedCluster {
  readonly local: LocalCluster;
  readonly access: ClusterAccess;
}

async function accessTo(local: LocalCluster, scenario: Scenario): Promise<ClusterAccess> {
  if (scenario.clusters[0].security === undefined) return PLAINTEXT_ACCESS;
  // Reading key stores takes a library that a run without TLS need not load.
  const { readClientProperties } = await import('../load/access/client-properties.ts');
  return readClientProperties(local.clientProperties[0].path).access;
}

/** A cluster of our own, built as a scenario has it. */
class ScenarioCluster implements OpenCluster {
  readonly #scenario: Scenario;
  readonly #start: () => Promise<StartedCluster>;
  #started: StartedCluster;

  constructor(scenario: Scenario, start: () => Promise<StartedCluster>, started: StartedCluster) {
    this.#scenario = scenario;
    this.#start = start;
    this.#started = started;
  }

  get access(): ClusterAccess {
    return this.#started.access;
  }

  get #local(): LocalCluster {
    return this.#started.local;
  }

  get local(): LocalCluster {
    return this.#local;
  }

  get bootstrapServers(): string {
    return this.#local.bootstrapServers;
  }

  get management(): TargetCluster {
    return { bootstrapServers: this.#local.managementServers, access: PLAINTEXT_ACCESS };
  }

  get version(): string {
    return this.#local.version;
  }

  readonly brokers = () => this.#local.brokers;

  get machines(): ObservedMachine[] {
    const { record } = this.#local.handle;
    return record.machines.map(({ name, namespace, cgroup, limits, number }) => ({
      name,
      namespace,
      cgroup,
      limits,
      switchNamespace: namespace === null ? null : switchNamespace(record.id),
      switchPort: namespace === null ? null : loadPort(number),
    }));
  }

  /** Without machines of their own, brokers and load share this one: the load comes from this very process. */
  get places(): LoadPlace[] {
    const { machines } = this.#local.handle.record;
    if (machines.every(({ namespace, cgroup }) => namespace === null && cgroup === null)) return [];
    return clientHosts(this.#scenario).flatMap((host) =>
      Array.from({ length: host.count }, (_, machine) => ({
        host: host.name,
        machine,
        command: this.#local.commandOn(machineName(host, machine)),
      })),
    );
  }

  readonly jars = (): Promise<KafkaJars> => clientJars(this.#local.version, () => undefined);

  readonly countRecords = async (topic: string): Promise<number> => {
    const { jars, managementServers } = this.#local;
    const ends = await endOffsetsByKafkaTool(jars, managementServers, topic);
    return [...ends.values()].reduce((sum, offset) => sum + offset, 0);
  };

  readonly quiet = async (signal: AbortSignal | undefined): Promise<readonly string[]> => {
    const { handle, managementServers, brokers } = this.#local;
    const { restless } = await waitUntilQuiet({
      bootstrapServers: managementServers,
      signal,
      brokers,
      // A broker that does not run deletes nothing.
      logDirs: handle.record.nodes
        .filter(({ id }) => brokers.some((broker) => broker.id === id))
        .flatMap(({ logDirs }) => logDirs.map(({ path }) => path)),
      timeoutMs: QUIET_TIMEOUT_MS,
    });
    return restless;
  };

  readonly operations: DrivenCluster['operations'] = {
    perform: async (operation, signal) => {
      for (const single of singleTopics(this.#scenario, operation)) {
        await perform(this.#local.handle, single, signal);
      }
    },
    renew: async () => {
      await this.#local.stop();
      this.#started = await this.#start();
    },
  };

  close(): Promise<void> {
    return this.#local.stop();
  }
}

/** Perf tools know warm-ups and windows of a second since Kafka 4.2; newer clients speak to older brokers. */
const PERF_TOOLS_SINCE = '4.2.0';
const PERF_TOOLS = '4.3.1';

function clientJars(kafka: string, progress: (message: string) => void): Promise<KafkaJars> {
  const version = compareVersions(kafka, PERF_TOOLS_SINCE) < 0 ? PERF_TOOLS : kafka;
  return obtainKafkaJars({ version, progress });
}

/** An operation on a class of topics is one on each of them. */
function singleTopics(scenario: Scenario, operation: OperationBody): OperationBody[] {
  const topic = 'topic' in operation ? operation.topic : undefined;
  const topics = scenario.topics.find(({ name }) => name === topic);
  return topics === undefined
    ? [operation]
    : topicNames(topics).map((name) => ({ ...operation, topic: name }));
}

/** Clients get into a cluster that is there as we are told; the scenario may say otherwise. */
function refuseOtherAccess(loaded: LoadedScenario, access: ClusterAccess): void {
  const [cluster] = loaded.scenario.clusters;
  if (cluster.security === undefined) return;
  const { clients } = cluster.security;
  if (hasTls(clients) === (access.tls !== null) && hasSasl(clients) === (access.sasl !== null)) return;
  refuse(loaded, [
    {
      path: [...clusterPath(loaded.scenario, cluster), 'security'],
      message: `expected the properties of ${clients} clients, found ${describeAccess(access)}; give --command-config with security.protocol ${clients}, or leave security out`,
    },
  ]);
}

function refuseOperations(loaded: LoadedScenario): void {
  refuse(
    loaded,
    loaded.scenario.operations.map(({ action }, index) => ({
      path: ['operations', index, action],
      message:
        'operations are carried out on a cluster that is started for them alone; leave --bootstrap-server out, or the operations',
    })),
  );
}
