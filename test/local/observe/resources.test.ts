import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { parseEndOffsets } from '../../../src/local/kafka/topic-offsets.ts';
import {
  type MachineCounters,
  machineFacts,
  parseCpu,
  parseDirty,
  parseDisks,
  parseInterface,
  readMachine,
} from '../../../src/local/observe/machine.ts';
import type { ObservedMachine } from '../../../src/local/observe/machine-samples.ts';
import { stealShareBetween } from '../../../src/local/observe/observation.ts';
import { observeBrokers } from '../../../src/local/observe/observer.ts';
import { parseWrittenBytes } from '../../../src/local/observe/process-counters.ts';
import { type ResourceSample, resourceSeries } from '../../../src/local/observe/resource-samples.ts';

test('CPU time is told apart in busy, idle and stolen', () => {
  const text = 'cpu  10906 4 5888 199150 1010 6 131 213 50 0\ncpu0 4222 0 2133 102177 26 0 22 104 0 0\n';
  assert.deepEqual(parseCpu(text), { busySeconds: 169.35, idleSeconds: 2001.6, stealSeconds: 2.13 });
});

test('an interface is found by its name, also when its counters touch the colon', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:260159552    7451    0    0    0     0          0         0 260159551    7451    0    0    0     0       0          0
  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
`;
  assert.deepEqual(parseInterface(text, 'lo'), { inBytes: 260159552, outBytes: 260159551 });
  assert.deepEqual(parseInterface(text, 'eth0'), { inBytes: 1, outBytes: 9 });
});

test('disks count whole, without their partitions and without devices made of others', () => {
  const text = `   7       0 loop0 1 0 99 0 1 0 99 0 0 0 0
 254       0 vda 105429 33829 1000 28849 29859 35038 2000 16850 0 15248 46594 8620 38 657152 737 3455 156
 254       1 vda1 105429 33829 900 28849 29859 35038 1900 16850 0 15248 46594
 259       0 nvme0n1 1 0 10 0 1 0 20 0 0 0 0
 259       1 nvme0n1p1 1 0 10 0 1 0 20 0 0 0 0
 253       0 dm-0 1 0 10 0 1 0 20 0 0 0 0
`;
  assert.deepEqual(parseDisks(text), { readBytes: 1010 * 512, writtenBytes: 2020 * 512 });
});

test('dirty memory includes what is being written, and io gives written bytes', () => {
  assert.equal(parseDirty('MemTotal: 9 kB\nDirty:            254176 kB\nWriteback:  4 kB\n'), 254180 * 1024);
  assert.equal(parseWrittenBytes('rchar: 1\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n'), 8192);
});

const PROCESS = { pid: 9, life: '9 1', bornAtMs: -5000, writtenBytes: 0 };

function sample(atMs: number, seconds: number, processSeconds: number | null): ResourceSample {
  const host: MachineCounters = {
    cpu: { busySeconds: seconds, idleSeconds: seconds, stealSeconds: seconds / 2 },
    loopback: { inBytes: 1000 * seconds, outBytes: 2000 * seconds },
    disk: { readBytes: 0, writtenBytes: 500 * seconds },
    dirtyBytes: 4096 * seconds,
  };
  const processes =
    processSeconds === null ? [] : [[7, { ...PROCESS, atMs, cpuSeconds: processSeconds }] as const];
  return { atMs, host, machines: [], processes: new Map(processes) };
}

function valuesOf(
  samples: readonly ResourceSample[],
  machines: readonly ObservedMachine[] = [],
): (resource: string, host: string, broker?: number, of?: string) => readonly (number | null)[] | undefined {
  const series = resourceSeries(samples, {
    host: 'local',
    machines,
    brokers: new Map([[7, 'local']]),
    windowSeconds: 1,
  });
  return (resource, host, broker, of) =>
    series.find(
      (entry) =>
        entry.resource === resource &&
        entry.host === host &&
        entry.broker === (broker ?? null) &&
        entry.of === of,
    )?.values;
}

test('rates are per second of each window as long as it really was; of a dead broker nothing is known', () => {
  const samples = [sample(0, 0, 0), sample(1000, 2, 1), sample(3000, 3, 5), sample(4000, 3, null)];
  const values = valuesOf(samples);
  assert.deepEqual(values('cpu', 'local'), [2, 0.5, 0]);
  assert.deepEqual(values('cpu', 'local', 7), [1, 2, null]);
  assert.deepEqual(values('nic.out', 'local'), [4000, 1000, 0]);
  assert.deepEqual(values('disk.write', 'local'), [1000, 250, 0]);
  assert.deepEqual(values('memory.dirty', 'local'), [8192, 12288, 12288]);
});

test('a restarted process counts from its start, not from where the one before it stood', () => {
  const restarted = new Map([
    [7, { pid: 10, life: '10 1', bornAtMs: 1500, atMs: 2500, cpuSeconds: 0.5, writtenBytes: 100 }],
  ]);
  const samples = [sample(0, 0, 40), sample(1000, 1, 41), { ...sample(2500, 2, null), processes: restarted }];
  assert.deepEqual(valuesOf(samples)('cpu', 'local', 7), [1, 0.5]);
  assert.deepEqual(valuesOf(samples)('disk.write', 'local', 7), [0, 100]);
});

test('a machine has its control group, its NIC and the queues of both directions; capacities are its limits', () => {
  const machine: ObservedMachine = {
    name: 'broker-1',
    namespace: 'ns',
    cgroup: 'g',
    limits: {
      nicBytesPerSecond: 1e7,
      nicBufferBytes: null,
      latencyMs: null,
      cores: 0.5,
      memoryBytes: 2 ** 30,
    },
    switchNamespace: 'switch',
    switchPort: 'd-1',
  };
  const life = { life: 'machine', bornAtMs: null };
  const at = (atMs: number, times: number): ResourceSample => {
    const queue = {
      ...life,
      atMs,
      sentBytes: 10 * times,
      drops: times,
      overlimits: 0,
      backlogBytes: 70 * times,
    };
    const cgroup = {
      cpuSeconds: 0.5 * times,
      periods: 10 * times,
      throttledPeriods: 4 * times,
      throttledSeconds: 0.25 * times,
      memoryBytes: 1000,
      pageCacheBytes: 100,
    };
    return {
      ...sample(atMs, 0, null),
      machines: [
        {
          cgroup: { ...life, atMs, ...cgroup },
          nic: { ...life, atMs, inBytes: 5 * times, outBytes: 6 * times },
          egress: queue,
          ingress: times === 1 ? null : queue,
        },
      ],
    };
  };
  const samples = [at(0, 0), at(1000, 1), at(2000, 2)];
  const values = valuesOf(samples, [machine]);
  assert.deepEqual(values('cpu', 'broker-1'), [0.5, 0.5]);
  assert.deepEqual(values('cpu.throttled', 'broker-1'), [0.25, 0.25]);
  assert.deepEqual(values('cpu.throttledPeriods', 'broker-1'), [0.4, 0.4]);
  assert.deepEqual(values('nic.in', 'broker-1'), [5, 5]);
  assert.deepEqual(values('queue.drops', 'broker-1', undefined, 'egress'), [1, 1]);
  assert.deepEqual(values('queue.drops', 'broker-1', undefined, 'ingress'), [null, 1]);
  assert.deepEqual(values('queue.backlog', 'broker-1', undefined, 'egress'), [70, 140]);
  assert.equal(values('nic.in', 'local'), undefined, 'loopback carries nothing of a shaped cluster');
  const limits = { host: 'local', machines: [machine], brokers: new Map(), windowSeconds: 1 };
  const capacities = resourceSeries(samples, limits).flatMap(({ host, resource, capacity }) =>
    host === 'broker-1' && capacity !== null ? [[resource, capacity]] : [],
  );
  assert.deepEqual(Object.fromEntries(capacities), {
    cpu: 0.5,
    'memory.used': 2 ** 30,
    'nic.in': 1e7,
    'nic.out': 1e7,
    'queue.sent': 1e7,
  });
});

test('a queue that was replaced meanwhile counts from zero', () => {
  const machine: ObservedMachine = {
    name: 'm',
    namespace: 'ns',
    cgroup: null,
    limits: UNLIMITED,
    switchNamespace: null,
    switchPort: null,
  };
  const samples = [5000, 6000, 40, 100].map((sentBytes, index): ResourceSample => {
    const atMs = index * 1000;
    const counters = { sentBytes, drops: 0, overlimits: 0, backlogBytes: 0 };
    const egress = { life: 'machine', bornAtMs: null, atMs, ...counters };
    return { ...sample(atMs, 0, null), machines: [{ cgroup: null, nic: null, egress, ingress: null }] };
  });
  const values = valuesOf(samples, [machine]);
  assert.deepEqual(values('queue.sent', 'm', undefined, 'egress'), [1000, 40, 60]);
});

test('stolen time is a share of all core time', () => {
  assert.equal(stealShareBetween(sample(0, 0, 0), sample(1000, 2, 0)), 0.2);
  assert.equal(stealShareBetween(sample(0, 1, 0), sample(0, 1, 0)), 0);
});

test("this machine's counters are there", () => {
  const counters = readMachine();
  assert.ok(counters.cpu.busySeconds > 0 && counters.cpu.idleSeconds > 0);
  const facts = machineFacts();
  assert.ok(facts.cores >= 1 && facts.memoryBytes > 0 && facts.os !== '');
});

test('an observer sees the CPU of this process between begin and end, phase after phase', async () => {
  const observer = observeBrokers(() => [], { intervalMs: 20 });
  for (const busyMs of [120, 60]) {
    await observer.begin();
    const busyUs = busyMs * 1000;
    const before = process.cpuUsage();
    while (process.cpuUsage(before).user < busyUs) await new Promise((resolve) => setImmediate(resolve));
    const observation = await observer.end();
    const main = observation.threadCpu.find(({ group }) => group === 'main');
    assert.equal(main?.process, 'generator');
    assert.ok(
      main.cpuSeconds > busyMs / 4000 && main.cpuSeconds <= 1.2 * observation.seconds,
      `${main.cpuSeconds} s`,
    );
    const windows = observation.resources[0].values.length;
    const windowsMax = observation.seconds / 0.01;
    assert.ok(windows >= 2 && windows <= windowsMax, `${windows} windows`);
    assert.deepEqual(observation.problems, []);
  }
});

test('an observer says which broker it could not see', async () => {
  const gone = { id: 4, pid: 2 ** 22 + 1, jolokiaUrl: null, processName: 'broker-4' };
  const observer = observeBrokers(() => [gone]);
  await observer.begin();
  const { problems, requestStages } = await observer.end();
  assert.deepEqual(requestStages, []);
  assert.deepEqual(problems, [
    'metrics of broker 4 are unknown: it runs without a metrics agent',
    'CPU of broker-4 is unknown: its process is gone',
  ]);
});

test('an observer is begun before it is ended, and once', async () => {
  const observer = observeBrokers(() => []);
  await assert.rejects(observer.end(), /has not begun/);
  await observer.begin();
  await assert.rejects(observer.begin(), /has begun already/);
  await observer.end();
});

test("only lines of the topic itself are end offsets of Kafka's tool", () => {
  const lines = ['WARN something: 1:2', 'orders:0:14680', 'orders:11:7', 'orders-2:0:9', 'a:b:0:1'];
  assert.deepEqual(
    [...parseEndOffsets(lines, 'orders')],
    [
      [0, 14680],
      [11, 7],
    ],
  );
});
