/** What of OMB's files contradicts itself, what is not as in OMB, and what is read otherwise than there. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Problems } from '../problems.ts';
import { TOPIC_CLASSES_MAX } from './omb-scenario.ts';
import type { OmbValues } from './omb-schema.ts';
import type { OmbPlan } from './omb-workload.ts';

const DEFAULT_BATCH_BYTES = 16_384;
/** How far back each codec sees what it has seen before, in Kafka's use of it. */
const WINDOW_BYTES: Readonly<Record<string, number>> = {
  gzip: 32_768,
  snappy: 32_768,
  lz4: 65_536,
  zstd: 2_097_152,
};

/** Reports what OMB itself would fail at. `directory` is the workload's, below which payloads are looked for. */
export function checkOmb({ workload }: OmbValues, directory: string, problems: Problems): void {
  const subscriptions = workload.subscriptionsPerTopic ?? 0;
  if (subscriptions > 0 && (workload.consumerPerSubscription ?? 0) === 0) {
    problems.value(
      ['workload', 'consumerPerSubscription'],
      `expected at least 1 with subscriptionsPerTopic ${subscriptions}, found 0: OMB waits for what they receive`,
    );
  }
  if (workload.useRandomizedPayloads === true && (workload.randomizedPayloadPoolSize ?? 0) === 0) {
    problems.value(
      ['workload', 'randomizedPayloadPoolSize'],
      'expected at least 1 with useRandomizedPayloads, found 0: OMB has no value to send',
    );
  }
  const file = workload.payloadFile ?? null;
  const bytes = file === null || workload.useRandomizedPayloads === true ? null : sizeOf(file, directory);
  if (bytes !== null && workload.messageSize !== undefined && bytes !== workload.messageSize) {
    problems.value(
      ['workload', 'payloadFile'],
      `expected a file of messageSize ${workload.messageSize} bytes, found ${bytes}: OMB refuses it`,
      [['workload', 'messageSize']],
    );
  }
}

/** Bytes of a payload file; null where it is not at hand, as OMB looks for it from the directory that it runs in. */
function sizeOf(file: string, directory: string): number | null {
  for (const from of ['.', directory, path.dirname(path.resolve(directory))]) {
    const found = statSync(path.resolve(from, file), { throwIfNoEntry: false });
    if (found?.isFile() === true) return found.size;
  }
  return null;
}

/** One warning, with its place, for what is hardly meant or has not the effect that it has in OMB. */
export function warnOfOmb({ workload, driver }: OmbValues, plan: OmbPlan, problems: Problems): void {
  if (driver.reset === true) {
    problems.warning(
      ['driver', 'reset'],
      'reset has no effect: only the topics of the run are made, and deleted after it',
    );
  }
  if (plan.randomized === null && (workload.payloadFile ?? null) === null) {
    problems.warning(
      ['workload', 'payloadFile'],
      'neither payloadFile nor useRandomizedPayloads is stated, which OMB needs: values are random here',
    );
  }
  warnOfRepeats(plan, problems);
  if (plan.recordsPerSecond === 0) {
    problems.warning(
      ['workload', 'producerRate'],
      'producerRate 0: producers send as fast as their records are taken, where OMB searches for the rate that consumers keep up with',
    );
  }
  if (plan.facts.topics > TOPIC_CLASSES_MAX) {
    const each = (plan.facts.topics / TOPIC_CLASSES_MAX).toFixed(1).replace(/\.0$/, '');
    problems.warning(
      ['workload', 'topics'],
      `${plan.facts.topics} topics are ${TOPIC_CLASSES_MAX} classes of ${each} topics on average: a producer gives its records to the topics of its class in turn and a group reads all of them, where OMB has producers and groups for each topic`,
    );
  }
}

/** OMB sends the same few values over and over, which a codec finds where it sees more of a batch than all of them. */
function warnOfRepeats({ randomized, facts, settings }: OmbPlan, problems: Problems): void {
  const codec = settings.producers['compression.type'] ?? 'none';
  const batch = Number(settings.producers['batch.size'] ?? DEFAULT_BATCH_BYTES);
  const values = randomized?.values ?? 1;
  if (values * facts.messageSize >= Math.min(batch, WINDOW_BYTES[codec] ?? 0)) return;
  const key = randomized === null ? 'payloadFile' : 'randomizedPayloadPoolSize';
  problems.warning(
    ['workload', key],
    `OMB's ${values === 1 ? 'one value' : `${values} values`} of ${facts.messageSize} bytes ${values === 1 ? 'is' : 'are'} repeated within a batch of up to ${batch}, which ${codec} compresses to little; values do not repeat here, so that more bytes are sent`,
  );
}

/** What is done otherwise than in OMB, a sentence each. */
export function ombAssumptions(plan: OmbPlan): string[] {
  const { facts, randomized, keys, settings } = plan;
  const consumed = facts.subscriptionsPerTopic > 0;
  const brokers = plan.replicationFactor === 1 ? 'one broker' : `${plan.replicationFactor} brokers`;
  return [
    ...onlyIf(
      facts.topics > 1,
      'The records of all topics are due at the same moments, one of each; OMB spreads them over the time between.',
    ),
    ...onlyIf(
      randomized === null,
      "Values were random bytes of messageSize; OMB sends the payload file's, the same in every record.",
    ),
    ...onlyIf(
      keys === 'KEY_ROUND_ROBIN',
      'Each record had one of 10,000 keys by chance; OMB uses them in turn.',
    ),
    ...onlyIf(
      consumed && settings.consumers['enable.auto.commit'] === 'false',
      "Consumers committed no offsets, as enable.auto.commit is false; OMB's commit after every poll.",
    ),
    ...onlyIf(
      consumed && settings.consumers['enable.auto.commit'] === undefined,
      "Consumers committed offsets at Kafka's interval; OMB's commit after every poll besides, as enable.auto.commit is not stated.",
    ),
    `OMB's files do not say what the cluster is: one that is simulated, or started for them, has ${brokers}, the fewest that hold replicationFactor ${plan.replicationFactor}.`,
  ];
}

function onlyIf(condition: boolean, sentence: string): string[] {
  return condition ? [sentence] : [];
}
