import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { topicNames } from '../../../src/scenario/topic-names.ts';
import { scratchFile } from '../scratch.ts';
import { changed, DRIVER, RANDOMIZED, read, WORKLOAD, withoutDirectory } from './fixture.ts';

describe('a workload of one topic', () => {
  const omb = read(WORKLOAD);
  const { scenario } = omb;

  test('is a scenario with one topic, one class of producers and one of consumers', () => {
    const [topic] = scenario.topics;
    assert.equal(scenario.name, '1-producer-1-consumers-on-1-topic');
    assert.equal(scenario.topics.length, 1);
    assert.deepEqual(
      [topic.name, topic.partitions, topic.replicationFactor],
      ['1-producer-1-consumers-on-1-topic-1', 16, 3],
    );
    assert.deepEqual(topic.stated, { 'min.insync.replicas': '2', 'flush.messages': '1' });
    const [producer] = scenario.producers;
    assert.equal(scenario.producers.length, 1);
    assert.deepEqual(
      [producer.name, producer.count, producer.rate, producer.topics],
      ['producer', 1, { kind: 'constant', recordsPerSecond: 50_000 }, [topic.name]],
    );
    assert.deepEqual(producer.record, {
      value: { kind: 'constant', bytes: 1024 },
      key: null,
      headersBytes: 0,
    });
    const [consumer] = scenario.consumers;
    assert.equal(scenario.consumers.length, 1);
    assert.deepEqual(
      [consumer.name, consumer.count, consumer.group],
      ['sub-000', 1, '1-producer-1-consumers-on-1-topic-sub-000'],
    );
  });

  test('warms up for the minute that OMB has where none is stated', () => {
    assert.deepEqual(scenario.run.phases, [{ name: 'run', load: 1, warmupMs: 60_000, durationMs: 900_000 }]);
  });

  test('gives each client the common properties and its own', () => {
    assert.deepEqual(scenario.producers[0].stated, {
      'request.timeout.ms': '1200000',
      'enable.idempotence': 'true',
      'max.in.flight.requests.per.connection': '1',
      retries: '2147483647',
      acks: 'all',
      'linger.ms': '1',
      'batch.size': '1048576',
    });
    assert.deepEqual(scenario.consumers[0].stated, {
      'request.timeout.ms': '1200000',
      'default.api.timeout.ms': '1200000',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': 'false',
      'max.partition.fetch.bytes': '10485760',
    });
  });

  test('has as many brokers as hold its replicas', () => {
    assert.equal(scenario.clusters[0].brokers.count, 3);
    assert.ok(omb.assumptions.some((line) => line.includes('3 brokers, the fewest')));
  });

  test('says where to connect, apart from the scenario', () => {
    assert.equal(omb.bootstrapServers, 'broker-1:9092,broker-2:9092');
    assert.deepEqual(omb.clientProperties, {});
  });

  test('says what a result in OMB’s form repeats', () => {
    assert.deepEqual(omb.facts, {
      workload: '1 producer / 1 consumers on 1 topic',
      driver: 'Kafka-exactly-once',
      messageSize: 1024,
      topics: 1,
      partitions: 16,
      producersPerTopic: 1,
      consumersPerTopic: 1,
      subscriptionsPerTopic: 1,
    });
  });

  test('knows the lines that everything comes from', () => {
    const places: [readonly (string | number)[], string][] = [
      [['topics', 'x', 'partitions'], 'workload.yaml:5:21'],
      [['topics', 'x', 'replication.factor'], 'driver.yaml:5:20'],
      [['topics', 'x', 'config', 'flush.messages'], 'driver.yaml:9:3'],
      [['producers', 'producer', 'rate'], 'workload.yaml:11:15'],
      [['producers', 'producer', 'record', 'value'], 'workload.yaml:6:14'],
      [['producers', 'producer', 'config', 'enable.idempotence'], 'driver.yaml:18:3'],
      [['producers', 'producer', 'config', 'request.timeout.ms'], 'driver.yaml:14:3'],
      [['producers', 'producer', 'config', 'buffer.memory'], 'driver.yaml:16:1'],
      [['consumers', 'sub-000', 'count'], 'workload.yaml:9:26'],
      [['consumers', 'sub-000', 'config', 'enable.auto.commit'], 'driver.yaml:26:3'],
      [['run', 'duration'], 'workload.yaml:13:22'],
      [['run', 'phases', 0, 'load'], 'workload.yaml:11:15'],
    ];
    for (const [path, place] of places) {
      assert.equal(withoutDirectory(omb.positionOf(path)), place, path.join('.'));
    }
  });

  test('means the same whatever its files are called', () => {
    const again = read(changed(WORKLOAD, { topics: '1 # one' }), DRIVER);
    assert.equal(again.hash, omb.hash);
    assert.notEqual(read(changed(WORKLOAD, { messageSize: '100' })).hash, omb.hash);
  });
});

describe('a workload of several topics', () => {
  const { scenario, assumptions } = read(RANDOMIZED);

  test('has producers of its own for each topic, and shares the rate evenly', () => {
    assert.deepEqual(
      scenario.producers.map(({ name, topics, count }) => [name, topics, count]),
      scenario.topics.map(({ name }, index) => [`producer-${index + 1}`, [name], 4]),
    );
    assert.equal(scenario.producers.length, 10);
    for (const { rate } of scenario.producers) {
      assert.deepEqual(rate, { kind: 'constant', recordsPerSecond: 20_000 });
    }
  });

  test('has groups of its own for each subscription of each topic', () => {
    assert.equal(scenario.consumers.length, 20);
    assert.equal(new Set(scenario.consumers.map(({ group }) => group)).size, 20);
    for (const { topics, count } of scenario.consumers) assert.deepEqual([topics.length, count], [1, 2]);
  });

  test('says that records of all topics come due together', () => {
    assert.ok(assumptions.some((line) => line.startsWith('The records of all topics are due at the same')));
  });

  test('above 100 shares classes between topics, without losing any, and says so', () => {
    const many = read(changed(RANDOMIZED, { topics: '250' }));
    const { topics, producers, consumers } = many.scenario;
    assert.deepEqual([topics.length, producers.length, consumers.length], [100, 100, 200]);
    assert.equal(new Set(topics.flatMap(topicNames)).size, 250);
    assert.equal(
      producers.reduce((sum, { count }) => sum + count, 0),
      1000,
    );
    assert.equal(
      consumers.reduce((sum, { count }) => sum + count, 0),
      1000,
    );
    const rates = producers.map(({ rate }) => (rate.kind === 'constant' ? rate.recordsPerSecond : 0));
    assert.ok(Math.abs(rates.reduce((sum, rate) => sum + rate, 0) - 200_000) < 1e-6);
    assert.match(
      withoutDirectory(many.warnings[0]),
      /^workload\.yaml:3:9 250 topics are 100 classes of 2\.5/,
    );
    assert.equal(many.warnings.length, 1);
  });

  test('with one topic more than classes still numbers every topic', () => {
    const { topics } = read(changed(RANDOMIZED, { topics: '101' })).scenario;
    assert.equal(new Set(topics.flatMap(topicNames)).size, 101);
  });
});

describe('records', () => {
  test('have one of OMB’s 10,000 keys of ten letters unless it sends none', () => {
    for (const keyDistributor of ['KEY_ROUND_ROBIN', '"RANDOM_NANO"']) {
      const [{ record }] = read(changed(WORKLOAD, { keyDistributor })).scenario.producers;
      assert.deepEqual(record.key, { cardinality: 10_000, bytes: 10, zipf: null });
    }
    assert.equal(
      read(changed(WORKLOAD, { keyDistributor: 'NO_KEY' })).scenario.producers[0].record.key,
      null,
    );
  });

  test('compress as far as OMB’s values are random', () => {
    const rateOf = (ratio: string | null) =>
      read(changed(RANDOMIZED, { randomBytesRatio: ratio })).scenario.producers[0].record.compressionRate;
    assert.equal(rateOf('0.5'), 0.5);
    assert.equal(rateOf('1.0'), 1);
    assert.equal(rateOf('0'), 0.005);
    assert.equal(rateOf(null), 0.005);
  });

  test('do not repeat, which is said where a codec would find that OMB’s do', () => {
    const lz4 = DRIVER.replace('linger.ms=1', 'compression.type=lz4');
    assert.deepEqual(read(WORKLOAD).warnings, []);
    assert.deepEqual(read(WORKLOAD, lz4).warnings.map(withoutDirectory), [
      "workload.yaml:7:14 OMB's one value of 1024 bytes is repeated within a batch of up to 1048576, which lz4 compresses to little; values do not repeat here, so that more bytes are sent",
    ]);
    assert.deepEqual(read(RANDOMIZED, lz4).warnings, []);
    const few = changed(RANDOMIZED, { randomizedPayloadPoolSize: '10' });
    assert.match(read(few, lz4).warnings.map(withoutDirectory)[0], /^workload\.yaml:10:28 OMB's 10 values/);
  });

  test('are random without a payload file too', () => {
    const { warnings } = read(changed(WORKLOAD, { payloadFile: null }));
    assert.match(warnings[0], /neither payloadFile nor useRandomizedPayloads/);
  });

  test('may have a payload file that is there and as long as messageSize', () => {
    scratchFile('payload-20b.data', 'x'.repeat(20));
    const { scenario } = read(changed(WORKLOAD, { payloadFile: 'payload-20b.data', messageSize: '20' }));
    assert.deepEqual(scenario.producers[0].record.value, { kind: 'constant', bytes: 20 });
  });
});

describe('a rate', () => {
  test('of 0 is a saturating phase, and says that OMB would search', () => {
    const { scenario, warnings } = read(changed(WORKLOAD, { producerRate: '0' }));
    assert.equal(scenario.run.phases[0].load, 'max');
    assert.match(
      withoutDirectory(warnings[0]),
      /^workload\.yaml:11:15 producerRate 0: producers send as fast/,
    );
  });

  test('that does not divide by the topics is shared all the same', () => {
    const { scenario } = read(changed(RANDOMIZED, { topics: '3', producerRate: '100' }));
    for (const { rate } of scenario.producers) {
      assert.deepEqual(rate, { kind: 'constant', recordsPerSecond: 100 / 3 });
    }
  });

  test('may be written with underscores or in quotes', () => {
    const rateOf = (producerRate: string) =>
      read(changed(WORKLOAD, { producerRate })).scenario.producers[0].rate;
    assert.deepEqual(rateOf('1_000'), { kind: 'constant', recordsPerSecond: 1000 });
    assert.deepEqual(rateOf('"1000"'), { kind: 'constant', recordsPerSecond: 1000 });
  });
});

describe('consumers', () => {
  test('are none without subscriptions', () => {
    const { scenario } = read(changed(WORKLOAD, { subscriptionsPerTopic: '0' }));
    assert.deepEqual(scenario.consumers, []);
  });

  test('that would commit after every poll in OMB are told apart', () => {
    const said = (driver: string) => read(WORKLOAD, driver).assumptions.filter((line) => /commit/.test(line));
    assert.match(said(DRIVER)[0], /^Consumers committed no offsets/);
    assert.match(said(DRIVER.replace('  enable.auto.commit=false\n', ''))[0], /besides/);
    assert.deepEqual(said(DRIVER.replace('auto.commit=false', 'auto.commit=true')), []);
  });

  test('that are more than partitions are warned of once', () => {
    const { warnings } = read(changed(RANDOMIZED, { consumerPerSubscription: '4' }));
    assert.deepEqual(warnings.map(withoutDirectory), [
      'workload.yaml:12:24 4 consumers for 3 partitions: 1 stay idle',
    ]);
  });
});

describe('names', () => {
  const nameOf = (name: string | null) => read(changed(WORKLOAD, { name })).scenario.name;

  test('are letters, digits and dashes, so that Kafka and directories take them', () => {
    assert.equal(nameOf('"../Été: 100% / 1k"'), 't-100-1k');
    assert.equal(nameOf('"***"'), 'test-topic');
    assert.equal(nameOf(`"${'x'.repeat(300)}"`), 'x'.repeat(100));
    assert.equal(nameOf('2024'), '2024');
  });

  test('come from the files where none are stated', () => {
    const { facts, scenario } = read(
      changed(WORKLOAD, { name: null }),
      DRIVER.replace(/^name:.*\n/, 'name:\n'),
    );
    assert.deepEqual([facts.workload, facts.driver, scenario.name], ['workload', 'driver', 'workload']);
  });
});

describe('--set', () => {
  test('changes the scenario that the files mean', () => {
    const { scenario } = read(WORKLOAD, DRIVER, {
      set: ['run.duration=10s', 'run.seed=7', 'producers.producer.config.linger.ms=20'],
    });
    assert.deepEqual([scenario.run.phases[0].durationMs, scenario.run.seed], [10_000, 7]);
    assert.equal(scenario.producers[0].config['linger.ms'], 20);
  });
});
