/** What a local cluster is to be like. */
import { EXIT, UserError } from '../../errors/errors.ts';
import type { SaslMechanism, SecurityProtocol } from '../../scenario/security-protocols.ts';
import { BROKER_MACHINES_MAX, CLIENT_MACHINES_MAX } from '../hosts/addresses.ts';
import { type MachineLimits, UNLIMITED } from '../hosts/machine.ts';
import { refuseOwnedProperties } from '../kafka/broker-files.ts';
import { parseKafkaVersion } from '../kafka/kafka-version.ts';
import { BEYOND_HEAP_MIB } from './memory-space.ts';

export interface MachineSpec {
  readonly name: string;
  readonly zone: string | null;
  /** `broker.rack` of its brokers. */
  readonly rack: string | null;
  readonly limits: MachineLimits;
  readonly logDirs: LogDirsSpec;
}

/** Log dirs of each broker on a machine. */
export interface LogDirsSpec {
  readonly count: number;
  /** Size of the file system that each is; null: plain directories. */
  readonly bytes: number | null;
}

export type ListenerProtocol = SecurityProtocol;

export const DEFAULT_LISTENERS: readonly ListenerProtocol[] = ['PLAINTEXT'];

export const ONE_PLAIN_LOG_DIR: LogDirsSpec = { count: 1, bytes: null };

/** A machine that nothing limits. */
export function unlimitedMachine(name: string): MachineSpec {
  return { name, zone: null, rack: null, limits: UNLIMITED, logDirs: ONE_PLAIN_LOG_DIR };
}

export interface LocalClusterOptions {
  /** Kafka version, 3.9.1 to 4.3.x, of all, or of the brokers in turn (the controllers get the newest). */
  readonly version: string | readonly string[];
  readonly brokers: number;
  /** Brokers that are controllers too: 1 or 3 of them by default. */
  readonly combinedControllers?: number;
  /** Controllers in processes of their own, 1, 3 or 5, in place of those in the brokers. */
  readonly separateControllers?: number;
  /** `shaped`: every machine in a network namespace of its own. By default `loopback`. */
  readonly network?: 'loopback' | 'shaped';
  /** Machines of the brokers, which are spread over them in turn. By default one for each broker, without limits. */
  readonly brokerMachines?: readonly MachineSpec[];
  /** Machines of separate controllers. By default one for each, without limits. */
  readonly controllerMachines?: readonly MachineSpec[];
  /** Machines of the clients; one of a broker's name is that one. By default one named client-1, without limits. */
  readonly clientMachines?: readonly MachineSpec[];
  /** Listeners of the brokers, named by their protocols; clients get the first one's addresses. By default PLAINTEXT. */
  readonly listeners?: readonly ListenerProtocol[];
  /** By default the first one. */
  readonly interBrokerListener?: ListenerProtocol;
  /** Offered on every listener with SASL. */
  readonly saslMechanisms?: readonly SaslMechanism[];
  /** Of OAUTHBEARER's tokens; an hour by default. */
  readonly tokenLifetimeSeconds?: number;
  /** Broker properties by Kafka's names, written to every server.properties verbatim. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether brokers carry the metrics agent. */
  readonly jmx: boolean;
  /** Whether disks can be slowed while the cluster runs. */
  readonly diskShim?: boolean;
  /** How much its brokers are going to hold at least, all together. */
  readonly dataBytes?: number;
  /** Where the data go, in a directory of their own; by default under the state root. */
  readonly directory?: string;
  /** Heap of each broker; by default 512 MiB for up to three brokers, 384 MiB beyond. */
  readonly heapMiB?: number;
  readonly name?: string;
  /** `detached` brokers stay when this process ends. */
  readonly mode?: 'attached' | 'detached';
  /** Aborting stops and removes all that was started. */
  readonly signal?: AbortSignal;
  readonly progress: (message: string) => void;
  /** Chooses ports to try on loopback; free ones by default. */
  readonly choosePorts?: (count: number) => Promise<number[]>;
}

const CONTROLLER_COUNTS = [1, 3, 5];
const MIB = 1024 ** 2;

/** Versions of the brokers in order. */
export function brokerVersions(options: Pick<LocalClusterOptions, 'version' | 'brokers'>): string[] {
  const stated = [options.version].flat();
  return Array.from({ length: options.brokers }, (_, index) => stated[index % stated.length]);
}

/** Heap of each broker in MiB. */
export function heapMiBOf(options: Pick<LocalClusterOptions, 'heapMiB' | 'brokers'>): number {
  return options.heapMiB ?? (options.brokers <= 3 ? 512 : 384);
}

/**
 * Checks what can be seen from the options alone; all problems at once.
 *
 * @throws UserError (exit 2; exit 3 on an operating system other than Linux)
 */
export function requireBuildable(options: LocalClusterOptions): void {
  if (process.platform !== 'linux') {
    throw new UserError(
      `a local cluster needs Linux (/proc), found ${process.platform}: give --bootstrap-server of a running cluster`,
      EXIT.clusterUnreachable,
    );
  }
  const problems = [
    ...problemsOf(() => refuseOwnedProperties(options.config ?? {})),
    ...[options.version].flat().flatMap((version) => problemsOf(() => parseKafkaVersion(version))),
    ...countProblems(options),
    ...machineProblems(options),
  ];
  if (problems.length > 0) throw new UserError(problems);
}

/** The lines of a check that throws them. */
function problemsOf(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.lines;
    throw error;
  }
}

function countProblems(options: LocalClusterOptions): string[] {
  const { brokers, separateControllers: controllers } = options;
  const problems: string[] = [];
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > BROKER_MACHINES_MAX) {
    problems.push(
      `brokers of a local cluster: expected a whole number from 1 to ${BROKER_MACHINES_MAX}, found ${brokers}`,
    );
  }
  if (controllers !== undefined && !CONTROLLER_COUNTS.includes(controllers)) {
    problems.push(`separate controllers: expected ${CONTROLLER_COUNTS.join(', ')}, found ${controllers}`);
  }
  const versions = [options.version].flat();
  if (versions.length > 1 && versions.length !== brokers) {
    problems.push(
      `Kafka versions: expected one, or one for each of the ${brokers} brokers, found ${versions.length}`,
    );
  }
  const clients = options.clientMachines?.length ?? 0;
  if (clients > CLIENT_MACHINES_MAX) {
    problems.push(`client machines: expected at most ${CLIENT_MACHINES_MAX}, found ${clients}`);
  }
  return problems;
}

function machineProblems(options: LocalClusterOptions): string[] {
  const loopback = (options.network ?? 'loopback') === 'loopback';
  const heap = heapMiBOf(options);
  const machines = [
    ...(options.brokerMachines ?? []),
    ...(options.controllerMachines ?? []),
    ...(options.clientMachines ?? []),
  ];
  return [
    ...machines.flatMap(({ name, limits }) =>
      loopback && (limits.nicBytesPerSecond !== null || limits.latencyMs !== null)
        ? [`machine ${name}: a NIC has limits on --network shaped alone, found --network loopback`]
        : [],
    ),
    ...(options.brokerMachines ?? []).flatMap(({ name, limits }, index, all) => {
      const brokers = Math.ceil((options.brokers - index) / all.length);
      const needed = brokers * (heap + BEYOND_HEAP_MIB);
      return limits.memoryBytes !== null && limits.memoryBytes < needed * MIB
        ? [
            `machine ${name}: expected memory of at least ${needed} MiB for ${brokers === 1 ? 'its broker' : `its ${brokers} brokers`} (heap ${heap} MiB and ${BEYOND_HEAP_MIB} MiB beside it each), found ${Math.floor(limits.memoryBytes / MIB)} MiB: give it more, or a smaller heap`,
          ]
        : [];
    }),
  ];
}
