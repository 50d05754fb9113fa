import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { predictRefusals } from '../../src/arms/predict-refusals.ts';
import { refuse } from '../../src/arms/refusals.ts';
import { UserError } from '../../src/errors/errors.ts';
import type { CostName, Profile } from '../../src/profile/profile.ts';
import { profileWith } from '../kafka/support.ts';
import { load } from '../scenario/scratch.ts';

const HEAD = `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3 }
`;
const PRODUCER = `producers:
  checkout: { topics: orders, rate: 10/s }
`;

/** The refusals of a scenario, as a user would see them, with `s.yaml` for the path of the file. */
function withoutJava(): Profile {
  return withoutCosts('client.java.');
}

function withoutCosts(...prefixes: readonly string[]): Profile {
  const profile = profileWith();
  const costs = Object.entries(profile.costs).filter(
    ([name]) => !prefixes.some((prefix) => name.startsWith(prefix)),
  );
  return { ...profile, costs: Object.fromEntries(costs) };
}

function refusalsOf(yaml: string, profile: Profile = profileWith()): string[] {
  const loaded = load(yaml);
  const profiles = Object.fromEntries(loaded.scenario.hosts.map((host) => [host.name, profile]));
  try {
    refuse(loaded, predictRefusals(loaded.scenario, profiles));
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.equal(error.exitCode, 2);
    return error.lines.map((line) => line.replace(/^.*s\.yaml/, 's.yaml'));
  }
}

describe('the simulator', () => {
  test('takes a plain scenario', () => {
    assert.deepEqual(refusalsOf(HEAD + PRODUCER), []);
  });

  test('takes a part of a core, which is a quota', () => {
    assert.deepEqual(refusalsOf(`${HEAD}${PRODUCER}hosts: { local: { cores: 0.6 } }\n`), []);
  });

  const refused: readonly (readonly [what: string, yaml: string, lines: readonly RegExp[]])[] = [
    [
      'operations that are not those of processes',
      `${HEAD}${PRODUCER}operations:
  - { at: 10s, kill: { broker: 1 } }
  - { at: 20s, pause: { broker: 1 } }
`,
      [/^s\.yaml:8:\d+:? .*does not carry out "pause"/],
    ],
    [
      'properties that it does not change while it runs',
      `${HEAD}${PRODUCER}operations:
  - { at: 10s, set: { config: { num.io.threads: 4 } } }
  - { at: 10s, set: { config: { leader.replication.throttled.rate: 1MB/s } } }
`,
      [/^s\.yaml:7:\d+:? .*found num\.io\.threads; state it in the config/],
    ],
    [
      'a page cache without memory',
      `${HEAD}${PRODUCER}hosts: { local: { disk: { kind: ssd }, memory: 1GiB } }\n`,
      [/^s\.yaml:6:\d+:? .*needs memory for a heap of 1 GiB and 64 MiB of page cache/],
    ],
    [
      'other fidelities',
      `${HEAD}${PRODUCER}run: { fidelity: flow }\n`,
      [/^s\.yaml:6:\d+:? .*fidelity "flow"/],
    ],
    [
      'a consumer that must have committed offsets, of a topic with a history',
      `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3, history: { size: 1GiB } }
consumers:
  billing: { topics: orders, config: { auto.offset.reset: none } }
${PRODUCER}`,
      [/^s\.yaml:5:\d+:? .*"earliest" or "latest"/],
    ],
    [
      'rates that change over the day',
      `${HEAD}producers:
  checkout: { topics: orders, rate: { diurnal: { peak: 10/s, trough: 1/s, peakAt: "20:00" } } }
`,
      [/^s\.yaml:5:\d+:? .*diurnal rate/],
    ],
    [
      "a level of compression other than the codec's own",
      `${HEAD}producers:
  checkout: { topics: orders, rate: 10/s, config: { compression.type: zstd, compression.zstd.level: 9 } }
`,
      [/^s\.yaml:5:\d+:? .*zstd at other levels/],
    ],
    [
      'two consumer classes in one group',
      `${HEAD}${PRODUCER}consumers:
  billing: { topics: orders, group: shared }
  shipping: { topics: orders, group: shared }
`,
      [/^s\.yaml:8:\d+:? .*group "shared".*billing/],
    ],
    [
      'more pairs of a producer and a partition than it can hold',
      `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3000 }
producers:
  checkout: { topics: orders, rate: 10/s, count: 9000 }
`,
      [/^s\.yaml:\d+:\d+:? 27000000 pairs of a producer and a partition/],
    ],
  ];
  for (const [what, yaml, lines] of refused) {
    test(`refuses ${what} by name and place`, () => {
      const found = refusalsOf(yaml);
      assert.equal(found.length, lines.length, found.join('\n'));
      lines.forEach((line, index) => {
        assert.match(found[index], line);
      });
    });
  }

  test('refuses the Java client by name and place where its costs are not known, and only there', () => {
    const yaml = `${HEAD}producers:
  checkout: { topics: orders, rate: 10/s, client: java }
consumers:
  billing: { topics: orders, client: java }
`;
    assert.deepEqual(refusalsOf(yaml), []);
    const found = refusalsOf(yaml, withoutJava());
    assert.equal(found.length, 2, found.join('\n'));
    assert.match(found[0], /^s\.yaml:5:\d+:? .*Java client.*client\.java\.producer\.sendPerRecordNs \(/);
    assert.match(found[1], /^s\.yaml:7:\d+:? .*Java client.*use "brokertwin"/);
    assert.deepEqual(refusalsOf(yaml.replaceAll(', client: java', ''), withoutJava()), []);
  });

  test('refuses a codec where its costs are not known, of the client, the broker and the consumer', () => {
    const yaml = `${HEAD}producers:
  checkout: { topics: orders, rate: 10/s, config: { compression.type: lz4 } }
consumers:
  billing: { topics: orders, client: java }
`;
    assert.deepEqual(refusalsOf(yaml), []);
    const found = refusalsOf(yaml, withoutCosts('codec.'));
    assert.equal(found.length, 2, found.join('\n'));
    assert.match(
      found[0],
      /^s\.yaml:5:\d+:? .*lz4 needs costs .*codec\.brokertwin\.lz4\.compressPerBatchNs \(/,
    );
    assert.match(found[1], /^s\.yaml:5:\d+:? .*codec\.java\.lz4\.decompressPerBatchNs \(/);
    const ofTopic = `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3, config: { compression.type: gzip } }
${PRODUCER}`;
    assert.match(refusalsOf(ofTopic, withoutCosts('codec.'))[0], /^s\.yaml:3:\d+:? .*gzip needs costs/);
  });

  test('takes skewed topics and keys', () => {
    const skewed = HEAD.replace('partitions: 3', 'partitions: 3, skew: { zipf: 1.1 }');
    assert.deepEqual(refusalsOf(skewed + PRODUCER), []);
    const keyed = PRODUCER.replace('10/s', '10/s, record: { key: { cardinality: 5, zipf: 1.1 } }');
    assert.deepEqual(refusalsOf(HEAD + keyed), []);
  });

  test('refuses TLS where its costs are not known, at either end', () => {
    const yaml = `${HEAD}cluster: { security: { clients: SSL } }\n${PRODUCER}`;
    assert.deepEqual(refusalsOf(yaml), []);
    const found = refusalsOf(yaml, withoutCosts('tls.brokertwin.', 'broker.network.perFileByteNs'));
    assert.equal(found.length, 2, found.join('\n'));
    assert.match(found[0], /^s\.yaml:4:\d+:? .*TLS needs costs .*broker\.network\.perFileByteNs \(/);
    assert.match(found[1], /^s\.yaml:4:\d+:? .*TLS needs costs .*tls\.brokertwin\.decryptPerByteNs \(/);
    const apart = `${HEAD}hosts: { broker: {}, client: {} }
cluster: { brokers: { host: broker }, security: { clients: SSL } }
producers:
  checkout: { host: client, topics: orders, rate: 10/s }
`;
    assert.match(
      refusalsOf(apart, withoutCosts('tls.brokertwin.'))[0],
      /^s\.yaml:5:\d+:? .*host client lacks: tls\.brokertwin\.encryptPerMessageNs \(/,
    );
    const betweenBrokers = yaml.replace('clients: SSL', 'brokers: SSL');
    assert.deepEqual(refusalsOf(betweenBrokers, withoutCosts('tls.brokertwin.')), []);
  });

  test('refuses everything at once', () => {
    const found = refusalsOf(
      `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3, skew: { zipf: 1.1 } }
producers:
  checkout: { topics: orders, rate: 10/s, client: java, config: { compression.type: zstd } }
run: { fidelity: zoom }
`,
      withoutCosts('client.java.', 'codec.java.zstd.'),
    );
    assert.equal(found.length, 3, found.join('\n'));
  });

  test('refuses a profile without a cost that it needs, naming the cost and what it is', () => {
    const profile = profileWith();
    const { 'broker.gcPerByteNs': _, ...costs } = profile.costs;
    const found = refusalsOf(`${HEAD}hosts:\n  local: { profile: lean }\n${PRODUCER}`, {
      ...profile,
      name: 'lean',
      costs: costs as Partial<Record<CostName, never>>,
    });
    assert.equal(found.length, 1);
    assert.match(
      found[0],
      /^s\.yaml:5:\d+:? profile "lean" lacks broker\.gcPerByteNs \(garbage collector .*\); calibrate/,
    );
  });

  const TWO_CLUSTERS = `apiVersion: brokertwin/v1
hosts:
  east-brokers: { count: 1 }
  west-brokers: { count: 1 }
  east-clients: {}
  west-clients: {}
clusters:
  east: { dataCentre: east, brokers: { host: east-brokers } }
  west: { dataCentre: west, brokers: { host: west-brokers } }
links:
  - { between: [east, west], latency: 10ms }
topics:
  orders: { cluster: east }
producers:
  checkout: { host: east-clients, topics: orders, rate: 10/s }
`;

  test('refuses a host that two clusters share', () => {
    const found = refusalsOf(
      TWO_CLUSTERS.replace('brokers: { host: west-brokers }', 'brokers: { host: east-brokers }'),
    );
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], /^s\.yaml:3:\d+:? .*share one machine between clusters \(east, west\)/);
  });

  test('takes a link with a bandwidth, but not one that two clusters of a data centre share', () => {
    const mirror = '  copy: { from: east, to: west, topics: orders, host: west-clients }\n';
    const limited = TWO_CLUSTERS.replace('latency: 10ms', 'latency: 10ms, bandwidth: 1Gbit/s');
    assert.deepEqual(refusalsOf(`${limited}mirrors:\n${mirror}`), []);
    const second = limited
      .replace('  west: {', '  east-2: { dataCentre: east, brokers: { host: more-brokers } }\n  west: {')
      .replace('  east-clients: {}', '  east-clients: {}\n  more-brokers: {}\n  more-clients: {}')
      .replace('  orders: { cluster: east }', '  orders: { cluster: east }\n  clicks: { cluster: east-2 }')
      .concat('  web: { host: more-clients, topics: clicks, rate: 10/s }\n');
    const found = refusalsOf(
      `${second}mirrors:\n${mirror}${mirror.replace('copy', 'more').replace('east', 'east-2').replace('orders', 'clicks')}`,
    );
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], /^s\.yaml:14:\d+:? .*between clusters \(east, east-2 in east\)/);
  });

  test('refuses a mirror inside a data centre, where no link is', () => {
    const near = TWO_CLUSTERS.replace('west: { dataCentre: west,', 'west: { dataCentre: east,').replace(
      /links:\n.*\n/,
      '',
    );
    const found = refusalsOf(
      `${near}mirrors:\n  copy: { from: east, to: west, topics: orders, host: west-clients }\n`,
    );
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], /^s\.yaml:15:\d+:? .*needs a link between the two clusters/);
  });

  test('refuses the same of a mirror as of other clients', () => {
    const mirror = (more: string) =>
      `${TWO_CLUSTERS}mirrors:\n  copy: { from: east, to: west, topics: orders, host: west-clients${more} }\n`;
    assert.deepEqual(refusalsOf(mirror('')), []);
    const java = refusalsOf(mirror(', client: java'));
    assert.equal(java.length, 1, java.join('\n'));
    assert.match(java[0], /^s\.yaml:17:\d+:? .*Java client/);
    const compressing = refusalsOf(
      mirror(', producer: { config: { compression.type: lz4 } }'),
      withoutCosts('codec.brokertwin.'),
    );
    assert.equal(compressing.length, 1, compressing.join('\n'));
    assert.match(compressing[0], /^s\.yaml:17:\d+:? .*lz4/);
  });
});
