/** Topics of a phase: made before it, deleted after it, but for those that are the cluster's own. */
import {
  type Admin,
  type CreateTopicsTopicOptions,
  findErrorBy,
  ListOffsetTimestamps,
  ResponseError,
} from '@platformatic/kafka';
import { EXIT, UserError } from '../errors/errors.ts';
import type { Scenario, TopicClass } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import { type AdminTarget, waitUntil, withAdmin } from './admin.ts';

const LEADERS_DEADLINE_MS = 30_000;
const GONE_DEADLINE_MS = 30_000;
const IN_SYNC_DEADLINE_MS = 120_000;

export interface TopicTask extends AdminTarget {
  readonly scenario: Scenario;
  /** Topics of the scenario that are there already, by their real names: neither made nor deleted. */
  readonly existing?: readonly string[];
}

/**
 * Looks whether the scenario's topics can be made, and those that exist be used: changes nothing.
 *
 * @throws UserError with a line for every topic that is there and should not be, is not there and should be, has other
 * partitions than the scenario says, or is not in the scenario (then exit 2, else 3)
 */
export async function checkTopics(task: TopicTask): Promise<void> {
  await withAdmin(task, (admin) => check(admin, task));
}

/**
 * Makes the scenario's topics and waits until every partition has a leader. What it has made is deleted when it fails.
 *
 * @throws UserError as `checkTopics`, and (exit 3) when the cluster refuses
 */
export async function createTopics(task: TopicTask): Promise<void> {
  const { scenario, existing = [] } = task;
  await withAdmin(task, async (admin) => {
    await check(admin, task);
    const made: string[] = [];
    try {
      for (const topics of scenario.topics) {
        const names = topicNames(topics).filter((name) => !existing.includes(name));
        if (names.length === 0) continue;
        await make(admin, topics, { names, made });
      }
      await waitUntil(
        LEADERS_DEADLINE_MS,
        () => allHaveLeaders(admin, scenario),
        () => {
          const wanted = scenario.topics.flatMap((topics) => topicNames(topics));
          throw new UserError(
            `topics ${wanted.join(', ')}: expected a leader for every partition within ${LEADERS_DEADLINE_MS / 1000} s, found some without; see the brokers' logs`,
            EXIT.clusterUnreachable,
          );
        },
      );
    } catch (error) {
      // What went wrong is told of, whether what was made goes again or not.
      await remove(admin, made).catch(() => undefined);
      throw error;
    }
  });
}

/** Makes topics of a class, and adds those that it has made: where another one was quicker, the topic is not ours. */
async function make(
  admin: Admin,
  topics: TopicClass,
  { names, made }: { readonly names: readonly string[]; readonly made: string[] },
): Promise<void> {
  try {
    await admin.createTopics({
      topics: names.map((topic) => ({ topic, ...placementOf(topics, topic) })),
      configs: Object.entries(topics.stated).map(([name, value]) => ({ name, value })),
    });
    made.push(...names);
  } catch (error) {
    made.push(...grantedBy(error));
    throw error;
  }
}

/** Names of the topics that a refusal of others has let through. */
function grantedBy(error: unknown): string[] {
  const refusal = error instanceof Error ? findErrorBy(error, 'code', ResponseError.code) : null;
  const response: unknown = refusal?.response;
  return isCreation(response)
    ? response.topics.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name)
    : [];
}

function isCreation(
  response: unknown,
): response is { readonly topics: readonly { readonly name: string; readonly errorCode: number }[] } {
  return typeof response === 'object' && response !== null && 'topics' in response;
}

/** Where its partitions go: as stated, all of them, or where Kafka puts them. */
function placementOf(
  { partitions, replicationFactor, placement }: TopicClass,
  name: string,
): Omit<CreateTopicsTopicOptions, 'topic'> {
  const placed = (placement ?? []).filter(({ topic }) => topic === name);
  return placed.length === 0
    ? { partitions, replicas: replicationFactor }
    : { assignments: placed.map(({ partition, replicas }) => ({ partition, brokers: [...replicas] })) };
}

/** Deletes the scenario's topics, those that are there and not its own, and waits until they are gone. */
export async function deleteTopics(task: TopicTask): Promise<void> {
  const { scenario, existing = [] } = task;
  const names = scenario.topics
    .flatMap((topics) => topicNames(topics))
    .filter((name) => !existing.includes(name));
  await withAdmin(task, (admin) => remove(admin, names));
}

/**
 * Partitions of a topic, which the cluster makes if it makes topics on demand, as for Kafka's own clients.
 * Throws a UserError (exit 3) when the cluster cannot be reached or has no such topic.
 */
export async function partitionsOf(target: AdminTarget, topic: string): Promise<number> {
  return await withAdmin(target, async (admin) => {
    const metadata = await admin.metadata({ topics: [topic], autocreateTopics: true, forceUpdate: true });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  });
}

/**
 * Where the logs of the scenario's topics end, topic after topic, partition after partition.
 * Throws a UserError (exit 3) when the cluster does not tell of all of them.
 */
export async function logEnds(task: TopicTask): Promise<number[]> {
  const names = task.scenario.topics.flatMap((topics) => topicNames(topics));
  return (await endsOf(task, names)).flatMap(({ ends }) => ends);
}

/**
 * Where the logs of the topics that hold records already, of their own or of a history, end now, by topic and partition: what
 * a run writes comes behind.
 */
export async function beginningsOf(task: TopicTask): Promise<Readonly<Record<string, readonly number[]>>> {
  const { scenario, existing = [] } = task;
  const filled = scenario.topics.filter(({ history }) => history !== undefined).flatMap(topicNames);
  const names = [...new Set([...existing, ...filled])];
  if (names.length === 0) return {};
  return Object.fromEntries((await endsOf(task, names)).map(({ name, ends }) => [name, ends]));
}

async function endsOf(
  task: TopicTask,
  names: readonly string[],
): Promise<{ readonly name: string; readonly ends: readonly number[] }[]> {
  const partitionsByTopic = new Map(
    task.scenario.topics.flatMap((topics) =>
      topicNames(topics).map((name) => [name, topics.partitions] as const),
    ),
  );
  const topics = names.map((name) => ({
    name,
    partitions: Array.from({ length: partitionsByTopic.get(name) ?? 0 }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: ListOffsetTimestamps.LATEST,
    })),
  }));
  const listed = await withAdmin(task, (admin) => admin.listOffsets({ topics }));
  return topics.map(({ name, partitions }) => {
    const found = listed.find((topic) => topic.name === name)?.partitions ?? [];
    const ends = partitions.map(({ partitionIndex }) => {
      const offset = found.find((partition) => partition.partitionIndex === partitionIndex)?.offset;
      if (offset === undefined) {
        throw new UserError(
          `${name}-${partitionIndex}: expected ${task.bootstrapServers} to tell where its log ends, found no answer; see the brokers' logs`,
          EXIT.clusterUnreachable,
        );
      }
      return Number(offset);
    });
    return { name, ends };
  });
}

/** Waits until every replica of the scenario's topics is in sync. Throws a UserError (exit 3) when one stays behind. */
export async function untilInSync(task: TopicTask): Promise<void> {
  const names = task.scenario.topics.flatMap((topics) => topicNames(topics));
  await withAdmin(task, (admin) =>
    waitUntil(
      IN_SYNC_DEADLINE_MS,
      async () => {
        const { topics } = await admin.metadata({ topics: names, forceUpdate: true });
        return names.every((name) =>
          topics.get(name)?.partitions.every(({ replicas, isr }) => isr.length === replicas.length),
        );
      },
      () => {
        throw new UserError(
          `topics ${names.join(', ')}: expected all replicas in sync within ${IN_SYNC_DEADLINE_MS / 1000} s, found some behind; see the brokers' logs`,
          EXIT.clusterUnreachable,
        );
      },
    ),
  );
}

async function check(admin: Admin, { scenario, existing = [], bootstrapServers }: TopicTask): Promise<void> {
  const wanted = scenario.topics.flatMap((topics) => topicNames(topics).map((name) => ({ name, topics })));
  const names = wanted.map(({ name }) => name);
  const strangers = existing
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `--existing-topics ${name}: expected a topic of the scenario (${names.join(', ')}), found another; correct it, or leave it out`,
    );
  const present = new Set(await admin.listTopics());
  const counts = await partitionCounts(
    admin,
    existing.filter((name) => present.has(name)),
  );
  const problems = wanted.flatMap(({ name, topics: { name: className, partitions, history } }) => {
    if (!existing.includes(name)) {
      return present.has(name)
        ? [
            `topic "${name}": expected a cluster without it, found it on ${bootstrapServers}; use it as it is with --existing-topics ${name}, delete it, or give the scenario's topic another name`,
          ]
        : [];
    }
    const found = counts.get(name);
    if (found === undefined) {
      return [
        `--existing-topics ${name}: expected the topic on ${bootstrapServers}, found none; create it, or leave it out and it is made for the run`,
      ];
    }
    if (history !== undefined) {
      return [
        `--existing-topics ${name}: expected a topic without history in the scenario, which is written into fresh topics only, found one; remove topics.${className}.history`,
      ];
    }
    return found === partitions
      ? []
      : [
          `--existing-topics ${name}: expected ${partitions} partitions as in the scenario, found ${found} on ${bootstrapServers}; say so in the scenario: --set topics.${className}.partitions=${found}`,
        ];
  });
  if (strangers.length + problems.length > 0) {
    throw new UserError(
      [...strangers, ...problems],
      strangers.length > 0 ? EXIT.badInput : EXIT.clusterUnreachable,
    );
  }
}

async function partitionCounts(admin: Admin, topics: string[]): Promise<ReadonlyMap<string, number>> {
  if (topics.length === 0) return new Map();
  const metadata = await admin.metadata({ topics, forceUpdate: true });
  return new Map([...metadata.topics].map(([name, { partitionsCount }]) => [name, partitionsCount]));
}

async function remove(admin: Admin, names: readonly string[]): Promise<void> {
  const present = new Set(await admin.listTopics());
  const topics = names.filter((name) => present.has(name));
  if (topics.length === 0) {
    return;
  }
  await admin.deleteTopics({ topics });
  await waitUntil(
    GONE_DEADLINE_MS,
    async () => {
      const left = new Set(await admin.listTopics());
      return topics.every((name) => !left.has(name));
    },
    () => {
      throw new UserError(
        `topics ${topics.join(', ')}: expected to be gone ${GONE_DEADLINE_MS / 1000} s after their deletion, found them; see the controller's log`,
        EXIT.clusterUnreachable,
      );
    },
  );
}

async function allHaveLeaders(admin: Admin, scenario: Scenario): Promise<boolean> {
  const names = scenario.topics.flatMap((topics) => topicNames(topics));
  try {
    const metadata = await admin.metadata({ topics: names, forceUpdate: true });
    return scenario.topics.every((topics) =>
      topicNames(topics).every((name) => {
        const partitions = metadata.topics.get(name)?.partitions ?? [];
        return partitions.length === topics.partitions && partitions.every(({ leader }) => leader >= 0);
      }),
    );
  } catch (error) {
    // A broker that has not heard of the topic yet answers with an error; the deadline decides.
    if (error instanceof Error) {
      return false;
    }
    throw error;
  }
}
