/** The histories of topics, written before a phase begins: by a producer of our own, as fast as they are taken. */
import { EXIT, UserError } from '../errors/errors.ts';
import { producerConfig } from '../scenario/kafka-defaults.ts';
import type { ProducerClass, Scenario, TopicClass, TopicHistory } from '../scenario/scenario.ts';
import { historyBatches, historyRecords } from '../scenario/topic-history.ts';
import type { LoadResult } from './load-result.ts';
import { type PhaseProgress, type RunPhaseOptions, runPhase } from './run-phase.ts';
import { untilInSync } from './topics.ts';

const PRODUCER = 'history';
/** A cluster that takes less is not waited for. */
const BYTES_PER_SECOND_MIN = 2 * 1024 ** 2;
const DEADLINE_MS_MIN = 60_000;
/** What a record takes besides its value, and a batch besides its records. */
const OVERHEAD_BYTES = 256;

export type FillOptions = Pick<
  RunPhaseOptions,
  'scenario' | 'bootstrapServers' | 'access' | 'management' | 'places' | 'caps' | 'signal'
> & {
  readonly onProgress?: (progress: FillProgress) => void;
};

/** `fraction` is of the class of topics. */
export type FillProgress = PhaseProgress & { readonly topics: string; readonly fraction: number };

/**
 * Fills the scenario's topics, which are there and empty, one class after the other, and waits until all replicas have it.
 * Throws a UserError (exit 3) when the cluster refuses or takes less than 2 MiB/s. Ends early when the signal aborts.
 */
export async function fillHistories(options: FillOptions): Promise<void> {
  const { scenario, signal } = options;
  for (const topics of scenario.topics) {
    if (topics.history !== undefined && signal?.aborted !== true) {
      await fill(topics, topics.history, options);
    }
  }
}

async function fill(topics: TopicClass, history: TopicHistory, options: FillOptions): Promise<void> {
  const { scenario, onProgress, ...cluster } = options;
  const records = historyRecords(topics);
  const slowestMs = (topics.count * history.bytes * 1000) / BYTES_PER_SECOND_MIN;
  const cappedMs = (records / (options.caps?.caps.recordsPerSecond ?? Number.POSITIVE_INFINITY)) * 1000;
  const deadlineMs = DEADLINE_MS_MIN + Math.max(slowestMs, cappedMs);
  let acknowledged = 0;
  const filling = fillScenario(scenario, topics, history);
  const result = await runPhase({
    ...cluster,
    scenario: filling,
    phase: { name: PRODUCER, load: 'max', warmupMs: 0, durationMs: Math.ceil(deadlineMs) },
    recordsMax: records,
    recordsInTurn: historyBatches(topics).records,
    onAcknowledged: (interval) => {
      acknowledged += interval.records;
    },
    onProgress: (progress) =>
      onProgress?.({ ...progress, topics: topics.name, fraction: acknowledged / records }),
  });
  if (result.interrupted) {
    return;
  }
  if (result.totals.recordsAcknowledged !== records) {
    throw unfilled(topics, records, result);
  }
  const { bootstrapServers, access, management } = options;
  await untilInSync({
    scenario: filling,
    ...(management ?? { bootstrapServers, ...(access === undefined ? {} : { access }) }),
  });
}

/** The scenario with nothing but these topics and the producer that fills them. */
function fillScenario(scenario: Scenario, topics: TopicClass, history: TopicHistory): Scenario {
  const { history: _, ...plain } = topics;
  return {
    ...scenario,
    topics: [{ ...plain, skew: null, placement: null }],
    producers: [fillProducer(scenario, topics, history)],
    consumers: [],
    operations: [],
  };
}

function fillProducer(scenario: Scenario, { name }: TopicClass, history: TopicHistory): ProducerClass {
  const [first] = [...scenario.producers, ...scenario.consumers];
  const defaults = producerConfig({});
  const { valueBytes, batchBytes } = history;
  return {
    name: PRODUCER,
    cluster: first.cluster,
    host: first.host,
    client: 'brokertwin',
    topics: [name],
    count: 1,
    rate: { kind: 'constant', recordsPerSecond: 1 },
    record: { value: { kind: 'constant', bytes: valueBytes }, key: null, headersBytes: 0 },
    config: {
      ...defaults,
      'batch.size': batchBytes,
      'max.request.size': Math.max(
        defaults['max.request.size'],
        batchBytes + OVERHEAD_BYTES,
        valueBytes + OVERHEAD_BYTES,
      ),
    },
    stated: {},
  };
}

function unfilled(
  { name }: TopicClass,
  records: number,
  { totals, durationSeconds, errors, byteCapReached }: LoadResult,
): UserError {
  const why =
    byteCapReached === true
      ? 'all bytes are made that --max-bytes allows'
      : (Object.keys(errors).at(0) ?? "see the brokers' logs");
  return new UserError(
    `topics.${name}.history: expected ${records} records to be taken, found ${totals.recordsAcknowledged} after ${Math.round(durationSeconds)} s: ${why}; give it less, or see what holds the brokers up`,
    EXIT.clusterUnreachable,
  );
}
