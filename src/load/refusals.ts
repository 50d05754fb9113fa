/** What this generator cannot honour, by name, and what it assumes. */
import { isWeighted } from '../scenario/partition-weights.ts';
import { keyRoom } from '../scenario/record-keys.ts';
import type { ConsumerClass, ProducerClass, Scenario, Size, TopicClass } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import { DUE_TIME_BYTES } from './due-time.ts';
import { TRANSACTION_MS } from './producer/transactions.ts';

export interface LoadRefusal {
  /** Where in the scenario: keys as in its file, numbers for entries of lists. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Everything in the scenario that the load generator cannot honour; empty when it can drive all of it. */
export function loadRefusals(scenario: Scenario): LoadRefusal[] {
  return [
    ...wholeScenario(scenario),
    ...scenario.topics.flatMap(topicRefusals),
    ...scenario.producers.flatMap((producer) => producerRefusals(producer, scenario)),
    ...scenario.consumers.flatMap(consumerRefusals),
  ];
}

/** One sentence for each thing that the generator does otherwise than a Java client, or that is not in the scenario. */
export function loadAssumptions(scenario: Scenario): string[] {
  return [
    ...onlyIf(
      scenario.producers.some((producer) => producer.record.value.kind === 'lognormal'),
      `Lognormal value sizes were raised to ${DUE_TIME_BYTES} bytes and cut to what max.request.size allows.`,
    ),
    ...onlyIf(
      scenario.producers.some((producer) => producer.config['compression.type'] !== 'none'),
      'Values were random bytes, which do not compress, but for the part that compressionRate leaves out.',
    ),
    ...onlyIf(
      scenario.producers.some((producer) => isTakingTurns(scenario, producer)),
      'A producer client with several topics gave its records to them in turn.',
    ),
    ...onlyIf(
      scenario.producers.some((producer) => producer.rate.kind === 'diurnal'),
      'A run began at midnight of a diurnal rate.',
    ),
    ...onlyIf(
      scenario.topics.some(({ history }) => history !== undefined),
      "Histories were written just before each phase: what of them fits was in the brokers' page cache.",
    ),
  ];
}

function isTakingTurns({ topics }: Scenario, producer: ProducerClass): boolean {
  const written = topics.filter(({ name }) => producer.topics.includes(name));
  return written.reduce((sum, { count }) => sum + count, 0) > 1 && !written.some(isWeighted);
}

function wholeScenario(scenario: Scenario): LoadRefusal[] {
  const clusters = scenario.clusters.reduce((sum, cluster) => sum + cluster.count, 0);
  return [
    ...onlyIf(clusters !== 1, {
      path: ['clusters'],
      message: `the load generator drives one cluster, found ${clusters}; keep one, or simulate`,
    }),
    ...onlyIf(scenario.mirrors.length > 0, {
      path: ['mirrors'],
      message: 'the load generator has no mirrors; remove them, or simulate',
    }),
    ...onlyIf(scenario.producers.length + scenario.consumers.length === 0, {
      path: ['producers'],
      message: 'the load generator needs at least one class of producers or consumers, found none',
    }),
  ];
}

function topicRefusals(topics: TopicClass): LoadRefusal[] {
  const { placement, partitions, name } = topics;
  const partly = topicNames(topics).find((topic) => {
    const placed = (placement ?? []).filter((one) => one.topic === topic).length;
    return placed > 0 && placed < partitions;
  });
  return onlyIf(partly !== undefined, {
    path: ['topics', name, 'placement'],
    message: `Kafka places all partitions of a topic or none, found some of ${partly}; name the others too, or simulate`,
  });
}

function producerRefusals(producer: ProducerClass, scenario: Scenario): LoadRefusal[] {
  const { config, record } = producer;
  const at = (keys: readonly string[], message: string): LoadRefusal => ({
    path: ['producers', producer.name, ...keys],
    message,
  });
  const consumed = scenario.consumers.some((consumer) =>
    consumer.topics.some((topic) => producer.topics.includes(topic)),
  );
  const largest = largestBytes(record.value) + record.headersBytes + (record.key?.bytes ?? 0);
  return [
    ...clientRefusal(producer, 'producers'),
    ...onlyIf(
      config['transactional.id'] !== null && !config['enable.idempotence'],
      at(
        ['config', 'transactional.id'],
        'transactions need idempotence: acks all, retries, and at most 5 requests in flight',
      ),
    ),
    ...onlyIf(
      config['transactional.id'] === null &&
        producer.transactionMs !== undefined &&
        producer.isSingle !== true,
      at(['transaction'], 'transactions need a transactional.id in config; add one, or remove transaction'),
    ),
    ...onlyIf(
      config['transactional.id'] !== null &&
        (producer.transactionMs ?? TRANSACTION_MS) >= config['transaction.timeout.ms'],
      at(
        ['transaction'],
        `expected less than transaction.timeout.ms (${config['transaction.timeout.ms']} ms), after which brokers abort it, found ${producer.transactionMs ?? TRANSACTION_MS} ms`,
      ),
    ),
    ...onlyIf(
      config['partitioner.class'] !== null,
      at(
        ['config', 'partitioner.class'],
        "the load generator has only Kafka's default partitioner; remove it",
      ),
    ),
    ...['compression.lz4.level']
      .filter((name) => Object.hasOwn(producer.stated, name))
      .map((name) =>
        at(['config', name], "the load generator compresses at its codecs' own level; remove it"),
      ),
    ...onlyIf(
      consumed && record.value.kind === 'constant' && record.value.bytes < DUE_TIME_BYTES,
      at(
        ['record', 'value'],
        `end-to-end latency needs values of at least ${DUE_TIME_BYTES} bytes (they carry the due time), found ${record.value.kind === 'constant' ? record.value.bytes : ''}`,
      ),
    ),
    ...onlyIf(
      largest > config['max.request.size'],
      at(
        ['record'],
        `a record must fit into max.request.size (${config['max.request.size']} bytes), found ${largest}`,
      ),
    ),
    ...onlyIf(
      record.key !== null && record.key.cardinality > keyRoom(record.key.bytes),
      at(
        ['record', 'key', 'cardinality'],
        `keys of ${record.key?.bytes} bytes can have at most ${keyRoom(record.key?.bytes ?? 0)} values, found ${record.key?.cardinality}`,
      ),
    ),
    ...onlyIf(
      record.headersBytes > 0 && record.headersBytes < 2,
      at(['record', 'headers'], 'headers take at least 2 bytes (one byte of key, one of value), found 1'),
    ),
  ];
}

function consumerRefusals(consumer: ConsumerClass): LoadRefusal[] {
  const at = (key: string, message: string): LoadRefusal => ({
    path: ['consumers', consumer.name, 'config', key],
    message,
  });
  const stated = (name: string) => Object.hasOwn(consumer.stated, name);
  return [
    ...clientRefusal(consumer, 'consumers'),
    ...onlyIf(
      stated('partition.assignment.strategy'),
      at('partition.assignment.strategy', 'the load generator assigns partitions round-robin; remove it'),
    ),
    ...onlyIf(
      consumer.stated['auto.offset.reset'] === 'none',
      at('auto.offset.reset', 'the load generator reads new topics from their beginning; remove it'),
    ),
  ];
}

function clientRefusal(
  client: ProducerClass | ConsumerClass,
  list: 'producers' | 'consumers',
): LoadRefusal[] {
  return onlyIf(client.client === 'java', {
    path: [list, client.name, 'client'],
    message: 'the load generator is not a Java client; leave client out (brokertwin), or simulate',
  });
}

/** Values above the 99.99th percentile of a lognormal are cut, not refused. */
function largestBytes(size: Size): number {
  return size.kind === 'constant' ? size.bytes : size.p99Bytes;
}

function onlyIf<Item>(condition: boolean, item: Item): Item[] {
  return condition ? [item] : [];
}
