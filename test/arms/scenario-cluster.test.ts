import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseToBuild, scenarioCluster } from '../../src/arms/scenario-cluster.ts';
import { UserError } from '../../src/errors/errors.ts';
import { load } from '../scenario/scratch.ts';

const ONE_TOPIC = `apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3 }
producers:
  checkout: { topics: orders, rate: 10/s, host: client }
`;

const MACHINES = `${ONE_TOPIC}hosts:
  broker: { count: 3, zones: [a, b], nic: 200Mbit/s, nicBuffer: 256KiB, cores: 0.6, memory: 2GiB, logDirs: { count: 2, size: 1GiB } }
  client: { count: 2 }
cluster:
  kafka: [4.2.0, 4.3.1, 4.3.1]
  brokers: { host: broker, config: { num.io.threads: 4 } }
`;

function refusalsOf(yaml: string): string {
  try {
    refuseToBuild(load(yaml));
    return '';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.lines.map((line) => line.replace(/^.*s\.yaml/, 's.yaml')).join('\n');
  }
}

test('hosts become machines with their limits, zones and log dirs', () => {
  const { brokerMachines, clientMachines, ...cluster } = scenarioCluster(load(MACHINES).scenario);
  assert.deepEqual(
    brokerMachines?.map(({ name, zone, rack }) => [name, zone, rack]),
    [
      ['broker-1', 'a', 'a'],
      ['broker-2', 'b', 'b'],
      ['broker-3', 'a', 'a'],
    ],
  );
  assert.deepEqual(brokerMachines?.[0].limits, {
    nicBytesPerSecond: 25e6,
    nicBufferBytes: 256 * 1024,
    latencyMs: null,
    cores: 0.6,
    memoryBytes: 2 * 1024 ** 3,
  });
  assert.deepEqual(brokerMachines?.[0].logDirs, { count: 2, bytes: 1024 ** 3 });
  assert.deepEqual(
    clientMachines?.map(({ name }) => name),
    ['client-1', 'client-2'],
  );
  assert.deepEqual(cluster, {
    version: ['4.2.0', '4.3.1', '4.3.1'],
    brokers: 3,
    combinedControllers: 3,
    network: 'shaped',
    config: { 'num.io.threads': '4' },
    diskShim: false,
    dataBytes: 0,
  });
});

test('one machine without a NIC of its own is loopback', () => {
  const yaml = ONE_TOPIC.replace(', host: client', '');
  assert.equal(scenarioCluster(load(yaml).scenario).network, 'loopback');
  const limited = `${yaml}hosts: { local: { nic: 80Mbit/s } }\n`;
  assert.equal(scenarioCluster(load(limited).scenario).network, 'shaped');
});

test('a latency of the machines makes a network of their own, with that latency', () => {
  const yaml = `${ONE_TOPIC.replace(', host: client', '')}hosts: { local: { latency: 250us } }\n`;
  const { network, brokerMachines } = scenarioCluster(load(yaml).scenario);
  assert.equal(network, 'shaped');
  assert.equal(brokerMachines?.[0].limits.latencyMs, 0.25);
});

test('separate controllers run on the hosts that are named, or on machines of their own', () => {
  const alone = scenarioCluster(load(`${MACHINES}  controllers: { mode: separate, count: 3 }\n`).scenario);
  assert.equal(alone.separateControllers, 3);
  assert.equal(alone.controllerMachines, undefined);
  const named = scenarioCluster(
    load(`${MACHINES}  controllers: { mode: separate, count: 3, host: client }\n`).scenario,
  );
  assert.deepEqual(
    named.controllerMachines?.map(({ name }) => name),
    ['client-1', 'client-2'],
  );
});

test('security gives the clients a listener and the brokers another, with the mechanism asked for', () => {
  const of = (security: string) => {
    const { listeners, interBrokerListener, saslMechanisms } = scenarioCluster(
      load(`${ONE_TOPIC.replace(', host: client', '')}cluster: { security: ${security} }\n`).scenario,
    );
    return { listeners, interBrokerListener, saslMechanisms };
  };
  assert.deepEqual(of('{ clients: SASL_SSL, brokers: SSL, sasl.mechanism: SCRAM-SHA-256 }'), {
    listeners: ['SASL_SSL', 'SSL'],
    interBrokerListener: 'SSL',
    saslMechanisms: ['SCRAM-SHA-256'],
  });
  assert.deepEqual(of('{ clients: SSL, brokers: SSL }'), {
    listeners: ['SSL'],
    interBrokerListener: 'SSL',
    saslMechanisms: [],
  });
});

test('a cluster has room for the histories of all replicas', () => {
  const yaml = `apiVersion: brokertwin/v1
cluster: { brokers: { count: 2 } }
topics:
  orders-*: { count: 3, replication.factor: 2, history: { size: 10GB } }
producers:
  checkout: { topics: orders-*, rate: 10/s }
`;
  assert.equal(scenarioCluster(load(yaml).scenario).dataBytes, 60e9);
});

test('a slow disk in the timeline has the brokers started for it', () => {
  const yaml = `${MACHINES}operations: [{ at: 1s, slowDisk: { broker: 1, sync: 5ms } }]\n`;
  assert.equal(scenarioCluster(load(yaml).scenario).diskShim, true);
  assert.equal(refusalsOf(yaml), '');
});

test('a disk by its kind is refused as one by its rate is', () => {
  assert.match(
    refusalsOf(`${ONE_TOPIC}hosts: { client: { disk: { kind: hdd } } }\n`),
    /cannot limit what is written/,
  );
});

test('what this machine cannot build or do is refused by name, all of it at once', () => {
  const yaml = `${ONE_TOPIC}hosts: { client: { disk: 500MB/s, cores: 4096, memory: 900TiB } }
operations:
  - { at: 1s, powerLoss: { broker: 1 } }
  - { at: 2s, isolate: { broker: 1 } }
  - { at: 3s, fillLogDir: { broker: 1 } }
  - { at: 4s, upgrade: { kafka: 3.9.2 } }
`;
  const lines = refusalsOf(yaml).split('\n');
  for (const [index, expected] of [
    /^s\.yaml:6:\d+:? .*cannot limit what is written to disk/,
    /^s\.yaml:6:\d+:? .*this machine has \d+ cores, found 4096/,
    /^s\.yaml:6:\d+:? .*this machine has [\d.]+ GiB, found 921600\.0 GiB/,
    /^s\.yaml:8:\d+:? .*cannot lose power/,
    /^s\.yaml:9:\d+:? .*isolate needs machines with a network of their own/,
    /^s\.yaml:10:\d+:? .*fillLogDir needs log dirs with file systems of their own/,
    /^s\.yaml:11:\d+:? .*Kafka 3\.9\.2 is older than 4\.3/,
  ].entries()) {
    assert.match(lines[index] ?? '', expected);
  }
  assert.equal(lines.length, 7);
});

test('clusters more than one, and links, are refused', () => {
  const yaml = `apiVersion: brokertwin/v1
clusters: { west: { count: 2 } }
topics: { orders: { cluster: west } }
`;
  assert.match(refusalsOf(yaml), /one cluster can be built on this machine, found 2/);
});
