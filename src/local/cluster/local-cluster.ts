/** A real Kafka cluster on this machine: KRaft brokers on loopback, made for one run and removed after it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { type BrokerPlace, controllerCount, refuseOwnedProperties } from '../kafka/broker-files.ts';
import {
  type BrokerLaunch,
  formatBroker,
  type StartedBroker,
  spawnBroker,
  startError,
} from '../kafka/broker-process.ts';
import { type KafkaJars, obtainKafkaJars } from '../kafka/jars.ts';
import { waitUntilReady } from '../kafka/readiness.ts';
import type { StartFailure } from '../kafka/start-failure.ts';
import { onExit } from '../system/on-exit.ts';
import { requireDiskSpace } from './disk-space.ts';
import { freePorts, requireFreePorts } from './ports.ts';
import {
  type ClusterRecord,
  cleanStaleClusters,
  clusterDirectory,
  createCluster,
  logDirectory,
  newClusterRecord,
  removeCluster,
  removeClusterNow,
  saveCluster,
  stateRoot,
} from './state.ts';

export interface LocalClusterOptions {
  /** Kafka version, 3.9.x to 4.3.x. */
  readonly version: string;
  readonly brokers: number;
  /** Broker properties by Kafka's names, written to every server.properties verbatim. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether brokers carry the metrics agent. */
  readonly jmx: boolean;
  /** Where the data go, in a directory of their own; by default under the state root. */
  readonly directory?: string;
  /** Heap of each broker; by default 512 MiB for up to three brokers, 384 MiB beyond. */
  readonly heapMiB?: number;
  readonly name?: string;
  /** Port of broker 1, the next ports for the others; by default free ones are chosen. */
  readonly firstPort?: number;
  /** `detached` brokers stay when this process ends. */
  readonly mode?: ClusterRecord['mode'];
  /** Aborting stops and removes all that was started. */
  readonly signal?: AbortSignal;
  readonly progress: (message: string) => void;
  /** Chooses ports to try; free ones by default. */
  readonly choosePorts?: (count: number) => Promise<number[]>;
}

export interface LocalBroker {
  readonly id: number;
  readonly pid: number;
  readonly port: number;
  /** Null without a metrics agent. */
  readonly jolokiaUrl: string | null;
  readonly logDirectory: string;
  /** The name of this broker's process in results, `broker-<id>`. */
  readonly processName: string;
}

export interface LocalCluster {
  readonly name: string;
  readonly bootstrapServers: string;
  readonly brokers: readonly LocalBroker[];
  readonly version: string;
  readonly jars: KafkaJars;
  /** Holds all of its data; removed by `stop`. */
  readonly directory: string;
  /** Stops the brokers and removes their data; logs stay. Calling it again does nothing. */
  stop(): Promise<void>;
}

const START_ATTEMPTS = 3;
const BROKERS_MAX = 64;
const READY_TIMEOUT_MS = 90_000;
const READY_TIMEOUT_MS_PER_BROKER = 10_000;
const MANY_BROKERS = 3;

/**
 * Starts a cluster and waits until every broker answers and all are unfenced. Cleans up what crashed runs left first.
 *
 * @throws UserError for a property that is ours, a version that cannot be run or a configuration that Kafka refuses
 * (exit 2); for missing Java or Maven, a taken port, a full disk, a broker that dies or is not ready in time (exit 3).
 * Whatever was already started is then stopped and removed.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  requireStartable(options);
  for (const stale of await cleanStaleClusters()) {
    options.progress(`removed cluster ${stale.name}, left behind: ${stale.reason}`);
  }
  mkdirSync(stateRoot(), { recursive: true });
  if (options.directory !== undefined) mkdirSync(options.directory, { recursive: true });
  requireDiskSpace(options.directory ?? stateRoot());
  const jars = await obtainKafkaJars(options);
  for (let attempt = 1; ; attempt += 1) {
    const record = await planCluster(options, jars);
    createCluster(record.cluster);
    const outcome = await launchCluster(options, jars, record);
    if (!('failure' in outcome)) return outcome;
    if (outcome.failure.kind !== 'port' || options.firstPort !== undefined || attempt === START_ATTEMPTS) {
      throw startError(outcome.id, outcome.failure, logDirectory(record.cluster.name));
    }
    options.progress(`broker ${outcome.id} met a port taken meanwhile; trying others`);
  }
}

function requireStartable(options: LocalClusterOptions): void {
  if (process.platform !== 'linux') {
    throw new UserError(
      `a local cluster needs Linux (/proc), found ${process.platform}: give --bootstrap-server of a running cluster`,
      EXIT.clusterUnreachable,
    );
  }
  if (!Number.isInteger(options.brokers) || options.brokers < 1 || options.brokers > BROKERS_MAX) {
    throw new UserError(
      `brokers of a local cluster: expected a whole number from 1 to ${BROKERS_MAX}, found ${options.brokers}`,
    );
  }
  refuseOwnedProperties(options.config ?? {});
}

interface FailedStart {
  readonly id: number;
  readonly failure: StartFailure;
}

interface ClusterPlan {
  readonly cluster: ClusterRecord;
  readonly places: readonly BrokerPlace[];
}

async function planCluster(options: LocalClusterOptions, jars: KafkaJars): Promise<ClusterPlan> {
  const { brokers: count, firstPort } = options;
  const controllers = controllerCount(count);
  const withAgent = options.jmx && jars.jolokiaAgent !== null;
  const clientPorts =
    firstPort === undefined ? null : Array.from({ length: count }, (_, index) => firstPort + index);
  if (clientPorts !== null) await requireFreePorts(clientPorts);
  const chosen = await (options.choosePorts ?? freePorts)(3 * count);
  const places = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: clientPorts?.[index] ?? chosen[index],
    controllerPort: index < controllers ? chosen[count + index] : null,
  }));
  const name = options.name ?? `run-${process.pid}-${randomBytes(3).toString('hex')}`;
  const cluster = newClusterRecord({
    name,
    version: jars.version,
    dataDirectory:
      options.directory === undefined
        ? join(clusterDirectory(name), 'data')
        : join(resolve(options.directory), `brokertwin-${name}`),
    brokers: places.map(({ id, port }, index) => ({
      id,
      port,
      jolokiaPort: withAgent ? chosen[2 * count + index] : null,
      process: null,
    })),
  });
  return { cluster, places };
}

async function launchCluster(
  options: LocalClusterOptions,
  jars: KafkaJars,
  plan: ClusterPlan,
): Promise<LocalCluster | FailedStart> {
  let record = plan.cluster;
  const forget = onExit(() => removeClusterNow(record));
  const remove = async (): Promise<void> => {
    await removeCluster(record.name, record);
    forget();
  };
  try {
    const launches = brokerLaunches(options, jars, plan);
    options.progress(`formatting ${launches.length === 1 ? 'a broker' : `${launches.length} brokers`}`);
    await formatAll(launches, options.signal);
    options.progress(`starting Kafka ${jars.version}`);
    const started: StartedBroker[] = [];
    for (const launch of launches) {
      const broker = spawnBroker(launch);
      started.push(broker);
      record = withProcess(record, broker);
      saveCluster(record);
    }
    const failed = await readyOrFailed(started, record, options);
    if (failed !== null) {
      await remove();
      return failed;
    }
  } catch (error) {
    await remove();
    throw error;
  }
  if (options.mode === 'detached') {
    record = { ...record, mode: 'detached' };
    saveCluster(record);
    forget();
  }
  options.progress(`Kafka ${jars.version} is ready at ${bootstrapServersOf(record)}`);
  let stopped: Promise<void> | null = null;
  return {
    name: record.name,
    bootstrapServers: bootstrapServersOf(record),
    brokers: localBrokers(record),
    version: record.version,
    jars,
    directory: record.dataDirectory,
    stop: () => {
      stopped ??= remove();
      return stopped;
    },
  };
}

function brokerLaunches(options: LocalClusterOptions, jars: KafkaJars, plan: ClusterPlan): BrokerLaunch[] {
  const { cluster, places } = plan;
  const clusterId = newClusterId();
  return cluster.brokers.map((broker, index) => ({
    jars,
    clusterId,
    settings: {
      broker: places[index],
      cluster: places,
      dataDirectory: join(cluster.dataDirectory, `broker-${broker.id}`),
      config: options.config ?? {},
    },
    directory: join(clusterDirectory(cluster.name), `broker-${broker.id}`),
    logDirectory: brokerLogDirectory(cluster.name, broker.id),
    heapMiB: options.heapMiB ?? (options.brokers <= MANY_BROKERS ? 512 : 384),
    jolokiaPort: broker.jolokiaPort,
  }));
}

/** Formats all at once; a failure is only thrown when none is at work any more, so that nothing writes after a removal. */
async function formatAll(launches: readonly BrokerLaunch[], signal: AbortSignal | undefined): Promise<void> {
  const outcomes = await Promise.allSettled(launches.map((launch) => formatBroker(launch, signal)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Null when all are ready; else the first broker that failed, with its reason. */
async function readyOrFailed(
  started: readonly StartedBroker[],
  record: ClusterRecord,
  options: LocalClusterOptions,
): Promise<FailedStart | null> {
  const timeoutMs = READY_TIMEOUT_MS + READY_TIMEOUT_MS_PER_BROKER * started.length;
  const outcome = await waitUntilReady(
    record.brokers.map((broker) => broker.port),
    { timeoutMs, signal: options.signal, failure: () => firstFailure(started) },
  );
  if (outcome === null || 'failure' in outcome) return outcome;
  throw new UserError(
    `brokers on ports ${outcome.notReady.join(', ')} were not ready within ${timeoutMs / 1000} s: see ${logDirectory(record.name)}, and check that the machine is not overloaded`,
    EXIT.clusterUnreachable,
  );
}

function firstFailure(started: readonly StartedBroker[]): FailedStart | null {
  for (const broker of started) {
    const failure = broker.failure();
    if (failure !== null) return { id: broker.id, failure };
  }
  return null;
}

function withProcess(record: ClusterRecord, started: StartedBroker): ClusterRecord {
  return {
    ...record,
    brokers: record.brokers.map((broker) =>
      broker.id === started.id ? { ...broker, process: started.process } : broker,
    ),
  };
}

/** `bootstrap.servers` of a recorded cluster. */
export function bootstrapServersOf(record: ClusterRecord): string {
  return record.brokers.map((broker) => `127.0.0.1:${broker.port}`).join(',');
}

/** The brokers of a recorded cluster whose processes were started. */
function localBrokers(record: ClusterRecord): LocalBroker[] {
  return record.brokers.flatMap(({ id, port, jolokiaPort, process: identity }) =>
    identity === null
      ? []
      : [
          {
            id,
            pid: identity.pid,
            port,
            jolokiaUrl: jolokiaPort === null ? null : `http://127.0.0.1:${jolokiaPort}/jolokia`,
            logDirectory: brokerLogDirectory(record.name, id),
            processName: `broker-${id}`,
          },
        ],
  );
}

function brokerLogDirectory(name: string, id: number): string {
  return join(logDirectory(name), `broker-${id}`);
}

/** A random id as Kafka makes them: 16 bytes in base64url, never with a dash in front, which its tools take for an option. */
export function newClusterId(random: (bytes: number) => Buffer = randomBytes): string {
  for (;;) {
    const id = random(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
