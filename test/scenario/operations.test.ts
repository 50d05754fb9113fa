import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TimedOperation } from '../../src/operations/operation.ts';
import { load, problemsOf, small } from './scratch.ts';

const CLUSTER = `hosts:
  h: { count: 3, zones: [a, b, c, d], logDirs: { count: 2 } }
cluster: { brokers: { count: 4 }, controllers: { mode: separate } }
run: { duration: 1m }
`;

const timeline = (lines: readonly string[]) =>
  small(`${CLUSTER}operations:\n${lines.map((line) => `  - { at: 5s, ${line} }\n`).join('')}`);

/** What one line of a timeline means, without its time and cluster. */
function meaning(line: string): object {
  const [{ atMs, cluster, instance, ...body }] = load(timeline([line])).scenario.operations;
  assert.deepEqual([atMs, cluster, instance], [5000, 'cluster', 1]);
  return body;
}

describe('an operation', () => {
  const read: readonly [string, object][] = [
    ['kill: { broker: 2 }', { action: 'kill', brokers: [2] }],
    ['kill: { broker: [2, 3] }', { action: 'kill', brokers: [2, 3] }],
    ['pause: { zone: a }', { action: 'pause', zone: 'a' }],
    ['continue: { controller: 101 }', { action: 'continue', brokers: [101] }],
    ['stop: { controller: [102, 103] }', { action: 'stop', brokers: [102, 103] }],
    ['start: { broker: 4 }', { action: 'start', brokers: [4] }],
    ['powerLoss: { broker: 2 }', { action: 'powerLoss', brokers: [2] }],
    ['restart: { broker: 2 }', { action: 'restart', unclean: false, brokers: [2] }],
    ['restart: { broker: 2, unclean: true }', { action: 'restart', unclean: true, brokers: [2] }],
    ['isolate: { broker: 2 }', { action: 'isolate', from: 'everything', direction: 'both', brokers: [2] }],
    [
      'isolate: { broker: [1, 2], from: 3 }',
      { action: 'isolate', from: [3], direction: 'both', brokers: [1, 2] },
    ],
    [
      'isolate: { zone: b, from: [3, 4], direction: out }',
      { action: 'isolate', from: [3, 4], direction: 'out', zone: 'b' },
    ],
    [
      'isolate: { broker: 1, from: controllers, direction: out }',
      { action: 'isolate', from: 'controllers', direction: 'out', brokers: [1] },
    ],
    [
      'isolate: { broker: 1, from: clients }',
      { action: 'isolate', from: 'clients', direction: 'both', brokers: [1] },
    ],
    ['heal: { broker: 2 }', { action: 'heal', brokers: [2] }],
    ['heal: {}', { action: 'heal' }],
    ['zoneLoss: { zone: b }', { action: 'zoneLoss', zone: 'b' }],
    [
      'limit: { broker: 2, nic: 100Mbit/s, cores: 0.4 }',
      { action: 'limit', brokers: [2], nicBytesPerSecond: 12_500_000, cores: 0.4 },
    ],
    ['limit: { broker: 2, nic: none }', { action: 'limit', brokers: [2], nicBytesPerSecond: 'none' }],
    ['limit: { broker: 2, cores: none }', { action: 'limit', brokers: [2], cores: 'none' }],
    ['fillLogDir: { broker: 2 }', { action: 'fillLogDir', brokers: [2], logDir: 1, leaveBytes: 0 }],
    [
      'fillLogDir: { broker: 2, logDir: 2, leave: 1MiB }',
      { action: 'fillLogDir', brokers: [2], logDir: 2, leaveBytes: 1_048_576 },
    ],
    ['readOnlyLogDir: { broker: 2 }', { action: 'readOnlyLogDir', brokers: [2], logDir: 1 }],
    ['repairLogDir: { zone: a, logDir: 2 }', { action: 'repairLogDir', zone: 'a', logDir: 2 }],
    [
      'slowDisk: { broker: 2, logDir: 1, write: 5ms, sync: 20ms, rate: 20MiB/s }',
      {
        action: 'slowDisk',
        brokers: [2],
        logDir: 1,
        writeDelayMs: 5,
        syncDelayMs: 20,
        writeBytesPerSecond: 20_971_520,
      },
    ],
    [
      'slowDisk: { broker: 2 }',
      {
        action: 'slowDisk',
        brokers: [2],
        writeDelayMs: 0,
        syncDelayMs: 0,
        writeBytesPerSecond: 'none',
      },
    ],
    [
      'set: { topic: orders, config: { retention.ms: 1h, cleanup.policy: null } }',
      { action: 'set', topic: 'orders', config: { 'retention.ms': '3600000', 'cleanup.policy': null } },
    ],
    [
      'set: { broker: 1, config: { num.io.threads: 4 } }',
      { action: 'set', broker: 1, config: { 'num.io.threads': '4' } },
    ],
    [
      'reassign: { topic: orders, partition: 0, replicas: [3, 1], throttle: 5MiB/s }',
      {
        action: 'reassign',
        topic: 'orders',
        partition: 0,
        replicas: [3, 1],
        throttleBytesPerSecond: 5_242_880,
      },
    ],
    [
      'reassign: { topic: orders, partition: 0, replicas: [3] }',
      { action: 'reassign', topic: 'orders', partition: 0, replicas: [3] },
    ],
    ['elect: {}', { action: 'elect', unclean: false }],
    [
      'elect: { topic: orders, partition: 0, unclean: true }',
      { action: 'elect', topic: 'orders', partition: 0, unclean: true },
    ],
    ['rollingRestart: {}', { action: 'rollingRestart', waitMs: 0 }],
    ['upgrade: { kafka: 4.2.0, wait: 30s }', { action: 'upgrade', kafka: '4.2.0', waitMs: 30_000 }],
    ['addBroker: { broker: 5 }', { action: 'addBroker', broker: 5 }],
    ['removeBroker: { broker: 4 }', { action: 'removeBroker', broker: 4 }],
  ];
  for (const [line, body] of read) {
    test(`${line} is read`, () => {
      assert.deepEqual(meaning(line), body);
    });
  }

  test('may name a class of topics, or one topic of it', () => {
    const yaml = (topic: string) =>
      `${small().replace('orders: {}', 'orders: {}\n  clicks-*: { count: 3 }')}operations:\n  - { at: 5s, elect: { topic: ${topic} } }\n`;
    const topicIn = (topic: string): TimedOperation => load(yaml(topic)).scenario.operations[0];
    for (const topic of ['clicks-*', 'clicks-3']) {
      assert.deepEqual(topicIn(topic), {
        atMs: 5000,
        action: 'elect',
        topic,
        unclean: false,
        cluster: 'cluster',
        instance: 1,
      });
    }
    assert.match(problemsOf(yaml('clicks-4'))[0], /operations\[0\]\.elect\.topic: unknown topic "clicks-4"/);
  });

  test('may name brokers that join in the same timeline, and no others', () => {
    assert.deepEqual(problemsOf(timeline(['addBroker: { broker: 5 }', 'kill: { broker: 5 }'])), []);
    assert.equal(problemsOf(timeline(['kill: { broker: 5 }'])).length, 1);
  });

  test('may add a broker under the id of one that was removed before', () => {
    const addedAt = (at: string) =>
      small(
        `${CLUSTER}operations:\n  - { at: 5s, removeBroker: { broker: 4 } }\n  - { at: ${at}, addBroker: { broker: 4 } }\n`,
      );
    assert.deepEqual(problemsOf(addedAt('6s')), []);
    assert.match(problemsOf(addedAt('4s')).join(), /expected a new broker, found 4, which is there already/);
  });

  test('names its cluster where there are several, and the instance of a template', () => {
    const yaml = (operation: string) =>
      small(
        `clusters:\n  east: { count: 2 }\n  west: {}\noperations:\n  - { at: 5s, ${operation} }\n`,
      ).replace('orders: {}', 'orders: { cluster: east }');
    const [operation] = load(yaml('kill: { cluster: east, instance: 2, broker: 1 }')).scenario.operations;
    assert.deepEqual([operation.cluster, operation.instance], ['east', 2]);
    assert.match(
      problemsOf(yaml('kill: { broker: 1 }'))[0],
      /missing key "cluster" in operations\[0\]\.kill/,
    );
    assert.match(
      problemsOf(yaml('kill: { cluster: west, instance: 2, broker: 1 }'))[0],
      /kill\.instance: expected at most 1, the count of west, found 2$/,
    );
    assert.match(
      problemsOf(yaml('elect: { cluster: west, topic: orders }'))[0],
      /elect\.topic: expected a topic of west, found "orders" of east$/,
    );
  });

  test('numbers separate controllers from the first hundred that the brokers leave free', () => {
    const yaml = (brokers: number, controller: number) =>
      small(`cluster: { brokers: { count: ${brokers} }, controllers: { mode: separate } }
operations: [{ at: 1s, kill: { controller: ${controller} } }]
`);
    assert.deepEqual(problemsOf(yaml(100, 101)), []);
    assert.deepEqual(problemsOf(yaml(250, 303)), []);
    assert.match(problemsOf(yaml(101, 101))[0], /unknown controller 101, expected one of 201, 202, 203$/);
  });
});

describe('operations that cannot be', () => {
  const wrong: readonly [string, ...RegExp[]][] = [
    ['kil: { broker: 1 }', /^15 unknown key "kil" in operations\[\d+\], did you mean "kill"\?$/],
    ['boil: { broker: 1 }', /^15 unknown key "boil" in operations\[\d+\], /],
    ['kill: { broker: 1 }, start: { broker: 1 }', /^5 .*exactly one action .*found kill and start$/],
    ['kill: {}', /^15 .*\.kill: expected broker, zone or controller, found none$/],
    ['kill: { broker: 1, zone: a }', /^15 .*\.kill: expected .*, found broker and zone$/],
    ['powerLoss: {}', /^15 .*\.powerLoss: expected broker or zone, found none$/],
    ['powerLoss: { controller: 101 }', /^28 unknown key "controller" in .*\.powerLoss/],
    ['heal: { broker: 1, zone: a }', /^15 .*\.heal: expected broker or zone, found broker and zone$/],
    ['stop: { broker: [1, 5] }', /^23 .*stop\.broker: unknown broker 5, expected one of 1, 2, 3, 4$/],
    ['stop: { broker: [1, 1] }', /stop\.broker: expected different brokers, at least one, found 1, 1$/],
    ['stop: { broker: [] }', /stop\.broker: expected different brokers, at least one, found none$/],
    ['stop: { controller: 7 }', /stop\.controller: unknown controller 7, expected one of 101, 102, 103$/],
    ['zoneLoss: { zone: e }', /^33 .*zoneLoss\.zone: unknown zone "e", expected one of a, b, c, d$/],
    ['zoneLoss: { zone: d }', /zoneLoss\.zone: expected a zone with brokers, found "d", which has none$/],
    [
      'isolate: { broker: 1, from: 1 }',
      /^43 .*from: expected other brokers, found 1, which is to be isolated$/,
    ],
    ['isolate: { zone: a, from: [2, 4] }', /from: expected other brokers, found 4, which is to be isolated$/],
    ['isolate: { broker: 1, from: 9 }', /from: unknown broker 9, /],
    [
      'isolate: { broker: 1, from: client }',
      /from: expected everything, controllers.*did you mean clients\?$/,
    ],
    [
      'isolate: { broker: 1, direction: up, from: [] }',
      /direction: expected both, out or in, found "up"/,
      /from: expected different brokers, at least one, found none$/,
    ],
    [
      'isolate: { broker: 1, from: controllers, direction: in }',
      /direction: expected both or out \(controllers send requests to nobody\), found in$/,
    ],
    ['limit: { broker: 1 }', /^15 .*\.limit: expected nic or cores, found none$/],
    [
      'limit: { broker: 1, nic: 100, cores: 0 }',
      /limit\.nic: expected a byte rate .*add a unit .*; or none, for no limit$/,
      /limit\.cores: expected more than 0, found 0; or none, for no limit$/,
    ],
    [
      'fillLogDir: { broker: 1, logDir: 3 }',
      /logDir: expected at most 2, the number of log dirs of a broker, found 3$/,
    ],
    ['slowDisk: { broker: 1, sync: 20 }', /slowDisk\.sync: expected a duration .*add a unit/],
    [
      'set: { topic: orders, config: { retention.mss: 1h, min.insync.replicas: x } }',
      /^47 unknown key "retention\.mss" in operations\[\d+\]\.set\.config, did you mean "retention\.ms"\?$/,
      /^87 .*set\.config\.min\.insync\.replicas: expected a whole number/,
    ],
    [
      'set: { topic: orders, config: { leader.replication.throttled.replicas: "0:1,x" } }',
      /throttled\.replicas: expected partition:broker each such as 0:1, or \* for all, found "x"$/,
    ],
    ['set: { config: {} }', /set\.config: expected at least one property, found none$/],
    ['set: { config: { num.io.thread: null } }', /unknown key "num\.io\.thread" .*did you mean/],
    [
      'set: { topic: orders, broker: 1, config: { a: 1 } }',
      /unknown key "a"/,
      /set: expected topic or broker, found both$/,
    ],
    [
      'reassign: { topic: orders, partition: 1, replicas: [7] }',
      /partition: expected a partition from 0 to 0, found 1$/,
      /replicas: unknown broker 7, /,
    ],
    ['elect: { partition: 0 }', /elect\.partition: expected a topic beside it, found none$/],
    ['upgrade: { kafka: 4.2 }', /upgrade\.kafka: expected a full version of Kafka .* found 4\.2$/],
    [
      'addBroker: { broker: 3 }',
      /addBroker\.broker: expected a new broker, found 3, which is there already$/,
    ],
    ['addBroker: { broker: 102 }', /expected a new broker, found 102, which is a controller$/],
  ];

  test('are all told at once, each in one line with its place', () => {
    const expected = wrong.flatMap(([, ...lines], index) => lines.map((line) => ({ line, row: 11 + index })));
    const found = problemsOf(timeline(wrong.map(([line]) => line)));
    assert.equal(found.length, expected.length, found.join('\n'));
    const sorted = [...found];
    for (const { line, row } of expected) {
      const at = sorted.findIndex(
        (problem) =>
          problem.startsWith(`s.yaml:${row}:`) && line.test(problem.slice(`s.yaml:${row}:`.length)),
      );
      assert.ok(at >= 0, `${line} in line ${row} of\n${found.join('\n')}`);
      sorted.splice(at, 1);
    }
  });

  test('come at a time outside the measured part, or at none', () => {
    const found = problemsOf(
      small(
        'run: { duration: 1m }\noperations:\n  - { at: 5, kill: { broker: 1 } }\n  - { at: 5s }\n  - { at: 1m, kill: { broker: 1 } }\n',
      ),
    );
    assert.equal(found.length, 3, found.join('\n'));
    assert.match(found[0], /^s\.yaml:8:11 operations\[0\]\.at: .*add a unit/);
    assert.match(
      found[1],
      /^s\.yaml:9:5 operations\[1\]: expected exactly one action out of kill, .*found none$/,
    );
    assert.match(
      found[2],
      /^s\.yaml:10:11 operations\[2\]\.at: expected a time before the end of the measured part, 60s, found 60s$/,
    );
  });

  test('name controllers that are in their brokers', () => {
    assert.deepEqual(problemsOf(small('operations: [{ at: 1s, kill: { controller: 101 } }]\n')), [
      's.yaml:6:44 operations[0].kill.controller: unknown controller 101, there is none outside the brokers: name a broker',
    ]);
  });

  test('are not told a second time what is wrong with their cluster', () => {
    const yaml = timeline([
      'kill: { broker: 9 }',
      'fillLogDir: { broker: 1, logDir: 9 }',
      'kill: { zone: x }',
    ]);
    const broken = yaml
      .replace('brokers: { count: 4 }', 'brokers: { count: 4x }')
      .replace('[a, b, c, d], logDirs: { count: 2 }', '5, logDirs: { count: 2x }');
    assert.equal(problemsOf(yaml).length, 3);
    assert.equal(problemsOf(broken).length, 3, problemsOf(broken).join('\n'));
    assert.ok(problemsOf(broken).every((line) => !line.includes('operations')));
  });
});
