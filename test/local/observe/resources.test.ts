import assert from 'node:assert/strict';
import { test } from 'node:test';
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
import { observeBrokers, stealShareBetween } from '../../../src/local/observe/observer.ts';
import {
  parseWrittenBytes,
  type ResourceSample,
  resourceSeries,
} from '../../../src/local/observe/resource-samples.ts';

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

function sample(atMs: number, seconds: number, processSeconds: number | null): ResourceSample {
  const machine: MachineCounters = {
    cpu: { busySeconds: seconds, idleSeconds: seconds, stealSeconds: seconds / 2 },
    loopback: { inBytes: 1000 * seconds, outBytes: 2000 * seconds },
    disk: { readBytes: 0, writtenBytes: 500 * seconds },
    dirtyBytes: 0,
  };
  const counters = processSeconds === null ? null : { cpuSeconds: processSeconds, writtenBytes: 0 };
  return { atMs, machine, processes: [counters] };
}

test('rates are per second of each window as long as it really was; a dead broker uses nothing', () => {
  const samples = [sample(0, 0, 0), sample(1000, 2, 1), sample(3000, 3, 5), sample(4000, 3, null)];
  const series = resourceSeries(samples, { host: 'local', brokers: [7] });
  const values = (resource: string, broker: number | null): readonly number[] | undefined =>
    series.find((entry) => entry.resource === resource && entry.broker === broker)?.values;
  assert.deepEqual(values('cpu', null), [2, 0.5, 0]);
  assert.deepEqual(values('cpu', 7), [1, 2, 0]);
  assert.deepEqual(values('nic.out', null), [4000, 1000, 0]);
  assert.deepEqual(values('disk.write', null), [1000, 250, 0]);
  assert.equal(series.find((entry) => entry.resource === 'cpu')?.capacity, machineFacts().cores);
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
  const observer = observeBrokers([], { intervalMs: 20 });
  for (const busyMs of [120, 60]) {
    await observer.begin();
    const until = performance.now() + busyMs;
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    const observation = await observer.end();
    const main = observation.threadCpu.find(({ group }) => group === 'main');
    assert.equal(main?.process, 'generator');
    assert.ok(
      main.cpuSeconds > busyMs / 4000 && main.cpuSeconds < (2 * busyMs) / 1000,
      `${main.cpuSeconds} s`,
    );
    const windows = observation.resources[0].values.length;
    assert.ok(windows >= 2 && windows <= busyMs / 10, `${windows} windows`);
    assert.deepEqual(observation.problems, []);
  }
});

test('an observer says which broker it could not see', async () => {
  const gone = { id: 4, pid: 2 ** 22 + 1, jolokiaUrl: null, processName: 'broker-4' };
  const observer = observeBrokers([gone]);
  await observer.begin();
  const { problems, requestStages } = await observer.end();
  assert.deepEqual(requestStages, []);
  assert.deepEqual(problems, [
    'metrics of broker 4 are unknown: it runs without a metrics agent',
    'CPU of broker-4 is unknown: its process is gone',
  ]);
});

test('an observer is begun before it is ended, and once', async () => {
  const observer = observeBrokers([]);
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
