/** Properties that Kafka changes while it runs: of a topic, of a broker, or of all brokers. */
import {
  ConfigResourceTypes,
  ConfigSources,
  type ConfigSourceValue,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { type AdminRequest, type AdminSession, type AdminTarget, withSession } from './session.ts';

/** Whose properties: `allBrokers` is the default of the whole cluster, which a broker's own value overrides. */
export type ConfigOwner =
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'broker'; readonly broker: number }
  | { readonly kind: 'allBrokers' };

export interface AlterConfigsOptions extends AdminTarget {
  readonly owner: ConfigOwner;
  /** By Kafka's names; null takes a property back to what it would be without. */
  readonly config: Readonly<Record<string, string | null>>;
}

/** A change to one property; `append` and `subtract` are for lists, of which they leave the other entries alone. */
export interface ConfigChange {
  readonly name: string;
  readonly change: 'set' | 'delete' | 'append' | 'subtract';
  /** Nothing for `delete`. */
  readonly value: string;
}

const OPERATION = {
  set: IncrementalAlterConfigOperationTypes.SET,
  append: IncrementalAlterConfigOperationTypes.APPEND,
  subtract: IncrementalAlterConfigOperationTypes.SUBTRACT,
} as const;

/** Where the value of a property comes from when it was stated for the owner itself while the cluster ran. */
const STATED: Readonly<Record<ConfigOwner['kind'], ConfigSourceValue>> = {
  topic: ConfigSources.TOPIC_CONFIG,
  broker: ConfigSources.DYNAMIC_BROKER_CONFIG,
  allBrokers: ConfigSources.DYNAMIC_DEFAULT_BROKER_CONFIG,
};

const HEARD_TIMEOUT_MS = 2_000;
const HEARD_POLL_MS = 50;

/**
 * Sets and deletes properties, all or none of them. Brokers that were not asked know it a moment later.
 *
 * @throws UserError (exit 3) with Kafka's words when it refuses.
 */
export async function alterConfigs(options: AlterConfigsOptions): Promise<void> {
  const changes = Object.entries(options.config).map(
    ([name, value]): ConfigChange =>
      value === null ? { name, change: 'delete', value: '' } : { name, change: 'set', value },
  );
  if (changes.length === 0) return;
  await withSession(options, (session) => changeConfigs(session, options.owner, changes));
}

/** The same within a session. Returns when the broker that was asked has heard of the changes, the others a moment later. */
export async function changeConfigs(
  session: AdminSession,
  owner: ConfigOwner,
  changes: readonly ConfigChange[],
): Promise<void> {
  await requestChanges(session, owner, changes);
  const names = changes.map(({ name }) => name);
  const deadline = performance.now() + HEARD_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const now = await readConfigs(session, owner, names);
    if (changes.every((change) => isInForce(change, now.get(change.name)))) return;
    await session.pause(HEARD_POLL_MS);
  }
}

/** Whether a property shows a change. Kafka may write a value in another way, hence the limit to the wait for it. */
function isInForce({ change, value }: ConfigChange, now: ConfigValue | undefined): boolean {
  const stated = now?.stated === true;
  if (change === 'delete') return !stated;
  if (change === 'set') return stated && (now?.value === null || now?.value === value);
  const entries = new Set(stated ? (now?.value ?? '').split(',') : []);
  return value.split(',').every((entry) => entries.has(entry) === (change === 'append'));
}

async function requestChanges(
  session: AdminSession,
  owner: ConfigOwner,
  changes: readonly ConfigChange[],
): Promise<void> {
  const resource = { ...resourceOf(owner), configs: changes.map(requestedChange) };
  const { responses } = await callFor(session, owner, (connection) =>
    incrementalAlterConfigsV1.api.async(connection, [resource], false),
  );
  const refusals = responses.filter(({ errorCode }) => errorCode !== KAFKA_ERROR.none);
  if (refusals.length === 0) return;
  const changed = changes.map(({ name, change, value }) => (change === 'delete' ? name : `${name}=${value}`));
  throw clusterTrouble(
    refusals.map(({ errorCode, errorMessage }) => {
      const words = kafkaWords(errorCode, errorMessage ?? null);
      return `${ownerName(owner)}, ${changed.join(', ')}: Kafka refused: ${words}${remedy(words)}`;
    }),
  );
}

export interface ConfigValue {
  /** Null for a secret. */
  readonly value: string | null;
  /** Whether it was stated for this very owner while the cluster ran; else it is a default or from server.properties. */
  readonly stated: boolean;
}

/**
 * Properties as they are in force, by name; those that do not exist are not there.
 *
 * @throws UserError (exit 3) with Kafka's words when it refuses.
 */
export async function readConfigs(
  session: AdminSession,
  owner: ConfigOwner,
  names: readonly string[],
): Promise<Map<string, ConfigValue>> {
  const resource = { ...resourceOf(owner), configurationKeys: [...names] };
  const { results } = await callFor(session, owner, (connection) =>
    describeConfigsV4.api.async(connection, [resource], false, false),
  );
  const refusal = results.find(({ errorCode }) => errorCode !== KAFKA_ERROR.none);
  if (refusal !== undefined) {
    throw clusterTrouble(
      `${ownerName(owner)}: Kafka refused to tell ${names.join(', ')}: ${kafkaWords(refusal.errorCode, refusal.errorMessage ?? null)}`,
    );
  }
  return new Map(
    results.flatMap(({ configs }) =>
      configs.map(({ name, value, configSource }): [string, ConfigValue] => [
        name,
        { value: value ?? null, stated: configSource === STATED[owner.kind] },
      ]),
    ),
  );
}

/** A broker checks changes of its own properties and refuses those of others. */
function callFor<Answer>(
  session: AdminSession,
  owner: ConfigOwner,
  request: AdminRequest<Answer>,
): Promise<Answer> {
  return owner.kind === 'broker' ? session.callBroker(owner.broker, request) : session.call(request);
}

function resourceOf(owner: ConfigOwner) {
  if (owner.kind === 'topic') return { resourceType: ConfigResourceTypes.TOPIC, resourceName: owner.topic };
  const resourceName = owner.kind === 'broker' ? String(owner.broker) : '';
  return { resourceType: ConfigResourceTypes.BROKER, resourceName };
}

function requestedChange({
  name,
  change,
  value,
}: ConfigChange): incrementalAlterConfigsV1.IncrementalAlterConfigsRequestConfig {
  if (change === 'delete') return { name, configOperation: IncrementalAlterConfigOperationTypes.DELETE };
  return { name, configOperation: OPERATION[change], value };
}

function ownerName(owner: ConfigOwner): string {
  if (owner.kind === 'allBrokers') return 'all brokers';
  return owner.kind === 'topic' ? `topic ${owner.topic}` : `broker ${owner.broker}`;
}

function remedy(words: string): string {
  if (!words.includes('Cannot update these configs dynamically')) return '';
  return ': it is read when a broker starts: state it in the broker properties and restart the brokers';
}
