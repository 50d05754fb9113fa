/** Properties over random scenarios and random mistakes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar, stringify } from 'yaml';
import { keysOf, schemaAt } from '../../src/scenario/json-schema.ts';
import { load, problemsOf } from './scratch.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9]{2,7}$/);
const bytes = fc.integer({ min: 1, max: 900 }).map((kib) => kib * 1024);
const seconds = fc.integer({ min: 1, max: 600 });

const scenarios = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 6, maxLength: 6 }),
    brokers: fc.integer({ min: 1, max: 9 }),
    replicas: fc.integer({ min: 1, max: 9 }),
    insync: fc.integer({ min: 1, max: 9 }),
    partitions: fc.integer({ min: 1, max: 5000 }),
    topics: fc.integer({ min: 2, max: 300 }),
    rate: fc.integer({ min: 1, max: 1_000_000 }),
    value: bytes,
    lingerMs: fc.integer({ min: 0, max: 5000 }),
    batch: bytes,
    acks: fc.constantFrom('0', '1', 'all'),
    processUs: fc.integer({ min: 0, max: 100_000 }),
    seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    warmup: seconds,
    duration: seconds,
    load: fc.constantFrom<(number | 'max')[]>('max', 1, 0.5, 2),
  })
  .map((drawn) => {
    const replicas = Math.min(drawn.replicas, drawn.brokers);
    return { ...drawn, replicas, insync: Math.min(drawn.insync, replicas) };
  });

type Drawn = typeof scenarios extends fc.Arbitrary<infer Value> ? Value : never;

/** Two ways to write the same: plain Kafka numbers and base units, or larger units and single entries as lists. */
const WRITTEN = {
  plainly: {
    rate: (perSecond: number) => `${perSecond}/s`,
    size: (size: number) => `${size}B`,
    kafkaBytes: (size: number): unknown => size,
    kafkaMs: (ms: number): unknown => ms,
    seconds: (s: number) => `${s * 1000}ms`,
    topics: (topic: string): unknown => topic,
  },
  otherwise: {
    rate: (perSecond: number) => `${perSecond * 60}/m`,
    size: (size: number) => `${size / 1024} KiB`,
    kafkaBytes: (size: number): unknown => `${size / 1024}KiB`,
    kafkaMs: (ms: number): unknown => `${ms * 1000}us`,
    seconds: (s: number) => `${s} s`,
    topics: (topic: string): unknown => [topic],
  },
} as const;

function sections(drawn: Drawn, as: (typeof WRITTEN)[keyof typeof WRITTEN]): [string, unknown][] {
  const [orders, clicks, checkout, billing, phase, host] = drawn.names;
  return [
    ['apiVersion', 'brokertwin/v1'],
    ['name', 'random'],
    ['hosts', { [host]: { cores: 2 } }],
    ['cluster', { brokers: { count: drawn.brokers } }],
    [
      'topics',
      {
        [orders]: {
          partitions: drawn.partitions,
          'replication.factor': drawn.replicas,
          config: { 'min.insync.replicas': drawn.insync, 'retention.ms': as.kafkaMs(drawn.duration * 1000) },
        },
        [`${clicks}-*`]: { count: drawn.topics },
      },
    ],
    [
      'producers',
      {
        [checkout]: {
          topics: as.topics(orders),
          rate: as.rate(drawn.rate),
          record: { value: as.size(drawn.value) },
          config: {
            acks: drawn.acks,
            'linger.ms': as.kafkaMs(drawn.lingerMs),
            'batch.size': as.kafkaBytes(drawn.batch),
          },
        },
      },
    ],
    ['consumers', { [billing]: { topics: as.topics(`${clicks}-*`), process: `${drawn.processUs}us` } }],
    ['levels', [`${checkout}.publishLatency p(99) < ${drawn.warmup}s`]],
    [
      'run',
      {
        seed: drawn.seed,
        phases: [
          {
            name: phase,
            load: drawn.load,
            warmup: as.seconds(drawn.warmup),
            duration: as.seconds(drawn.duration),
          },
        ],
      },
    ],
  ];
}

describe('a random scenario', () => {
  test('is read to what was drawn, and to one hash however it is written and ordered', () => {
    fc.assert(
      fc.property(scenarios, fc.infiniteStream(fc.nat(1000)), (drawn, order) => {
        const { scenario, hash } = load(stringify(Object.fromEntries(sections(drawn, WRITTEN.plainly))));
        const [topic, pattern] = scenario.topics;
        const [producer] = scenario.producers;
        assert.deepEqual(
          [
            scenario.clusters[0].brokers.count,
            topic.partitions,
            topic.replicationFactor,
            topic.config['min.insync.replicas'],
            topic.config['retention.ms'],
            pattern.count,
            producer.rate,
            producer.record.value,
            producer.config.acks,
            producer.config['linger.ms'],
            producer.config['batch.size'],
            scenario.consumers[0].processUs,
            scenario.levels[0].bound,
            scenario.run.seed,
            scenario.run.phases[0].load,
            scenario.run.phases[0].warmupMs,
            scenario.run.phases[0].durationMs,
          ],
          [
            drawn.brokers,
            drawn.partitions,
            drawn.replicas,
            drawn.insync,
            drawn.duration * 1000,
            drawn.topics,
            { kind: 'constant', recordsPerSecond: drawn.rate },
            { kind: 'constant', bytes: drawn.value },
            drawn.acks,
            drawn.lingerMs,
            drawn.batch,
            drawn.processUs,
            drawn.warmup * 1000,
            drawn.seed,
            drawn.load,
            drawn.warmup * 1000,
            drawn.duration * 1000,
          ],
        );
        const shuffled = sections(drawn, WRITTEN.otherwise)
          .map((section): [number, [string, unknown]] => [order.next().value, section])
          .sort(([a], [b]) => a - b)
          .map(([, section]) => section);
        const other = load(stringify(Object.fromEntries(shuffled)));
        assert.deepEqual(other.scenario, scenario);
        assert.equal(other.hash, hash);
      }),
      { numRuns: 60 },
    );
  });
});

const RICH = `apiVersion: brokertwin/v1
kind: Scenario
name: rich
question: Is every key known?
hosts:
  east: { profile: local, count: 3, zones: [a, b, c], racks: [r], cores: 2, memory: 4GiB, nic: 1Gbit/s, nicBuffer: 128KiB, disk: 100MB/s, logDirs: { count: 2, size: 2GiB } }
  west: { profile: local, count: 3 }
clusters:
  east:
    kafka: [4.2.0, 4.3.1]
    dataCentre: east
    brokers: { host: east, count: 3, config: { num.io.threads: 4, log.retention.ms: 24h } }
    controllers: { mode: separate, count: 3, host: west }
  west: { dataCentre: west, brokers: { host: west } }
links:
  - { between: [east, west], latency: 30ms, bandwidth: 1Gbit/s }
topics:
  orders: { cluster: east, partitions: 6, replication.factor: 3, config: { min.insync.replicas: 2, retention.ms: 24h } }
  clicks-*: { cluster: west, count: 20, skew: { zipf: 1.1 } }
producers:
  checkout:
    cluster: east
    host: east
    client: brokertwin
    topics: orders
    count: 2
    rate: { diurnal: { peak: 5k/s, trough: 1k/s, peakAt: "20:00" } }
    record: { value: { lognormal: { median: 300B, p99: 4KiB } }, key: { cardinality: 5M, size: 8B, zipf: 1 }, headers: 10B }
    config: { acks: all, linger.ms: 5, compression.type: lz4, max.in.flight.requests.per.connection: 3 }
  web: { host: west, topics: clicks-*, rate: 1k/s, record: { value: 1KiB } }
consumers:
  billing: { host: west, cluster: west, topics: [orders], group: billers, count: 2, process: 50us, config: { fetch.min.bytes: 2 } }
mirrors:
  copy:
    from: east
    to: west
    topics: orders
    host: west
    count: 1
    client: java
    consumer: { config: { fetch.max.wait.ms: 100 } }
    producer: { config: { linger.ms: 5 } }
operations:
  - { at: 1s, kill: { cluster: east, broker: 2 } }
  - { at: 2s, start: { cluster: east, broker: [2] } }
  - { at: 3s, zoneLoss: { cluster: east, zone: b } }
  - { at: 4s, set: { cluster: east, topic: orders, config: { retention.ms: 1h } } }
  - { at: 5s, reassign: { cluster: east, topic: orders, partition: 1, replicas: [3, 2, 1], throttle: 5MiB/s } }
  - { at: 6s, elect: { cluster: east, topic: orders, unclean: true } }
  - { at: 7s, upgrade: { cluster: east, kafka: 4.3.1, wait: 5s } }
  - { at: 8s, rollingRestart: { cluster: east, instance: 1, wait: 5s } }
  - { at: 9s, addBroker: { cluster: east, broker: 4 } }
  - { at: 10s, isolate: { cluster: east, broker: 1, from: [2, 3], direction: out } }
  - { at: 11s, heal: { cluster: east } }
  - { at: 12s, limit: { cluster: east, broker: 1, nic: 1Gbit/s, cores: 1 } }
  - { at: 13s, fillLogDir: { cluster: east, broker: 1, logDir: 2, leave: 1MiB } }
  - { at: 14s, readOnlyLogDir: { cluster: east, zone: a, logDir: 1 } }
  - { at: 15s, repairLogDir: { cluster: east, zone: a } }
  - { at: 16s, slowDisk: { cluster: east, broker: 1, logDir: 2, write: 5ms, sync: 20ms, rate: 20MB/s } }
  - { at: 17s, restart: { cluster: east, controller: 101, unclean: true } }
  - { at: 18s, powerLoss: { cluster: east, broker: 3 } }
levels:
  - checkout.publishLatency p(99) < 50ms
run:
  warmup: 2s
  duration: 20s
  seed: 7
  fidelity: auto
  threads: { producers: 1, consumers: 2 }
  phases:
    - { name: one, load: 1, warmup: 1s, duration: 30s }
`;

interface KnownKey {
  readonly key: string;
  readonly offset: number;
  /** The keys that could stand there. */
  readonly valid: readonly string[];
}

/** Every key of the file that the format names, as against those that the user chose. */
function knownKeys(yaml: string): KnownKey[] {
  const found: KnownKey[] = [];
  const walk = (node: unknown, path: (string | number)[]): void => {
    if (isSeq(node)) {
      node.items.forEach((item, index) => {
        walk(item, [...path, index]);
      });
    }
    if (!isMap(node)) return;
    const inSet = path.at(-1) === 'config' && path.at(-2) === 'set';
    const valid = keysOf(schemaAt(inSet ? ['topics', 'orders', 'config'] : path));
    for (const { key, value } of node.items) {
      assert.ok(isScalar(key));
      const { value: text, range } = key as Scalar<string>;
      if (valid.includes(text)) found.push({ key: text, offset: range?.[0] ?? 0, valid });
      walk(value, [...path, text]);
    }
  };
  walk(parseDocument(yaml, { version: '1.2', stringKeys: true }).contents, []);
  return found;
}

describe('a single mistyped key', () => {
  const shipped = ['demo', 'three-brokers', 'two-clusters'].map((file) =>
    readFileSync(new URL(`../../scenarios/${file}.yaml`, import.meta.url), 'utf8'),
  );

  test('has nothing to hide in: the scenarios that are mistyped are right', () => {
    for (const yaml of [RICH, ...shipped]) assert.deepEqual(problemsOf(yaml), []);
    assert.ok(knownKeys(RICH).length > 100);
  });

  for (const [index, yaml] of [RICH, ...shipped].entries()) {
    test(`gives exactly one line, at its place, that names the right key (scenario ${index + 1})`, () => {
      const keys = knownKeys(yaml);
      const lines = new LineCounter();
      parseDocument(yaml, { lineCounter: lines });
      const edits = fc.record({
        at: fc.nat(keys.length - 1),
        where: fc.double({ min: 0, max: 0.999, noNaN: true }),
        letter: fc.constantFrom('x', 'q', null),
      });
      fc.assert(
        fc.property(edits, ({ at, where, letter }) => {
          const { key, offset, valid } = keys[at];
          const cut = Math.floor(where * key.length);
          const typo = key.slice(0, cut) + (letter ?? '') + key.slice(cut + 1);
          const far = distance(typo.toLowerCase(), key.toLowerCase());
          // A slip that is as near to another key, or leaves nothing, cannot be told from that.
          fc.pre(/^[a-z]/i.test(typo) && far > 0 && far < key.length - 1);
          fc.pre(
            valid.every((other) => other === key || distance(typo.toLowerCase(), other.toLowerCase()) > far),
          );
          const { line, col } = lines.linePos(offset);
          const problems = problemsOf(yaml.slice(0, offset) + typo + yaml.slice(offset + key.length));
          assert.equal(problems.length, 1, problems.join('\n'));
          assert.ok(problems[0].startsWith(`s.yaml:${line}:${col} unknown key "${typo}"`), problems[0]);
          assert.ok(problems[0].endsWith(`, did you mean "${key}"?`), problems[0]);
        }),
        { numRuns: 250 },
      );
    });
  }
});

describe('a single unreadable value', () => {
  test('gives one line at its place, whatever stands there', () => {
    const document = parseDocument(RICH, { version: '1.2', stringKeys: true });
    const lines = new LineCounter();
    parseDocument(RICH, { lineCounter: lines });
    const numbers: { offset: number; length: number }[] = [];
    const walk = (node: unknown): void => {
      if (isMap(node)) for (const { value } of node.items) walk(value);
      else if (isSeq(node)) node.items.forEach(walk);
      else if (isScalar(node) && /^\d+(ms|s|B|KiB|GiB|M|k\/s|MB\/s|Gbit\/s)?$/.test(String(node.source))) {
        numbers.push({ offset: node.range?.[0] ?? 0, length: String(node.source).length });
      }
    };
    walk(document.contents);
    assert.ok(numbers.length > 30);
    fc.assert(
      fc.property(
        fc.constantFrom(...numbers),
        fc.constantFrom('true', '[]', '{}', '-1s', '5 parsecs', '"5 ms ms"', '~'),
        ({ offset, length }, wrong) => {
          const problems = problemsOf(RICH.slice(0, offset) + wrong + RICH.slice(offset + length));
          const { line } = lines.linePos(offset);
          assert.equal(problems.length, 1, problems.join('\n'));
          assert.ok(problems[0].startsWith(`s.yaml:${line}:`), problems[0]);
          assert.match(problems[0], /expected .*, found |missing key/);
        },
      ),
      { numRuns: 200 },
    );
  });
});
