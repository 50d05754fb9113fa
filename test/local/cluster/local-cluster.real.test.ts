import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka';
import { UserError } from '../../../src/errors/errors.ts';
import { clusterDown, clusterStatus } from '../../../src/local/cluster/cluster-commands.ts';
import {
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
} from '../../../src/local/cluster/local-cluster.ts';
import { freePorts } from '../../../src/local/cluster/ports.ts';
import { cleanStaleClusters, readClusters } from '../../../src/local/cluster/state.ts';
import { obtainKafkaJars } from '../../../src/local/kafka/jars.ts';
import { endOffsetsByKafkaTool } from '../../../src/local/kafka/topic-offsets.ts';
import { observeBrokers } from '../../../src/local/observe/observer.ts';
import { identify, isAlive } from '../../../src/local/system/process-identity.ts';
import { missing } from '../../support/components.ts';

const KAFKA = '4.3.1';
const LOCAL = new URL('../../../src/local/cluster/', import.meta.url).href;
const skip = missing(['java', 'maven']) ?? false;

let root = '';

before(() => {
  root = mkdtempSync(join(tmpdir(), 'brokertwin-real-'));
  process.env.BROKERTWIN_STATE = root;
});

after(async () => {
  await clusterDown({ all: true });
  rmSync(root, { recursive: true, force: true });
});

function start(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
  return startLocalCluster({ version: KAFKA, brokers: 1, jmx: true, progress: () => undefined, ...options });
}

function nothingRuns(pids: readonly number[]): void {
  for (const pid of pids) assert.equal(identify(pid), null, `process ${pid} still runs`);
  assert.deepEqual(readClusters(), []);
}

async function userError(attempt: Promise<unknown>): Promise<UserError> {
  const error = await attempt.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UserError, String(error));
  return error;
}

/** A port that somebody else listens on, as long as `use` runs. */
async function withTakenPort<Result>(use: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  try {
    return await use(address.port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('the metrics agent really comes through Maven into an empty cache', { skip }, async () => {
  const cache = join(root, 'cache');
  const libraries = join(root, 'kafka', 'libs');
  const cached = await obtainKafkaJars({ version: KAFKA, progress: () => undefined });
  const home = join(root, 'kafka');
  mkdirSync(home);
  symlinkSync(cached.classpath.slice(0, -2), libraries);
  const env = { ...process.env, XDG_CACHE_HOME: cache, KAFKA_HOME: home };
  const jars = await obtainKafkaJars({ version: KAFKA, progress: () => undefined, env });
  assert.ok(jars.jolokiaAgent !== null && statSync(jars.jolokiaAgent).size > 100_000);
  assert.equal(jars.classpath, join(libraries, '*'));
});

test('one broker is up, observed and removed', { skip }, async () => {
  const messages: string[] = [];
  let attempts = 0;
  const cluster = await withTakenPort((taken) =>
    start({
      config: { 'num.network.threads': '2' },
      progress: (message) => messages.push(message),
      choosePorts: async (count) => {
        attempts += 1;
        const ports = await freePorts(count);
        return attempts === 1 ? [ports[0], taken, ...ports.slice(2)] : ports;
      },
    }),
  );
  assert.equal(attempts, 2, 'a port taken meanwhile is met by trying others');
  assert.ok(messages.some((message) => message.startsWith('node 1 met a port taken meanwhile')));
  const pids = cluster.brokers.map(({ pid }) => pid);
  try {
    assert.deepEqual(
      (await clusterStatus()).map(({ bootstrapServers, nodes, mode }) => ({
        bootstrapServers,
        mode,
        nodes: nodes.map(({ id, port, pid, state }) => ({ id, port, pid, state })),
      })),
      [
        {
          bootstrapServers: cluster.bootstrapServers,
          mode: 'attached',
          nodes: [{ id: 1, port: cluster.brokers[0].port, pid: pids[0], state: 'running' }],
        },
      ],
    );
    await observeProducing(cluster);
  } finally {
    await cluster.stop();
  }
  await cluster.stop();
  nothingRuns(pids);
  assert.equal(existsSync(cluster.directory), false);
  assert.ok(readdirSync(cluster.brokers[0].logDirectory).includes('broker.log'), 'logs are kept');
});

async function observeProducing(cluster: LocalCluster): Promise<void> {
  const bootstrapBrokers = cluster.bootstrapServers.split(',');
  const admin = new Admin({ clientId: 'test', bootstrapBrokers });
  await admin.createTopics({ topics: ['orders.v1'], partitions: 2, replicas: 1 });
  await admin.close();
  const producer = new Producer({ clientId: 'test', bootstrapBrokers });
  const value = Buffer.alloc(1024);
  const send = async (requests: number): Promise<void> => {
    for (let request = 0; request < requests; request += 1) {
      await producer.send({
        acks: ProduceAcks.ALL,
        messages: [0, 1].map((partition) => ({ topic: 'orders.v1', partition, value })),
      });
    }
  };
  const observer = observeBrokers(() => cluster.brokers, { intervalMs: 200 });
  await send(20);
  // Just made, a topic may answer a first request in part; the client then sends it again.
  const before = await endOffsets(cluster);
  await observer.begin();
  await send(150);
  const observation = await observer.end();
  await send(10);
  await producer.close();

  assert.deepEqual(observation.problems, []);
  const produce = observation.requestStages.find(({ request }) => request === 'Produce');
  assert.equal(produce?.count, 150, 'only the requests between begin and end are counted');
  assert.ok(produce.meanMs.TotalTimeMs >= produce.meanMs.LocalTimeMs && produce.meanMs.TotalTimeMs < 1000);
  const [activity] = observation.activity;
  assert.equal(activity.recordsIn, 300);
  assert.ok(activity.bytesIn > 300 * 1024 && activity.bytesIn < 300 * 1200);
  const groups = new Map(
    observation.threadCpu.filter(({ process: name }) => name === 'broker-1').map((use) => [use.group, use]),
  );
  for (const group of ['network', 'handler', 'controller']) {
    assert.ok((groups.get(group)?.cpuSeconds ?? 0) > 0, `${group} threads were found with CPU`);
  }
  assert.ok((groups.get('handler')?.wakeUps ?? 0) >= 100, 'each request wakes a handler');
  const cpu = observation.resources.find(({ resource, broker }) => resource === 'cpu' && broker === 1);
  assert.ok(Math.max(...(cpu?.values ?? []).map((value) => value ?? 0)) > 0);
  assert.deepEqual(
    await endOffsets(cluster),
    before.map((offset) => offset + 160),
  );
}

/** End offsets of partitions 0 and 1. */
async function endOffsets(cluster: LocalCluster): Promise<number[]> {
  const offsets = await endOffsetsByKafkaTool(cluster.jars, cluster.bootstrapServers, 'orders.v1');
  assert.deepEqual([...offsets.keys()].sort(), [0, 1]);
  return [offsets.get(0) ?? Number.NaN, offsets.get(1) ?? Number.NaN];
}

test('three brokers are ready when all list all of them', { skip }, async () => {
  const cluster = await start({ brokers: 3, name: 'three', jmx: false });
  try {
    assert.equal(cluster.bootstrapServers.split(',').length, 3);
    for (const server of cluster.bootstrapServers.split(',')) {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server] });
      assert.deepEqual([...(await admin.metadata({ topics: [] })).brokers.keys()].sort(), [1, 2, 3]);
      await admin.close();
    }
    const again = await userError(start({ name: 'three' }));
    assert.match(again.message, /there is a cluster named three already: take it down first/);
  } finally {
    await cluster.stop();
  }
  nothingRuns(cluster.brokers.map(({ pid }) => pid));
});

/** Runs a module in a Node of its own that prints the word ready; gives the process then. */
async function runUntilReady(script: string): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('close', (code) => reject(new Error(`the script ended with ${code} before it was ready`)));
  });
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
    });
  });
  await Promise.race([ready, ended]);
  return child;
}

test('what a killed command left behind is found and cleaned by the next', { skip }, async () => {
  const child = await runUntilReady(`
    import { startLocalCluster } from ${JSON.stringify(`${LOCAL}local-cluster.ts`)};
    await startLocalCluster({ version: '${KAFKA}', brokers: 1, jmx: false, name: 'killed', progress: () => {} });
    console.log('ready');
    setInterval(() => {}, 1000);`);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const [{ record }] = readClusters();
  const broker = record?.nodes[0].process ?? assert.fail('the broker is recorded');
  assert.equal(isAlive(broker), true, 'the broker outlives its killed owner');
  const cleaned = await cleanStaleClusters(() => undefined);
  assert.deepEqual(
    cleaned.map(({ name }) => name),
    ['killed'],
  );
  nothingRuns([broker.pid]);
});

test('a detached cluster outlives the command that started it, until it is taken down', {
  skip,
}, async () => {
  const child = await runUntilReady(`
    import { clusterUp } from ${JSON.stringify(`${LOCAL}cluster-commands.ts`)};
    await clusterUp({ version: '${KAFKA}', brokers: 1, progress: () => {} });
    console.log('ready');`);
  if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
  assert.equal(child.exitCode, 0);
  assert.deepEqual(await cleanStaleClusters(assert.fail), []);
  const [status] = await clusterStatus();
  assert.equal(status.name, 'local');
  assert.equal(status.nodes[0].state, 'running');
  assert.match((await userError(clusterDown({ name: 'other' }))).message, /found only local/);
  assert.deepEqual(await clusterDown({}), ['local']);
  nothingRuns(status.nodes.flatMap(({ pid }) => pid ?? []));
});

test('aborting while a cluster starts stops and removes all of it', { skip }, async () => {
  const controller = new AbortController();
  const pids: number[] = [];
  const attempt = start({
    signal: controller.signal,
    progress: (message) => {
      if (message.startsWith('starting')) setTimeout(() => controller.abort(), 500);
    },
  });
  const watch = setInterval(() => {
    for (const { record } of readClusters()) {
      pids.push(...(record?.nodes ?? []).flatMap(({ process: identity }) => identity?.pid ?? []));
    }
  }, 100);
  await assert.rejects(attempt, { name: 'AbortError' });
  clearInterval(watch);
  assert.ok(pids.length > 0, 'a broker had been started');
  nothingRuns(pids);
});

test('a value that Kafka refuses, and a heap that is too small, are one clear line', { skip }, async () => {
  const config = await userError(start({ config: { 'num.io.threads': '0' } }));
  assert.match(
    config.message,
    /Invalid value 0 for configuration num\.io\.threads: Value must be at least 1/,
  );
  assert.equal(config.exitCode, 2);
  const heap = await userError(start({ heapMiB: 24 }));
  assert.match(heap.message, /^node 1 did not start: memory ran out \(.*Java heap space/);
  assert.equal(heap.exitCode, 3);
  nothingRuns([]);
});
