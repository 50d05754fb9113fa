/** One operation, from the keys of a file to an `OperationBody`. */
import type { Action, BrokerSelection, OperationBody } from '../operations/operation.ts';
import { BROKER_PROPERTIES, DYNAMIC_BROKER_PROPERTIES, TOPIC_PROPERTIES } from './kafka-defaults.ts';
import { type PropertyTable, parseProperty, plainText } from './kafka-property.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import { ACTIONS, type StatedActions } from './schema-operations.ts';
import type { Path } from './yaml-source.ts';

/** An action with what stands under it, and where. */
export interface StatedOperation<Name extends Action = Action> {
  readonly action: Name;
  readonly under: StatedActions[Name];
  readonly place: Path;
}

/** The one action of an entry; null, which is a problem, when there is none. */
export function statedOperation(
  entry: { readonly [Name in Action]?: StatedActions[Name] | undefined },
  at: Path,
  problems: Problems,
): StatedOperation | null {
  const stated = ACTIONS.filter((action) => entry[action] !== undefined);
  const misspelt = stated.length === 0 && problems.hasUnknownKey(at);
  if (stated.length !== 1 && !misspelt) {
    const found = stated.length === 0 ? 'none' : stated.join(' and ');
    problems.value(
      at,
      `expected exactly one action out of ${ACTIONS.join(', ')}, found ${found}`,
      ACTIONS.map((action) => [...at, action]),
    );
  }
  const [action] = stated;
  const under = action === undefined ? undefined : entry[action];
  return action === undefined || under === undefined ? null : { action, under, place: [...at, action] };
}

/** What the operation means. Properties that `set` cannot change go to `problems`. */
export function resolveOperation<Name extends Action>(
  { action, under, place }: StatedOperation<Name>,
  problems: Problems,
): OperationBody {
  return meanings[action](under, place, problems);
}

type Meaning<Name extends Action> = (
  under: StatedActions[Name],
  place: Path,
  problems: Problems,
) => Extract<OperationBody, { readonly action: Name }>;

const meanings: { readonly [Name in Action]: Meaning<Name> } = {
  kill: (under) => ({ action: 'kill', ...selection(under) }),
  powerLoss: (under) => ({ action: 'powerLoss', ...selection(under) }),
  pause: (under) => ({ action: 'pause', ...selection(under) }),
  continue: (under) => ({ action: 'continue', ...selection(under) }),
  start: (under) => ({ action: 'start', ...selection(under) }),
  stop: (under) => ({ action: 'stop', ...selection(under) }),
  restart: (under) => ({ action: 'restart', unclean: under.unclean ?? false, ...selection(under) }),
  isolate: ({ from = 'everything', direction = 'both', ...under }) => ({
    action: 'isolate',
    from: typeof from === 'string' ? from : [from].flat(),
    direction,
    ...selection(under),
  }),
  heal: (under) => ({
    action: 'heal',
    ...(under.broker === undefined && under.zone === undefined ? {} : selection(under)),
  }),
  zoneLoss: ({ zone }) => ({ action: 'zoneLoss', zone }),
  limit: ({ nic, cores, ...under }) => ({
    action: 'limit',
    ...selection(under),
    ...stated({ nicBytesPerSecond: nic, cores }),
  }),
  fillLogDir: ({ logDir = 1, leave = 0, ...under }) => ({
    action: 'fillLogDir',
    logDir,
    leaveBytes: leave,
    ...selection(under),
  }),
  readOnlyLogDir: ({ logDir = 1, ...under }) => ({ action: 'readOnlyLogDir', logDir, ...selection(under) }),
  repairLogDir: ({ logDir = 1, ...under }) => ({ action: 'repairLogDir', logDir, ...selection(under) }),
  slowDisk: ({ logDir, write = 0, sync = 0, rate = 'none', ...under }) => ({
    action: 'slowDisk',
    writeDelayMs: write,
    syncDelayMs: sync,
    writeBytesPerSecond: rate,
    ...selection(under),
    ...stated({ logDir }),
  }),
  set: ({ topic, broker, config }, place, problems) => ({
    action: 'set',
    config: settings(
      config,
      topic === undefined ? RUNNING_BROKER_PROPERTIES : TOPIC_PROPERTIES,
      place,
      problems,
    ),
    ...stated({ topic, broker }),
  }),
  reassign: ({ topic, partition, replicas, throttle }) => ({
    action: 'reassign',
    topic,
    partition,
    replicas,
    ...stated({ throttleBytesPerSecond: throttle }),
  }),
  elect: ({ topic, partition, unclean = false }) => ({
    action: 'elect',
    unclean,
    ...stated({ topic, partition }),
  }),
  rollingRestart: ({ wait = 0 }) => ({ action: 'rollingRestart', waitMs: wait }),
  upgrade: ({ kafka, wait = 0 }) => ({ action: 'upgrade', kafka, waitMs: wait }),
  addBroker: ({ broker }) => ({ action: 'addBroker', broker }),
  removeBroker: ({ broker }) => ({ action: 'removeBroker', broker }),
};

interface Selected {
  readonly broker?: number | readonly number[] | undefined;
  readonly controller?: number | readonly number[] | undefined;
  readonly zone?: string | undefined;
}

function selection({ broker, controller, zone }: Selected): BrokerSelection {
  return zone === undefined ? { brokers: [broker ?? controller ?? []].flat() } : { zone };
}

const RUNNING_BROKER_PROPERTIES = { ...BROKER_PROPERTIES, ...DYNAMIC_BROKER_PROPERTIES };

/** The properties of `set` by Kafka's names in Kafka's notation, null for the default. */
function settings(
  config: Readonly<Record<string, unknown>>,
  table: PropertyTable,
  place: Path,
  problems: Problems,
): Record<string, string | null> {
  const properties: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(config)) {
    const at = [...place, 'config', key];
    if (!Object.hasOwn(table, key)) {
      const inside = problems.nameOf([...place, 'config']);
      problems.key(at, `unknown key "${key}" in ${inside}${suggestion(key, Object.keys(table))}`, [
        [...place, 'topic'],
      ]);
      continue;
    }
    const parsed = value === null ? { value } : parseProperty(table[key], value);
    if ('problem' in parsed) problems.value(at, parsed.problem);
    else properties[key] = value === null ? null : plainText(table[key], parsed.value);
  }
  return properties;
}

type Stated<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function stated<Fields extends object>(fields: Fields): Stated<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Stated<Fields>;
}
