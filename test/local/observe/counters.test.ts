import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupFiles, parseCgroup } from '../../../src/local/observe/cgroup-counters.ts';
import { readProcess, readRunQueueWait, waitBetween } from '../../../src/local/observe/process-counters.ts';
import { parseQdiscs } from '../../../src/local/observe/qdisc-reader.ts';
import { RESOURCES, resourceFacts } from '../../../src/result/resources.ts';

test('a control group of version 1 tells CPU, quota, memory and page cache in files of three hierarchies', () => {
  const texts = {
    cpuStat: 'nr_periods 11\nnr_throttled 10\nthrottled_time 730996526\nnr_bursts 0\nburst_time 0\n',
    cpuUsage: '229831670\n',
    memoryUsed: '9056256\n',
    memoryStat: 'cache 8544256\nrss 0\nmapped_file 0\ntotal_cache 8544300\ntotal_rss 0\n',
  };
  assert.deepEqual(parseCgroup(texts), {
    cpuSeconds: 0.22983167,
    periods: 11,
    throttledPeriods: 10,
    throttledSeconds: 0.730996526,
    memoryBytes: 9056256,
    pageCacheBytes: 8544300,
  });
});

test('a control group of version 2 tells all of its CPU in one file, in microseconds', () => {
  const texts = {
    cpuStat:
      'usage_usec 22256938276\nuser_usec 1\nsystem_usec 2\nnr_periods 40\nnr_throttled 4\nthrottled_usec 1500000\n',
    cpuUsage: '',
    memoryUsed: '4096\n',
    memoryStat: 'anon 1\nfile 2048\nfile_mapped 7\n',
  };
  assert.deepEqual(parseCgroup(texts), {
    cpuSeconds: 22256.938276,
    periods: 40,
    throttledPeriods: 4,
    throttledSeconds: 1.5,
    memoryBytes: 4096,
    pageCacheBytes: 2048,
  });
});

test('what a control group does not tell is not known, rather than zero', () => {
  const none = parseCgroup({ cpuStat: '', cpuUsage: '', memoryUsed: '', memoryStat: '' });
  assert.deepEqual([...new Set(Object.values(none))], [null]);
});

test("a group's files are where its hierarchies are mounted", () => {
  const root = '/sys/fs/cgroup';
  const of = {
    version: 1,
    cpu: `${root}/cpu`,
    cpuacct: `${root}/cpuacct`,
    memory: `${root}/memory`,
  } as const;
  assert.deepEqual(cgroupFiles(of, 'brokertwin-1/broker-1'), {
    cpuStat: `${root}/cpu/brokertwin-1/broker-1/cpu.stat`,
    cpuUsage: `${root}/cpuacct/brokertwin-1/broker-1/cpuacct.usage`,
    memoryUsed: `${root}/memory/brokertwin-1/broker-1/memory.usage_in_bytes`,
    memoryStat: `${root}/memory/brokertwin-1/broker-1/memory.stat`,
  });
  assert.equal(cgroupFiles({ version: 2, root }, 'a/b').memoryUsed, `${root}/a/b/memory.current`);
});

// As tc of iproute2 6.1 answers in batch mode.
const TBF =
  '[{"kind":"tbf","handle":"8003:","root":true,"refcnt":3,"options":{"rate":10000000,"burst":131070,"lat":50000},"bytes":90,"packets":1,"drops":2,"overlimits":3,"requeues":0,"backlog":1514,"qlen":1}]';

test('the root queue of a device is read from the JSON of tc, and no other', () => {
  const counters = { sentBytes: 90, drops: 2, overlimits: 3, backlogBytes: 1514 };
  assert.deepEqual(parseQdiscs(TBF), counters);
  const [root] = JSON.parse(TBF);
  const leaf = {
    kind: 'bfifo',
    handle: '10:',
    parent: '8003:1',
    bytes: 1,
    drops: 1,
    overlimits: 1,
    backlog: 1,
  };
  assert.deepEqual(parseQdiscs(JSON.stringify([leaf, root])), counters);
  assert.equal(parseQdiscs('[]'), null);
});

test('with latency the bucket is inside of another queue, and its counters are read', () => {
  const [bucket] = JSON.parse(TBF);
  const netem = {
    ...bucket,
    kind: 'netem',
    handle: '2:',
    bytes: 1000,
    drops: 20,
    overlimits: 0,
    backlog: 9000,
  };
  const inside = { ...bucket, handle: '1:', parent: '2:1', root: undefined };
  const counters = { sentBytes: 90, drops: 2, overlimits: 3, backlogBytes: 1514 };
  assert.deepEqual(parseQdiscs(JSON.stringify([netem, inside])), counters);
  assert.equal(parseQdiscs(JSON.stringify([netem]))?.drops, 20);
});

test('waiting for a core is summed over the threads there are, new ones from zero', () => {
  const of = (waits: readonly (readonly [number, number])[]) => ({
    atMs: 0,
    life: '1',
    bornAtMs: 0,
    waitSeconds: new Map(waits),
  });
  const before = of([
    [1, 2],
    [2, 5],
  ]);
  const after = of([
    [1, 2.5],
    [3, 0.25],
  ]);
  assert.equal(waitBetween(before, after), 0.75);
  assert.equal(waitBetween(null, after), 2.75);
});

test('this very process is read with all of its threads; one that is gone is not', () => {
  const process_ = readProcess(process.pid);
  assert.ok(process_ !== null && process_.cpuSeconds > 0);
  assert.ok(process_.bornAtMs !== null && process_.bornAtMs < process_.atMs, 'it was born before now');
  assert.ok(process_.atMs - process_.bornAtMs < 600_000, 'on the clock that it is read by');
  const wait = readRunQueueWait(process_);
  assert.ok(wait !== null && wait.waitSeconds.size >= 4, `${wait?.waitSeconds.size} threads`);
  assert.equal(readProcess(2 ** 22 + 1), null);
});

test('every resource has a name of its own, a meaning and a unit; an unknown one stands for itself', () => {
  const labels = Object.values(RESOURCES).map(({ label }) => label);
  assert.equal(new Set(labels).size, labels.length);
  for (const [name, { meaning }] of Object.entries(RESOURCES)) assert.ok(meaning.length > 10, name);
  assert.deepEqual(resourceFacts('moon.phase'), {
    label: 'moon.phase',
    meaning: 'moon.phase',
    shown: 'table',
  });
});
