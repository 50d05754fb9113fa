/** Quotas of the scenario's clients: set on the cluster before a phase, and taken back after it. */
import {
  type Admin,
  type AlterClientQuotasOptions,
  type ClientQuotaKey,
  ClientQuotaMatchTypes,
} from '@platformatic/kafka';
import { EXIT, UserError } from '../errors/errors.ts';
import type { ClientQuota, Scenario } from '../scenario/scenario.ts';
import { waitUntil, withAdmin } from './admin.ts';
import type { TopicTask } from './topics.ts';

const KNOWN_DEADLINE_MS = 30_000;

type QuotaEntry = AlterClientQuotasOptions['entries'][number];
type QuotaChange = QuotaEntry['ops'][number];

/**
 * Sets the quota of each client, by its client.id; what it returns takes all of them back. Throws a UserError (exit 3) when a
 * client.id has one already, or the cluster refuses.
 */
export async function setQuotas(task: TopicTask): Promise<() => Promise<void>> {
  const limited = limitedClients(task.scenario);
  if (limited.length === 0) {
    return async () => undefined;
  }
  await withAdmin(task, async (admin) => {
    const before = await limitedIds(admin);
    const taken = limited.filter(({ clientId }) => before.has(clientId));
    if (taken.length > 0) {
      throw new UserError(
        taken.map(
          ({ clientId }) =>
            `client.id "${clientId}": expected a cluster without a quota for it, found one on ${task.bootstrapServers}; delete it, or rename the class`,
        ),
        EXIT.clusterUnreachable,
      );
    }
    await admin.alterClientQuotas({
      entries: limited.map(({ clientId, limits }) =>
        entry(
          clientId,
          limits.map(([key, value]): QuotaChange => ({ key, value, remove: false })),
        ),
      ),
    });
  });
  const takeBack = (): Promise<void> => removeQuotas(task, limited);
  try {
    await untilKnown(task, limited);
  } catch (error) {
    // What went wrong is told of, whether they go again or not.
    await takeBack().catch(() => undefined);
    throw error;
  }
  return takeBack;
}

/** Brokers learn of quotas a moment after the controller has answered. */
async function untilKnown(task: TopicTask, limited: readonly LimitedClient[]): Promise<void> {
  await withAdmin(task, (admin) =>
    waitUntil(
      KNOWN_DEADLINE_MS,
      async () => {
        const known = await limitedIds(admin);
        return limited.every(({ clientId }) => known.has(clientId));
      },
      () => {
        throw new UserError(
          `quotas: expected the brokers at ${task.bootstrapServers} to know those of ${limited.length} clients within ${KNOWN_DEADLINE_MS / 1000} s, found them without; see the brokers' logs`,
          EXIT.clusterUnreachable,
        );
      },
    ),
  );
}

/** Every client.id that has a quota. */
async function limitedIds(admin: Admin): Promise<Set<string | null | undefined>> {
  const present = await admin.describeClientQuotas({
    components: [{ entityType: 'client-id', matchType: ClientQuotaMatchTypes.ANY }],
    strict: true,
  });
  return new Set(present.flatMap(({ entity }) => entity.map(({ entityName }) => entityName)));
}

async function removeQuotas(task: TopicTask, limited: readonly LimitedClient[]): Promise<void> {
  await withAdmin(task, (admin) =>
    admin.alterClientQuotas({
      entries: limited.map(({ clientId, limits }) =>
        entry(
          clientId,
          limits.map(([key]): QuotaChange => ({ key, remove: true })),
        ),
      ),
    }),
  );
}

function entry(clientId: string, ops: QuotaChange[]): QuotaEntry {
  return { entities: [{ entityType: 'client-id', entityName: clientId }], ops };
}

interface LimitedClient {
  readonly clientId: string;
  readonly limits: readonly (readonly [ClientQuotaKey, number])[];
}

function limitedClients({ producers, consumers }: Scenario): LimitedClient[] {
  return [
    ...producers.flatMap((producer) => limitedOf(producer, 'producer_byte_rate')),
    ...consumers.flatMap((consumer) => limitedOf(consumer, 'consumer_byte_rate')),
  ];
}

function limitedOf(
  { name, count, quota }: { readonly name: string; readonly count: number; readonly quota?: ClientQuota },
  byteRate: ClientQuotaKey,
): LimitedClient[] {
  const limits = limitsOf(quota, byteRate);
  return limits.length === 0
    ? []
    : Array.from({ length: count }, (_, client) => ({ clientId: `${name}-${client}`, limits }));
}

function limitsOf(
  quota: ClientQuota | undefined,
  byteRate: ClientQuotaKey,
): (readonly [ClientQuotaKey, number])[] {
  const { bytesPerSecond = null, requestPercentage = null } = quota ?? {};
  return [
    ...(bytesPerSecond === null ? [] : [[byteRate, bytesPerSecond] as const]),
    ...(requestPercentage === null ? [] : [['request_percentage', requestPercentage] as const]),
  ];
}
