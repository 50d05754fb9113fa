import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import { startLocalCluster } from '../../../src/local/cluster/local-cluster.ts';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { monotonicMs } from '../../../src/local/observe/clock.ts';
import { type Observation, observe } from '../../../src/local/observe/observer.ts';
import { RESOURCES } from '../../../src/result/resources.ts';
import { missing } from '../../support/components.ts';
import { createTopic } from '../real-cluster.ts';

const skip = missing(['java', 'maven']) ?? false;
const root = mkdtempSync(join(tmpdir(), 'brokertwin-observe-'));
process.env.BROKERTWIN_STATE = root;
after(() => rmSync(root, { recursive: true, force: true }));

const SECONDS = 12;
const RECORD_BYTES = 10_000;
/** Of one broker; the goal is 2 % for three. Left wide, as a test may share its cores with other tests. */
const CORE_SHARE_MAX = 0.05;

/** Those that only machines with control groups and shaped NICs have. */
const OF_SHAPED_MACHINES = /^(queue\.|memory\.(used|cache)|cpu\.throttled)/;

test('every series of a broker is there and fits what was produced, on the clock of the machine', {
  skip,
}, async () => {
  const cluster = await startLocalCluster({
    version: '4.3.1',
    brokers: 1,
    jmx: true,
    progress: () => undefined,
  });
  const bootstrapBrokers = cluster.bootstrapServers.split(',');
  const producer = new Producer({ clientId: 'test', bootstrapBrokers });
  try {
    await createTopic(bootstrapBrokers, 'orders', [[1]]);
    const send = () =>
      producer.send({
        acks: ProduceAcks.ALL,
        messages: [{ topic: 'orders', partition: 0, value: Buffer.alloc(RECORD_BYTES) }],
      });
    await send();
    const observer = observe({
      brokers: () => cluster.brokers,
      machines: [
        {
          name: 'local',
          namespace: null,
          cgroup: null,
          limits: UNLIMITED,
          switchNamespace: null,
          switchPort: null,
        },
      ],
      generators: [{ pid: process.pid, machine: 'local' }],
    });
    const beforeMs = monotonicMs();
    await observer.begin();
    let sent = 0;
    for (const until = beforeMs + SECONDS * 1000; monotonicMs() < until; sent += 1) {
      await send();
      await sleep(20);
    }
    const observation = await observer.end();
    checkSeries(observation);
    checkAmounts(observation, sent);
    assert.ok(observation.observedMs.begin - beforeMs < 500 && observation.observedMs.begin >= beforeMs);
    const ours = observation.threadCpu.find(
      ({ process: name, group }) => name === 'broker-1' && group === 'observer',
    );
    const share = (ours?.cpuSeconds ?? Number.NaN) / observation.seconds;
    assert.ok(share > 0 && share < CORE_SHARE_MAX, `the broker spends ${share} cores on being observed`);
  } finally {
    await producer.close();
    await cluster.stop();
  }
});

function checkSeries({ resources, problems }: Observation): void {
  assert.deepEqual(problems, []);
  const found = new Set<string>(resources.map(({ resource }) => resource));
  const expected = Object.keys(RESOURCES).filter((name) => !OF_SHAPED_MACHINES.test(name));
  assert.deepEqual(
    expected.filter((name) => !found.has(name)),
    [],
    'none is missing',
  );
  for (const { resource, unit, values, windowSeconds } of resources) {
    assert.equal(unit, RESOURCES[resource].unit);
    assert.equal(values.length, SECONDS / (windowSeconds ?? Number.NaN), `${resource}: ${values}`);
    assert.ok(
      values.every((value) => value === null || value >= 0),
      `${resource}: ${values}`,
    );
  }
}

function checkAmounts({ resources, seconds }: Observation, sent: number): void {
  const values = (resource: string, of?: string): number[] => {
    const series = resources.filter((entry) => entry.resource === resource && entry.of === of);
    assert.ok(series.length > 0, `${resource} ${of}`);
    return (series.at(-1)?.values ?? []).map((value) => value ?? Number.NaN);
  };
  const mean = (resource: string, of?: string): number => {
    const all = values(resource, of);
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  };
  const near = (what: string, value: number, expected: number): void =>
    assert.ok(Math.abs(value / expected - 1) < 0.05, `${what}: ${value}, expected ${expected}`);
  near('produce requests', mean('requests', 'Produce') * seconds, sent);
  // 61 bytes of batch header and some of the record's own.
  near('bytes in', mean('bytes.in') * seconds, sent * (RECORD_BYTES + 75));
  assert.ok(values('request.time', 'Produce').every((ms) => ms < 1000));
  assert.deepEqual([...new Set(values('controller.active'))], [1]);
  assert.deepEqual([...new Set(values('partitions.led'))], [1]);
  for (const quiet of ['partitions.underReplicated', 'partitions.offline', 'dirs.offline', 'isr.shrinks']) {
    assert.deepEqual([...new Set(values(quiet))], [0], quiet);
  }
  assert.ok(mean('handlers.idle') > 0.5 && mean('handlers.idle') < 1.1, `${values('handlers.idle')}`);
  // A mean over half a minute, of which a young broker has not lived all.
  assert.ok(mean('network.idle') > 0 && mean('network.idle') <= 1, `${values('network.idle')}`);
  assert.ok(mean('heap.used') > 20e6 && mean('heap.used') < 512 * 1024 ** 2);
  assert.ok(mean('cpu') > 0 && mean('jit.time') > 0);
}
