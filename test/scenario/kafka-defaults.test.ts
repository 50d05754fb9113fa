import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  BROKER_PROPERTIES,
  brokerConfig,
  CONSUMER_PROPERTIES,
  PRODUCER_PROPERTIES,
  producerConfig,
  TOPIC_DEFAULTS_FROM_BROKER,
  TOPIC_PROPERTIES,
  topicConfig,
} from '../../src/scenario/kafka-defaults.ts';
import {
  defaultOf,
  INT_MAX,
  type PropertyTable,
  parseProperty,
  plainText,
} from '../../src/scenario/kafka-property.ts';

const TABLES: Readonly<Record<string, PropertyTable>> = {
  broker: BROKER_PROPERTIES,
  topic: TOPIC_PROPERTIES,
  producer: PRODUCER_PROPERTIES,
  consumer: CONSUMER_PROPERTIES,
};

interface Definition {
  readonly type: string;
  readonly value: string;
  readonly validator: string;
}

const definitions = new Map(
  readFileSync(new URL('kafka-4.3.1-config.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): [string, Definition] => {
      const [kind, name, type, value, validator] = line.split('\t');
      return [`${kind} ${name}`, { type, value, validator }];
    }),
);

describe('the tables of Kafka defaults', () => {
  for (const [kind, table] of Object.entries(TABLES)) {
    test(`agree with the ${kind} ConfigDef of Kafka 4.3.1 in names, types, defaults and bounds`, () => {
      for (const [name, property] of Object.entries(table)) {
        const definition = definitions.get(`${kind} ${name}`);
        if (property.absentIn?.includes('4.3')) {
          assert.equal(definition, undefined, `${name} is in Kafka 4.3.1`);
          continue;
        }
        assert.ok(definition, `${kind} ${name} is not in Kafka 4.3.1`);
        const unset = property.value === null && property.never === undefined;
        const ours = unset ? 'null' : plainText(property, defaultOf(property, '4.3'));
        const text = definition.value
          .replace(/^\[|\]$/g, '')
          .replaceAll('class ', '')
          .replaceAll(', ', ',');
        // Kafka derives these from their like in hours; it has no text for "unset" but null.
        const theirs = name === 'log.retention.minutes' || name === 'log.retention.ms' ? '-1' : text;
        assert.equal(ours, theirs, name);
        const least = /^\[(-?\d+),\.\.\./.exec(definition.validator);
        if (least !== null && property.never === undefined) {
          const lowered = name.startsWith('compression.gzip') || name.includes('.thread.pool.size');
          if (!lowered) assert.equal(property.minimum, Number(least[1]), `minimum of ${name}`);
        }
        if (property.maximum !== undefined && property.kind !== 'ratio' && !name.includes('gzip.level')) {
          const isInt = definition.type === 'INT' || definition.type === 'SHORT';
          assert.equal(property.maximum === Number(INT_MAX), isInt, `type of ${name}: ${definition.type}`);
        }
      }
    });
  }

  test('give each older line its own defaults, and null for what it does not have', () => {
    const old = brokerConfig({}, '3.9');
    const now = brokerConfig({}, '4.3');
    assert.equal(old['num.recovery.threads.per.data.dir'], 1);
    assert.equal(now['num.recovery.threads.per.data.dir'], 2);
    assert.equal(old['log.message.timestamp.after.max.ms'], null);
    assert.equal(now['log.message.timestamp.after.max.ms'], 3_600_000);
    assert.equal(brokerConfig({}, '4.1')['group.coordinator.append.linger.ms'], 5);
    assert.equal(old['leader.imbalance.per.broker.percentage'], 10);
    assert.equal(now['leader.imbalance.per.broker.percentage'], null);
    assert.equal(brokerConfig({}, '4.1')['controller.quorum.auto.join.enable'], null);
  });

  test('read back what they write, for every default of every line', () => {
    for (const table of Object.values(TABLES)) {
      for (const [name, property] of Object.entries(table)) {
        const value = property.value;
        if (value === null && property.never === undefined) continue;
        assert.deepEqual(parseProperty(property, plainText(property, value)), { value }, name);
      }
    }
  });
});

describe('a topic without settings of its own', () => {
  test("has its brokers' settings", () => {
    const stated = {
      'min.insync.replicas': 2,
      'log.retention.hours': 24,
      'log.roll.ms': 5000,
      'message.max.bytes': 2_000_000,
    };
    const config = topicConfig(
      { 'segment.bytes': 1_048_576 },
      { config: brokerConfig(stated, '4.3'), stated },
    );
    assert.equal(config['min.insync.replicas'], 2);
    assert.equal(config['retention.ms'], 86_400_000);
    assert.equal(config['segment.ms'], 5000);
    assert.equal(config['max.message.bytes'], 2_000_000);
    assert.equal(config['segment.bytes'], 1_048_576);
  });

  test('keeps its records for ever when log.retention.ms says so, whatever the hours say', () => {
    const stated = { 'log.retention.hours': 24, 'log.retention.ms': null };
    assert.equal(topicConfig({}, { config: brokerConfig(stated, '4.3'), stated })['retention.ms'], null);
  });

  test("has Kafka's own topic defaults under brokers without settings", () => {
    const config = topicConfig({}, { config: brokerConfig({}, '4.3'), stated: {} });
    for (const [name, property] of Object.entries(TOPIC_PROPERTIES)) {
      assert.deepEqual(Reflect.get(config, name), property.value, name);
    }
    assert.ok(Object.keys(TOPIC_DEFAULTS_FROM_BROKER).length > 20);
  });
});

describe('a producer', () => {
  test('gives up idempotence, as Kafka does, for acks, retries or requests in flight that rule it out', () => {
    assert.equal(producerConfig({})['enable.idempotence'], true);
    assert.equal(producerConfig({ acks: '1' })['enable.idempotence'], false);
    assert.equal(producerConfig({ retries: 0 })['enable.idempotence'], false);
    assert.equal(producerConfig({ 'max.in.flight.requests.per.connection': 6 })['enable.idempotence'], false);
  });

  test('raises its default delivery timeout above a long linger', () => {
    assert.equal(producerConfig({ 'linger.ms': 200_000 })['delivery.timeout.ms'], 230_000);
    assert.equal(producerConfig({})['delivery.timeout.ms'], 120_000);
  });
});

describe('a Kafka property', () => {
  const read = (property: PropertyTable[string], input: unknown) => parseProperty(property, input);

  test('takes plain numbers in its own unit, numbers as text, and units', () => {
    const linger = PRODUCER_PROPERTIES['linger.ms'];
    for (const input of [5, '5', '5ms', '5 ms', '0.005s'])
      assert.deepEqual(read(linger, input), { value: 5 });
    assert.deepEqual(read(PRODUCER_PROPERTIES['batch.size'], '64KiB'), { value: 65_536 });
    assert.deepEqual(read(BROKER_PROPERTIES['log.retention.hours'], '7d'), { value: 168 });
    const limit = BROKER_PROPERTIES['remote.log.manager.copy.max.bytes.per.second'];
    assert.deepEqual(read(limit, '10MiB/s'), { value: 10_485_760 });
  });

  test('takes what Kafka writes for never, and the word', () => {
    const retention = TOPIC_PROPERTIES['retention.ms'];
    for (const input of [-1, '-1', 'never']) assert.deepEqual(read(retention, input), { value: null });
    const flush = TOPIC_PROPERTIES['flush.ms'];
    assert.deepEqual(read(flush, Number('9223372036854775807')), { value: null });
    assert.equal(plainText(flush, null), '9223372036854775807');
    assert.ok('problem' in read(flush, -1));
  });

  test('refuses what Kafka would refuse', () => {
    const refused: [PropertyTable[string], unknown][] = [
      [PRODUCER_PROPERTIES['linger.ms'], -5],
      [PRODUCER_PROPERTIES['linger.ms'], '500us'],
      [PRODUCER_PROPERTIES['linger.ms'], '5KiB'],
      [PRODUCER_PROPERTIES['batch.size'], 1.5],
      [PRODUCER_PROPERTIES['batch.size'], '4GiB'],
      [PRODUCER_PROPERTIES.acks, 2],
      [PRODUCER_PROPERTIES['enable.idempotence'], 'yes'],
      [TOPIC_PROPERTIES['segment.bytes'], 14],
      [TOPIC_PROPERTIES['min.cleanable.dirty.ratio'], 1.1],
      [TOPIC_PROPERTIES['cleanup.policy'], 'compact,remove'],
      [TOPIC_PROPERTIES['cleanup.policy'], 5],
      [TOPIC_PROPERTIES['retention.ms'], Number.NaN],
      [CONSUMER_PROPERTIES['client.rack'], null],
    ];
    for (const [property, input] of refused) assert.ok('problem' in read(property, input), String(input));
  });

  test('takes acks as a number, and -1 for all', () => {
    assert.deepEqual(read(PRODUCER_PROPERTIES.acks, 1), { value: '1' });
    assert.deepEqual(read(PRODUCER_PROPERTIES.acks, -1), { value: 'all' });
  });
});
