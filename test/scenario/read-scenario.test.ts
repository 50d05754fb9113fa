import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { load, problemsOf, problemsOfFile, scratchFile, small } from './scratch.ts';

describe('a small scenario', () => {
  test('gets every default', () => {
    const { scenario, warnings } = load(small('consumers:\n  billing: { topics: orders }\n'));
    assert.equal(scenario.name, 's');
    assert.equal(scenario.question, null);
    assert.deepEqual(
      scenario.hosts.map(({ name, profile, count }) => [name, profile, count]),
      [['local', 'local', 1]],
    );
    const [cluster] = scenario.clusters;
    assert.deepEqual([cluster.name, cluster.kafka, cluster.count], ['cluster', '4.3.1', 1]);
    assert.deepEqual([cluster.brokers.host, cluster.brokers.count], ['local', 1]);
    assert.deepEqual(cluster.controllers, { mode: 'combined', count: 1, host: null });
    const [topic] = scenario.topics;
    assert.deepEqual([topic.cluster, topic.partitions, topic.replicationFactor], ['cluster', 1, 1]);
    const [producer] = scenario.producers;
    assert.deepEqual(producer.record, {
      value: { kind: 'constant', bytes: 1024 },
      key: null,
      headersBytes: 0,
    });
    assert.deepEqual([producer.count, producer.client, producer.topics], [1, 'brokertwin', ['orders']]);
    assert.equal(producer.config['linger.ms'], 5);
    assert.deepEqual(producer.stated, {});
    const [consumer] = scenario.consumers;
    assert.deepEqual([consumer.group, consumer.processUs], ['billing', 0]);
    assert.deepEqual(scenario.run, {
      seed: 1,
      fidelity: 'auto',
      threads: { producers: 1, consumers: 1 },
      phases: [{ name: 'run', load: 1, warmupMs: 5000, durationMs: 30_000 }],
    });
    assert.deepEqual(warnings, []);
  });
});

describe('the scenario of experience.md', () => {
  const YAML = `apiVersion: brokertwin/v1
kind: Scenario
name: orders-peak
question: Do three brokers carry the evening peak of the orders topics, and with one broker down?
hosts:
  broker: { profile: i3en.2xlarge, count: 3, zones: [a, b, c] }
  client: { profile: c5n.2xlarge, count: 2, zones: [a, b] }
cluster:
  kafka: 4.3.1
  brokers: { host: broker, config: { num.replica.fetchers: 4 } }
  controllers: { mode: combined }
topics:
  orders:    { partitions: 48, replication.factor: 3, config: { min.insync.replicas: 2, retention.ms: 24h } }
  clicks-*:  { count: 200, partitions: 12, replication.factor: 3, skew: { zipf: 1.1 } }
producers:
  checkout: { host: client, topics: orders,   count: 40,  rate: 60k/s, record: { value: 1 KiB, key: { cardinality: 5M } }, config: { acks: all, linger.ms: 5, compression.type: lz4 } }
  web:      { host: client, topics: clicks-*, count: 400, rate: { diurnal: { peak: 250k/s, trough: 40k/s, peakAt: "20:00" } }, record: { value: { lognormal: { median: 300 B, p99: 4 KiB } } } }
consumers:
  billing:   { host: client, topics: orders,   group: billing, count: 12, process: 50us }
  analytics: { host: client, topics: clicks-*, group: analytics, count: 24, config: { group.protocol: consumer } }
operations:
  - { at: 10m, kill: { broker: 2 } }
  - { at: 14m, start: { broker: 2 } }
levels:
  - checkout.publishLatency p(99) < 50ms
  - lost(acks=all) == 0
  - billing.lag max < 100k
run: { warmup: 2m, duration: 20m, seed: 7, fidelity: auto }
`;

  test('is read as it stands', () => {
    const { scenario, warnings } = load(YAML);
    assert.deepEqual(warnings, []);
    assert.deepEqual(scenario.topics[0].stated, { 'min.insync.replicas': '2', 'retention.ms': '86400000' });
    assert.deepEqual(scenario.topics[1].skew, { zipf: 1.1 });
    assert.deepEqual(scenario.producers[1].rate, {
      kind: 'diurnal',
      peakRecordsPerSecond: 250_000,
      troughRecordsPerSecond: 40_000,
      peakAtMs: 72_000_000,
    });
    assert.deepEqual(scenario.producers[0].record.key, { cardinality: 5_000_000, bytes: 8, zipf: null });
    assert.equal(scenario.consumers[0].processUs, 50);
    assert.deepEqual(scenario.operations[0], {
      atMs: 600_000,
      action: 'kill',
      brokers: [2],
      cluster: 'cluster',
      instance: 1,
    });
    assert.equal(scenario.clusters[0].brokers.config['num.replica.fetchers'], 4);
    assert.deepEqual(scenario.clusters[0].controllers, { mode: 'combined', count: 3, host: null });
  });

  test('knows where each part of it stands', () => {
    const { positionOf } = load(YAML);
    const at = (...where: (string | number)[]) => path.basename(positionOf(where));
    assert.equal(at('topics', 'orders', 'partitions'), 's.yaml:13:28');
    assert.equal(at('topics', 'orders'), 's.yaml:13:3');
    assert.equal(at('operations', 1), 's.yaml:23:5');
    assert.equal(at('operations', 1, 'start', 'broker'), 's.yaml:23:33');
    assert.equal(at('producers', 'checkout', 'client'), 's.yaml:16:3');
    assert.equal(at('run', 'seed'), 's.yaml:28:41');
  });
});

describe('machines and nodes', () => {
  test('have what the file says', () => {
    const { hosts, clusters } = load(
      small(`hosts:
  broker: { count: 3, nic: 80Mbit/s, nicBuffer: 128KiB, latency: 250us, logDirs: { count: 2, size: 2GiB } }
  quorum: { count: 3 }
cluster:
  kafka: [4.3.1, 4.1.0, 4.2.0]
  brokers: { host: broker }
  controllers: { mode: separate, host: quorum }
`).replace('10/s', '10/s, host: quorum'),
    ).scenario;
    assert.deepEqual(hosts[0].logDirs, { count: 2, bytes: 2_147_483_648 });
    assert.deepEqual(hosts[1].logDirs, { count: 1, bytes: null });
    assert.equal(hosts[0].hardware.nicBufferBytes, 131_072);
    assert.equal(hosts[0].hardware.latencyMs, 0.25);
    assert.equal(hosts[1].hardware.latencyMs, undefined);
    const [{ kafka, kafkaVersions, controllers, brokers }] = clusters;
    assert.deepEqual([kafka, kafkaVersions], ['4.1.0', ['4.3.1', '4.1.0', '4.2.0']]);
    assert.equal(brokers.config['group.coordinator.append.linger.ms'], 5);
    assert.deepEqual(controllers, { mode: 'separate', count: 3, host: 'quorum' });
  });

  test('have disks by a rate, or by kind and figures', () => {
    const hardware = (disk: string) =>
      load(`${small(`hosts: { local: { disk: ${disk} } }\n`)}`).scenario.hosts[0].hardware;
    const rate = hardware('500MB/s');
    assert.equal(rate.diskWriteBytesPerSecond, 500_000_000);
    assert.equal(rate.disk, undefined);
    const stated = hardware('{ kind: hdd, write: 150MB/s, iops: 90, readLatency: 110us, queueDepth: 8 }');
    assert.equal(stated.diskWriteBytesPerSecond, 150_000_000);
    assert.deepEqual(stated.disk, {
      kind: 'hdd',
      writeBytesPerSecond: 150_000_000,
      operationsPerSecond: 90,
      readLatencyUs: 110,
      queueDepth: 8,
    });
  });

  test('take the stated versions of Kafka in turn', () => {
    const { clusters } = load(small('cluster: { kafka: [4.2.10, 4.2.9], brokers: { count: 3 } }\n')).scenario;
    assert.deepEqual(clusters[0].kafkaVersions, ['4.2.10', '4.2.9', '4.2.10']);
    assert.equal(clusters[0].kafka, '4.2.9');
  });
});

describe('a wrong scenario', () => {
  test('gets all its mistakes at once, in the order of the file', () => {
    assert.deepEqual(
      problemsOf(`apiVersion: brokertwin/v2
topics:
  orders: { partions: 12, replication.factor: 3 }
producers:
  checkout: { topics: order, rate: 500, config: { linger.mss: 5 } }
levels:
  - checkot.publishLatency p(99) < 50ms
`),
      [
        's.yaml:1:13 apiVersion: expected apiVersion: brokertwin/v1, found "brokertwin/v2"',
        's.yaml:3:13 unknown key "partions" in topics.orders, did you mean "partitions"?',
        's.yaml:3:47 topics.orders.replication.factor: expected at most 1, the number of brokers of cluster, found 3',
        's.yaml:5:36 producers.checkout.rate: expected a rate such as 500/s or 60k/s, found 500: add a unit (/s, k/s, M/s; per m, h or d too)',
        's.yaml:5:51 unknown key "linger.mss" in producers.checkout.config, did you mean "linger.ms"?',
        's.yaml:7:5 levels[0]: unknown subject "checkot", publishLatency is of producers, did you mean "checkout"?',
      ],
    );
  });

  const cases: [name: string, yaml: string, ...expected: RegExp[]][] = [
    [
      'no apiVersion',
      'topics: {}\n',
      /^s\.yaml:1:1 missing key "apiVersion": expected apiVersion: brokertwin\/v1$/,
    ],
    ['no topics', 'apiVersion: brokertwin/v1\n', /^s\.yaml:1:1 missing key "topics": expected a map$/],
    [
      'a required key missing',
      'apiVersion: brokertwin/v1\ntopics: { a: {} }\nproducers:\n  p: { topics: a }\n',
      /^s\.yaml:4:3 missing key "rate" in producers\.p: expected a rate such as 500\/s or 60k\/s$/,
    ],
    [
      "a Kafka property in its class's own keys",
      small('consumers:\n  c: { topics: orders, fetch.min.bytes: 5 }\n'),
      /^s\.yaml:7:24 unknown key "fetch\.min\.bytes" in consumers\.c, it belongs under consumers\.c\.config$/,
    ],
    [
      'a property that brokers take only while they run',
      small('clusters: { main: { brokers: { config: { leader.replication.throttled.rate: 1MB/s } } } }\n'),
      /unknown key "leader\.replication\.throttled\.rate" in .*: an operation sets it, under set$/,
    ],
    [
      'a duplicate key',
      small('  checkout: { topics: orders, rate: 1/s }\n'),
      /^s\.yaml:6:3 duplicate key "checkout"/,
    ],
    [
      'a name used in two sections',
      small('consumers:\n  checkout: { topics: orders }\n'),
      /^s\.yaml:7:3 name "checkout" used twice, in producers and consumers/,
    ],
    [
      'an unknown host',
      small('hosts: { broker: {}, client: {} }\ncluster: { brokers: { host: brokr } }\n'),
      /^s\.yaml:5:3 missing key "host" in producers\.checkout: expected one of broker, client$/,
      /^s\.yaml:7:29 cluster\.brokers\.host: unknown host "brokr", did you mean "broker"\?$/,
    ],
    [
      'an unknown cluster and a missing one',
      'apiVersion: brokertwin/v1\nclusters: { east: {}, west: {} }\ntopics:\n  a: { cluster: eest }\n  b: {}\n',
      /^s\.yaml:4:17 topics\.a\.cluster: unknown cluster "eest", did you mean "east"\?$/,
      /^s\.yaml:5:3 missing key "cluster" in topics\.b: expected one of east, west$/,
    ],
    [
      'cluster and clusters',
      small('cluster: {}\nclusters: { a: {} }\n'),
      /^s\.yaml:7:1 expected cluster or clusters, found both/,
    ],
    [
      'min.insync.replicas above the replicas',
      'apiVersion: brokertwin/v1\ntopics:\n  a: { config: { min.insync.replicas: 2 } }\n',
      /^s\.yaml:3:39 topics\.a\.config\.min\.insync\.replicas: expected at most 1, the replication\.factor, found 2/,
    ],
    [
      'a count without a *, and a * without a count',
      'apiVersion: brokertwin/v1\ntopics:\n  a: { count: 3 }\n  b-*: {}\n  c-*-*: { count: 2 }\n',
      /^s\.yaml:3:3 topics\.a: expected one \* in the name/,
      /^s\.yaml:4:3 topics\.b-\*: expected a count above 1/,
      /^s\.yaml:5:3 topics\.c-\*-\*: expected one \* in the name/,
    ],
    [
      'a topic in two classes',
      'apiVersion: brokertwin/v1\ntopics:\n  a-*: { count: 3 }\n  a-2: {}\n',
      /^s\.yaml:4:3 topic "a-2" is in a-\* and in a-2: rename one$/,
    ],
    [
      'a version of Kafka that is not there, or not whole',
      small('cluster: { kafka: 4.3 }\n'),
      /^s\.yaml:6:19 cluster\.kafka: expected a full version of Kafka .* such as 4\.3\.1, found 4\.3$/,
    ],
    [
      'a property that the version does not have',
      small('cluster: { kafka: 4.1.0, brokers: { config: { controller.quorum.auto.join.enable: true } } }\n'),
      /^s\.yaml:6:47 expected a broker property of Kafka 4\.1\.0, found "controller\.quorum\.auto\.join\.enable"/,
    ],
    [
      'records larger than allowed',
      small().replace('10/s', '10/s, record: { value: 2MiB }'),
      /^s\.yaml:5:60 producers\.checkout\.record\.value: expected records of at most 1048576 bytes, the max\.request\.size/,
    ],
    [
      'idempotence with acks that rule it out',
      small().replace('10/s', '10/s, config: { acks: 1, enable.idempotence: true }'),
      /enable\.idempotence: expected false with acks: 1, found true/,
    ],
    [
      'settings that KIP-848 leaves to the broker',
      small(
        'consumers:\n  c: { topics: orders, config: { group.protocol: consumer, session.timeout.ms: 9s } }\n',
      ),
      /^s\.yaml:7:60 expected no session\.timeout\.ms with group\.protocol: consumer/,
    ],
    [
      'a link to an unknown data centre',
      'apiVersion: brokertwin/v1\nclusters: { a: { dataCentre: east }, b: { dataCentre: west } }\nlinks:\n  - { between: [east, wset], latency: 30ms }\n  - { between: [east], latency: 30ms }\ntopics: {}\n',
      /^s\.yaml:4:23 links\[0\]\.between\[1\]: unknown data centre "wset", did you mean "west"\?$/,
      /^s\.yaml:5:7 links\[1\]\.between: expected two different data centres, found east$/,
    ],
    [
      'a mirror without a link',
      'apiVersion: brokertwin/v1\nclusters: { a: { dataCentre: east }, b: { dataCentre: west } }\ntopics: { t: { cluster: a } }\nmirrors:\n  m: { from: a, to: b, topics: t }\n',
      /^s\.yaml:5:21 mirrors\.m\.to: no link between east and west: add \{between: \[east, west\], latency: 30ms\} to links$/,
    ],
    [
      'a producer of a topic elsewhere',
      'apiVersion: brokertwin/v1\nclusters: { a: {}, b: {} }\ntopics: { t: { cluster: a } }\nproducers:\n  p: { cluster: b, topics: t, rate: 1/s }\n',
      /^s\.yaml:5:28 producers\.p\.topics: expected topics of b, found "t" of a$/,
    ],
    [
      'controllers that cannot be',
      small(
        'hosts: { h: {}, c: {} }\ncluster: { brokers: { host: h }, controllers: { count: 2, host: c } }\n',
      ).replace('10/s', '10/s, host: h'),
      /^s\.yaml:7:56 cluster\.controllers\.count: expected 1, 3 or 5 controllers, found 2$/,
      /^s\.yaml:7:59 expected no host for controllers in their brokers: remove it, or state mode: separate$/,
    ],
    [
      'more versions than brokers, and one that lacks a property',
      small(`clusters:
  a: { kafka: [4.1.0, 4.2.0] }
  b: { kafka: [4.3.1, 4.1.0], brokers: { count: 2, config: { controller.quorum.auto.join.enable: true } } }
  c: { kafka: [] }
  d: { kafka: [4.3] }
`).replace('orders: {}', 'orders: { cluster: a }'),
      /^s\.yaml:7:8 clusters\.a\.kafka: expected versions for 1 broker, found 2$/,
      /^s\.yaml:8:62 expected a broker property of Kafka 4\.1\.0, found "controller\.quorum/,
      /^s\.yaml:9:8 clusters\.c\.kafka: expected versions for 1 broker, found 0$/,
      /^s\.yaml:10:16 clusters\.d\.kafka\[0\]: expected a full version of Kafka/,
    ],
    [
      'phases that cannot be',
      small('run: { phases: [{ name: a, load: 0 }, { name: a, duration: 0s }] }\n'),
      /^s\.yaml:6:34 run\.phases\[0\]\.load: expected a factor on the rates such as 1 or 1\.5, or max, found 0$/,
      /^s\.yaml:6:47 run\.phases\[1\]\.name: phase "a" named twice: rename one$/,
      /^s\.yaml:6:60 run\.phases\[1\]\.duration: expected more than 0, found "0s"$/,
    ],
    [
      'things of the wrong shape',
      'apiVersion: brokertwin/v1\nhosts: 5\ntopics:\n  a:\nproducers: []\n',
      /^s\.yaml:2:8 hosts: expected a map, found 5$/,
      /^s\.yaml:4:3 topics\.a: expected a map, found nothing: write \{\} for an empty one$/,
      /^s\.yaml:5:1 producers: expected a map, found a list$/,
    ],
  ];
  for (const [name, yaml, ...expected] of cases) {
    test(`with ${name} is told so, once`, () => {
      const problems = problemsOf(yaml);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      expected.forEach((line, index) => {
        assert.match(problems[index], line);
      });
    });
  }
});

describe('a file that is not a scenario', () => {
  const files: [name: string, content: string | Uint8Array, expected: RegExp][] = [
    ['empty', '', /^f\.yaml:1:1 expected a scenario, found an empty file/],
    ['only a comment', '# nothing\n', /^f\.yaml:1:1 expected a scenario, found an empty file/],
    ['a list', '- a\n', /^f\.yaml:1:1 expected a map with apiVersion, topics and more, found a list$/],
    [
      'binary',
      Uint8Array.from([0, 255, 254, 7]),
      /^f\.yaml:1:1 expected text in UTF-8, found binary content in f\.yaml$/,
    ],
    ['with zeros', 'a: b\0', /^f\.yaml:1:1 expected text in UTF-8, found binary content/],
    ['broken YAML', 'a:\n  - [1\nb: }\n', /^f\.yaml:3:1 expected YAML: /],
    ['two documents', 'a: b\n---\nc: d\n', /^f\.yaml:2:1 expected YAML: one document, found several/],
    ['with an alias to nothing', 'a: *b\n', /^f\.yaml:1:4 expected YAML: no anchor &b before \*b$/],
    ['with an unknown tag', 'a: !b c\n', /^f\.yaml:1:4 expected YAML: Unresolved tag: !b$/],
    [
      'with a key that JavaScript keeps for itself',
      'topics: { __proto__: {} }\n',
      /^f\.yaml:1:11 expected YAML: another name/,
    ],
    ['with aliases that multiply', bomb(), /^f\.yaml:1:1 expected YAML: Excessive alias count/],
  ];
  for (const [name, content, expected] of files) {
    test(`because it is ${name} gets one clear line`, () => {
      assert.match(problemsOfFile(scratchFile('f.yaml', content))[0], expected);
    });
  }

  test('because there is none, or a directory, gets one clear line', () => {
    assert.deepEqual(problemsOfFile('/nowhere/a.yaml'), [
      'a.yaml:1:1 expected a file, found none: check the path a.yaml',
    ]);
    const directory = path.dirname(scratchFile('x', ''));
    assert.match(problemsOfFile(directory)[0], /:1:1 expected a file, found a directory/);
  });
});

describe('an anchored part', () => {
  test('is shared by its aliases, and its mistakes stand where it is written', () => {
    const yaml = small().replace('10/s', '10/s, config: &c { linger.ms: 7 }');
    const { scenario } = load(`${yaml}  other: { topics: orders, rate: 1/s, config: *c }\n`);
    assert.equal(scenario.producers[1].config['linger.ms'], 7);
    const problems = problemsOf(
      `${yaml.replace('7', 'x')}  other: { topics: orders, rate: 1/s, config: *c }\n`,
    );
    assert.match(problems[0], /^s\.yaml:5:67 producers\.checkout\.config\.linger\.ms: /);
    assert.match(problems[1], /^s\.yaml:5:67 producers\.other\.config\.linger\.ms: /);
  });
});

describe('warnings', () => {
  test('say what is allowed but hardly meant', () => {
    const yaml = small('consumers:\n  c: { topics: orders, count: 3 }\n').replace(
      'orders: {}',
      'orders: {}\n  idle: {}',
    );
    assert.deepEqual(
      load(yaml).warnings.map((line) => line.replace(/^.*\//, '')),
      [
        's.yaml:8:3 3 consumers for 1 partitions: 2 stay idle',
        's.yaml:4:3 nothing is written to or read from "idle"',
      ],
    );
  });
});

describe('--set', () => {
  test("changes values, with the dots in Kafka's names", () => {
    const { scenario } = load(small('run: { phases: [{ name: a }] }\n'), [
      'producers.checkout.config.linger.ms=10ms',
      'topics.orders.partitions=12',
      'run.seed=9',
      'run.phases.0.duration=3s',
      'run.phases.1={name: b, load: max}',
      'topics.orders.config.min.insync.replicas=1',
      'topics.orders.replication.factor=1',
      'producers.web.topics=[orders]',
      'producers.web.rate=5/s',
      'operations.0.at=1s',
      'operations.0.set.config.num.io.threads=4',
      'levels.0=throughput > 5/s',
    ]);
    assert.equal(scenario.producers[0].config['linger.ms'], 10);
    assert.equal(scenario.topics[0].partitions, 12);
    assert.equal(scenario.run.seed, 9);
    assert.deepEqual(
      scenario.run.phases.map(({ durationMs, load }) => [durationMs, load]),
      [
        [3000, 1],
        [30_000, 'max'],
      ],
    );
    assert.deepEqual(scenario.topics[0].stated, { 'min.insync.replicas': '1' });
    assert.equal(scenario.producers[1].name, 'web');
    assert.deepEqual(scenario.operations, [
      { atMs: 1000, action: 'set', config: { 'num.io.threads': '4' }, cluster: 'cluster', instance: 1 },
    ]);
    assert.equal(scenario.levels[0].bound, 5);
  });

  test('reaches a topic that has dots in its name', () => {
    const yaml = small().replaceAll('orders', 'orders.v1');
    assert.equal(load(yaml, ['topics.orders.v1.partitions=4']).scenario.topics[0].partitions, 4);
  });

  test('gets its mistakes at its own place', () => {
    const cases: [string, RegExp][] = [
      [
        'producers.checkout.config.linger.mss=10',
        /unknown key "linger\.mss" in producers\.checkout\.config, did you mean "linger\.ms"\?$/,
      ],
      ['topics.orders.partions=12', /unknown key "partions" in topics\.orders, did you mean "partitions"\?$/],
      ['prodcers.web.rate=1/s', /unknown key "prodcers", did you mean "producers"\?$/],
      ['producers.web.topics=orders', /missing key "rate" in producers\.web: expected a rate/],
      ['run.seed=x', /run\.seed: expected a whole number such as 12, 200k or 5M, found "x"$/],
      ['run.seed=', /run\.seed: expected a whole number such as 12, 200k or 5M, found nothing/],
      [
        'producers.checkout.topics=order',
        /producers\.checkout\.topics: unknown topic "order", did you mean "orders"\?$/,
      ],
      [
        'topics.orders.partitions.x=3',
        /^--set topics\.orders\.partitions\.x=3 .*(unknown key|is not a map|expected)/,
      ],
      ['run.phases.3.name=a', /expected an entry from 0 to 0, found 3$/],
      ['seed', /expected path=value such as run\.seed=9, found "seed"$/],
      ['run.seed=[', /expected a value in YAML: /],
      ['__proto__.x=1', /expected keys with single dots between$/],
      ['run.=1', /expected keys with single dots between$/],
    ];
    for (const [setting, expected] of cases) {
      const problems = problemsOf(small(), [setting]);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0].startsWith(`--set ${setting} `), problems[0]);
      assert.match(problems[0], expected);
    }
  });

  test('names itself where a value is asked for', () => {
    const { positionOf } = load(small(), ['run.seed=9']);
    assert.equal(positionOf(['run', 'seed']), '--set run.seed=9');
  });
});

describe('the hash', () => {
  test('is that of the meaning: not of the seed, the units, or the order of keys', () => {
    const one = load(small('run: { seed: 1 }\n'));
    const other = load(`producers: { checkout: { rate: 600/m, config: { linger.ms: 5ms }, topics: [orders] } }
topics: { orders: { partitions: 1 } }
apiVersion: brokertwin/v1
run: { seed: 2, duration: 0.5m }
`);
    assert.notEqual(one.hash, other.hash, 'what a scenario states is handed to the broker and counts');
    const third = load(small().replace('10/s', '600/m, config: { linger.ms: 5 }'), ['run.seed=5']);
    assert.equal(third.hash, other.hash);
    assert.notEqual(load(small(), ['topics.orders.partitions=2']).hash, one.hash);
    assert.equal(load(small(), ['run.seed=77']).hash, one.hash);
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 12 },
    (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(9)}]`,
  );
  return `l0: &l0 [x]\n${levels.join('\n')}\n`;
}
