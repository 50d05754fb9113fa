/** The options of `cluster up`: what the cluster is to be like. */
import type { InferredOptionTypes } from 'yargs';
import { UserError } from '../errors/errors.ts';
import {
  DEFAULT_LISTENERS,
  type ListenerProtocol,
  type LocalClusterOptions,
  type MachineSpec,
  unlimitedMachine,
} from '../local/cluster/cluster-options.ts';
import type { SaslMechanism } from '../scenario/security-protocols.ts';
import { type Parsed, parseByteRate, parseBytes, parseDurationMs, parseNumber } from '../scenario/units.ts';
import { list, quantityOf, stated, wholeNumber } from './options.ts';

const LISTENERS: readonly ListenerProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const MECHANISMS: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
const MS_PER_SECOND = 1000;
const KAFKA = '4.3.1';

const text = (describe: string) => ({ describe, type: 'string', requiresArg: true }) as const;
const whole = (option: string, describe: string) =>
  ({ ...text(describe), coerce: wholeNumber(option, 1) }) as const;
const quantity = (option: string, describe: string, parse: (input: unknown) => Parsed<number>) =>
  ({ ...text(describe), coerce: quantityOf(option, parse) }) as const;

export const upOptions = {
  brokers: whole('--brokers', 'how many brokers; 1 if not given'),
  kafka: text(`version of Apache Kafka, or one for each broker, with commas between; ${KAFKA} if not given`),
  controllers: whole(
    '--controllers',
    'controllers in processes of their own: 1, 3 or 5; in the brokers if not given',
  ),
  network: {
    describe:
      'shaped: each broker and the clients on a machine (network namespace) of its own, as root; loopback if not given',
    choices: ['loopback', 'shaped'] as const,
  },
  nic: quantity(
    '--nic',
    "each broker's NIC, each direction, such as 200Mbit/s; not limited if not given",
    parseNic,
  ),
  'nic-buffer': quantity('--nic-buffer', 'what the NIC lets pass at once, such as 128KiB', parseBytes),
  latency: quantity('--latency', 'added to what each broker sends, such as 1ms', parseDurationMs),
  cpu: quantity('--cpu', "each broker's cores, such as 0.6; not limited if not given", parseNumber),
  memory: quantity('--memory', "each broker's memory with its page cache, such as 2GiB", parseBytes),
  heap: quantity('--heap', "each broker's heap; 512MiB up to three brokers, 384MiB beyond", parseBytes),
  'log-dirs': whole('--log-dirs', 'log dirs of each broker (JBOD); 1 if not given'),
  'log-dir-size': quantity(
    '--log-dir-size',
    'makes each log dir a file system of its own, such as 2GiB, as root',
    parseBytes,
  ),
  'slow-disks': { describe: 'lets slowDisk slow the log dirs later; needs gcc', type: 'boolean' },
  zones: text('zones of the brokers in turn, with commas between'),
  clients: whole('--clients', 'machines for clients on a shaped network; 1 if not given'),
  listeners: text(`with commas between, out of ${LISTENERS.join(', ')}; PLAINTEXT if not given`),
  'inter-broker-listener': text(
    'which of the listeners the brokers use between themselves; the first if not given',
  ),
  'sasl-mechanisms': text(`with commas between, out of ${MECHANISMS.join(', ')}`),
  'token-lifetime': quantity(
    '--token-lifetime',
    'of the tokens for OAUTHBEARER, such as 30s; 1h if not given',
    parseDurationMs,
  ),
  config: {
    describe: 'a broker property such as num.io.threads=4; may be repeated',
    type: 'string',
    array: true,
    requiresArg: true,
  },
  directory: text('where the data go'),
} as const;

export type UpArguments = InferredOptionTypes<typeof upOptions>;

/**
 * The cluster that the options describe.
 *
 * @throws UserError for what is no option's value, and for options without effect
 */
export function clusterOptions(
  args: UpArguments,
): Omit<LocalClusterOptions, 'jmx' | 'progress' | 'signal' | 'name'> {
  refuseWithoutEffect(args);
  const brokers = args.brokers ?? 1;
  const zones = list(args.zones);
  const brokerMachines = Array.from({ length: brokers }, (_, index): MachineSpec => {
    const zone = zones.length === 0 ? null : zones[index % zones.length];
    return {
      name: `broker-${index + 1}`,
      zone,
      rack: zone,
      limits: {
        nicBytesPerSecond: args.nic ?? null,
        nicBufferBytes: args['nic-buffer'] ?? null,
        latencyMs: args.latency ?? null,
        cores: args.cpu ?? null,
        memoryBytes: args.memory ?? null,
      },
      logDirs: { count: args['log-dirs'] ?? 1, bytes: args['log-dir-size'] ?? null },
    };
  });
  const interBroker = args['inter-broker-listener'];
  const tokenLifetimeMs = args['token-lifetime'];
  return {
    version: list(args.kafka ?? KAFKA),
    brokers,
    network: args.network ?? 'loopback',
    brokerMachines,
    clientMachines: Array.from({ length: args.clients ?? 1 }, (_, index) =>
      unlimitedMachine(`client-${index + 1}`),
    ),
    listeners: oneOfEach('--listeners', args.listeners ?? DEFAULT_LISTENERS.join(), LISTENERS),
    saslMechanisms: oneOfEach('--sasl-mechanisms', args['sasl-mechanisms'], MECHANISMS),
    diskShim: args['slow-disks'] === true,
    config: properties(args.config ?? []),
    ...stated({
      separateControllers: args.controllers,
      interBrokerListener:
        interBroker === undefined
          ? undefined
          : oneOfEach('--inter-broker-listener', interBroker, LISTENERS)[0],
      tokenLifetimeSeconds: tokenLifetimeMs === undefined ? undefined : tokenLifetimeMs / MS_PER_SECOND,
      heapMiB: args.heap === undefined ? undefined : Math.round(args.heap / 1024 ** 2),
      directory: args.directory,
    }),
  };
}

function refuseWithoutEffect(args: UpArguments): void {
  const problems: string[] = [];
  if (args['nic-buffer'] !== undefined && args.nic === undefined) {
    problems.push(
      '--nic-buffer: expected --nic too, whose buffer it is, found none: add it, or leave this out',
    );
  }
  if (args.clients !== undefined && args.network !== 'shaped') {
    problems.push(
      '--clients: expected --network shaped, since loopback has no machines: add it, or leave this out',
    );
  }
  if (args['token-lifetime'] !== undefined && !list(args['sasl-mechanisms']).includes('OAUTHBEARER')) {
    problems.push('--token-lifetime: expected OAUTHBEARER in --sasl-mechanisms: add it, or leave this out');
  }
  if (problems.length > 0) throw new UserError(problems);
}

/** Also as tc writes it, without the second. */
function parseNic(input: unknown): Parsed<number> {
  return parseByteRate(typeof input === 'string' && /bit$/.test(input) ? `${input}/s` : input);
}

function oneOfEach<Value extends string>(
  option: string,
  value: string | undefined,
  known: readonly Value[],
): Value[] {
  const parts = list(value);
  const unknown = parts.filter((part) => !known.some((name) => name === part));
  if (unknown.length > 0) {
    throw new UserError(`${option}: expected ${known.join(', ')}, found "${unknown.join(', ')}"`);
  }
  return known.filter((name) => parts.includes(name)).sort((a, b) => parts.indexOf(a) - parts.indexOf(b));
}

function properties(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((entry) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(entry) ?? [];
      if (name === undefined || value === undefined) {
        throw new UserError(`--config: expected name=value, found "${entry}"`);
      }
      return [name, value];
    }),
  );
}
