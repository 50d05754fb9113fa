import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DRIVER, problemsOf, read, WORKLOAD, withoutDirectory } from './fixture.ts';

/** The driver with these lines among its common properties. */
function common(...lines: string[]): string {
  return DRIVER.replace(
    '  default.api.timeout.ms',
    `${lines.map((it) => `  ${it}\n`).join('')}  default.api.timeout.ms`,
  );
}

describe('how to connect', () => {
  test('is given back as it stands, by Kafka’s names', () => {
    const driver = common(
      'security.protocol=SASL_SSL',
      'sasl.mechanism=PLAIN',
      'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\',
      '  username="u" password="p=1";',
      'ssl.truststore.location=/etc/trust.jks ',
      'client.id=bench',
    );
    const { clientProperties, scenario } = read(WORKLOAD, driver);
    assert.deepEqual(clientProperties, {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p=1";',
      'ssl.truststore.location': '/etc/trust.jks ',
      'client.id': 'bench',
    });
    assert.equal(Object.hasOwn(scenario.producers[0].stated, 'security.protocol'), false);
  });

  test('may be left to the command', () => {
    const without = DRIVER.replace(/ {2}bootstrap.*\n/, '');
    assert.equal(read(WORKLOAD, without).bootstrapServers, null);
  });

  test('must be the same for all clients', () => {
    const same = common('security.protocol=SSL').replace('acks=all', 'security.protocol=SSL');
    assert.deepEqual(problemsOf(WORKLOAD, same), []);
    const other = DRIVER.replace('acks=all', 'security.protocol=SSL');
    assert.deepEqual(problemsOf(WORKLOAD, other), [
      'driver.yaml:21:3 producerConfig.security.protocol: expected the security.protocol of commonConfig, found another: all clients connect alike, state it in commonConfig',
    ]);
  });

  test('needs addresses of host and port', () => {
    assert.deepEqual(problemsOf(WORKLOAD, DRIVER.replace('broker-2:9092', 'broker-2')), [
      'driver.yaml:12:3 commonConfig.bootstrap.servers: expected host:port with commas between, found "broker-2"',
    ]);
  });

  test('has the zone in client.id that is given for it, and none is refused', () => {
    const driver = common('client.id=az={zone.id}');
    assert.deepEqual(read(WORKLOAD, driver, { zone: 'use1-az1' }).clientProperties, {
      'client.id': 'az=use1-az1',
    });
    assert.deepEqual(problemsOf(WORKLOAD, driver), [
      'driver.yaml:13:3 commonConfig.client.id: expected a zone for {zone.id}, which OMB takes from the system property zone.id, found none: write the zone itself',
    ]);
  });
});

describe('a property', () => {
  const warningsOf = (driver: string) => read(WORKLOAD, driver).warnings.map(withoutDirectory);

  test('of the client’s own goes before the common one', () => {
    const driver = DRIVER.replace('acks=all', 'request.timeout.ms=30000');
    const { scenario } = read(WORKLOAD, driver);
    assert.equal(scenario.producers[0].config['request.timeout.ms'], 30_000);
    assert.equal(scenario.consumers[0].config['request.timeout.ms'], 1_200_000);
  });

  test('that stands twice counts as it stands last, as in Java, with a warning', () => {
    const driver = DRIVER.replace('acks=all', 'acks=1\n  acks=all');
    assert.deepEqual(warningsOf(driver), [
      'driver.yaml:22:3 acks stands twice in producerConfig: the last one counts',
    ]);
    assert.equal(read(WORKLOAD, driver).scenario.producers[0].config.acks, 'all');
  });

  test('that OMB writes over, or that changes no load, is passed over with a warning', () => {
    assert.deepEqual(warningsOf(DRIVER.replace('acks=all', 'key.serializer=x\n  metric.reporters=y')), [
      'driver.yaml:21:3 key.serializer has no effect: OMB has its own',
      'driver.yaml:22:3 metric.reporters has no effect here',
    ]);
  });

  test('that needs Java classes is refused by name', () => {
    assert.deepEqual(problemsOf(WORKLOAD, common('interceptor.classes=x.Y')), [
      'driver.yaml:13:3 commonConfig.interceptor.classes is not supported: no Java classes are run; remove it',
    ]);
  });

  test('that is not known is refused with the one that was meant, or its place', () => {
    const driver = DRIVER.replace('acks=all', 'max.poll.records=5')
      .replace('linger.ms=1', 'linger.mss=1')
      .replace('flush.messages=1', 'flush.message=1')
      .replace('default.api.timeout.ms', 'securty.protocol');
    assert.deepEqual(problemsOf(WORKLOAD, driver), [
      'driver.yaml:9:3 unknown property "flush.message" in topicConfig, did you mean "flush.messages"?',
      'driver.yaml:13:3 unknown property "securty.protocol" in commonConfig, did you mean "security.protocol"?',
      'driver.yaml:21:3 unknown property "max.poll.records" in producerConfig, it belongs under consumerConfig',
      'driver.yaml:22:3 unknown property "linger.mss" in producerConfig, did you mean "linger.ms"?',
    ]);
  });

  test('is found in quoted text too, at the beginning of the text', () => {
    const driver = DRIVER.replace(
      /topicConfig: \|\n.*\n.*\n/,
      'topicConfig: "min.insync.replicas=x\\nflush.ms=0"\n',
    );
    assert.deepEqual(problemsOf(WORKLOAD, driver), [
      'driver.yaml:7:14 topicConfig.min.insync.replicas: expected a whole number, from 1 to 2147483647, found "x"',
    ]);
  });
});

describe('a driver', () => {
  test('may leave blocks out or empty', () => {
    const { scenario } = read(
      WORKLOAD,
      `driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver
replicationFactor: 1
topicConfig: |
producerConfig:
`,
    );
    assert.deepEqual([scenario.topics[0].stated, scenario.producers[0].stated], [{}, {}]);
  });

  test('with reset is taken, and says that nothing is deleted', () => {
    const { warnings } = read(WORKLOAD, DRIVER.replace('topicConfig', 'reset: true\ntopicConfig'));
    assert.match(withoutDirectory(warnings[0]), /^driver\.yaml:7:8 reset has no effect/);
  });

  test('of another system is refused', () => {
    assert.deepEqual(
      problemsOf(WORKLOAD, DRIVER.replace('kafka.KafkaBenchmarkDriver', 'pulsar.PulsarBenchmarkDriver')),
      [
        'driver.yaml:2:14 driverClass: expected io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver, the one driver that is understood, found "io.openmessaging.benchmark.driver.pulsar.PulsarBenchmark...',
      ],
    );
  });
});
