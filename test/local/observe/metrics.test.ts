import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { activityOver } from '../../../src/local/observe/broker-activity.ts';
import { type MBeanValues, mbeanKey, readMBeans } from '../../../src/local/observe/jolokia.ts';
import { requestStagesOver } from '../../../src/local/observe/request-metrics.ts';

const STAGES = [
  'RequestQueueTimeMs',
  'LocalTimeMs',
  'RemoteTimeMs',
  'ThrottleTimeMs',
  'ResponseQueueTimeMs',
  'ResponseSendTimeMs',
  'TotalTimeMs',
];

/** A read of a broker whose every stage of Produce has taken these milliseconds so far. */
function produceRead(samplesMs: readonly number[]): MBeanValues {
  const sum = samplesMs.reduce((total, ms) => total + ms, 0);
  const value = { Count: samplesMs.length, Mean: samplesMs.length === 0 ? 0 : sum / samplesMs.length };
  return new Map(
    STAGES.map((stage) => [
      mbeanKey(`kafka.network:type=RequestMetrics,name=${stage},request=Produce`),
      value,
    ]),
  );
}

test('the mean of an interval is that of its own requests, whatever came before', () => {
  const samples = fc.array(fc.nat(5_000), { maxLength: 200 });
  fc.assert(
    fc.property(samples, samples, (earlier, later) => {
      const stages = requestStagesOver(1, [
        { from: produceRead(earlier), to: produceRead([...earlier, ...later]) },
      ]);
      if (later.length === 0) return assert.deepEqual(stages, []);
      const mean = later.reduce((total, ms) => total + ms, 0) / later.length;
      assert.equal(stages.length, 1);
      assert.equal(stages[0].request, 'Produce');
      assert.equal(stages[0].count, later.length);
      assert.equal(stages[0].meanMs.RemoteTimeMs, mean);
      assert.equal(stages[0].meanMs.TotalTimeMs, mean);
    }),
  );
});

test("a broker's activity is the difference of its counters; one that was not there before counts from 0", () => {
  const flush = mbeanKey('kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs');
  const bytes = mbeanKey('kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec');
  const young = mbeanKey('java.lang:type=GarbageCollector,name=G1 Young Generation');
  const old = mbeanKey('java.lang:type=GarbageCollector,name=G1 Old Generation');
  const before: MBeanValues = new Map([
    [flush, { Count: 16 }],
    [young, { CollectionCount: 5, CollectionTime: 114 }],
    [old, { CollectionCount: 0, CollectionTime: 0 }],
  ]);
  const after: MBeanValues = new Map([
    [flush, { Count: 18 }],
    [bytes, { Count: 4096 }],
    [young, { CollectionCount: 7, CollectionTime: 164 }],
    [old, { CollectionCount: 1, CollectionTime: 20 }],
  ]);
  assert.deepEqual(activityOver(2, [{ from: before, to: after }]), {
    broker: 2,
    bytesIn: 4096,
    recordsIn: 0,
    logFlushes: 2,
    gcCount: 3,
    gcSeconds: 0.07,
  });
});

test('a broker that was started anew counts on from zero in its second life', () => {
  const lives = [
    { from: produceRead([10, 10]), to: produceRead([10, 10, 4]) },
    { from: new Map(), to: produceRead([1, 1, 2]) },
  ];
  const [stages] = requestStagesOver(1, lives);
  assert.equal(stages.count, 4);
  assert.equal(stages.meanMs.TotalTimeMs, 2);
  const flush = mbeanKey('kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs');
  const flushes = (Count: number): MBeanValues => new Map([[flush, { Count }]]);
  const activity = activityOver(1, [
    { from: flushes(7), to: flushes(9) },
    { from: new Map(), to: flushes(3) },
  ]);
  assert.equal(activity.logFlushes, 5);
});

test('an object name is one key in whatever order its properties are', () => {
  assert.equal(mbeanKey('d:type=T,name=N'), mbeanKey('d:name=N,type=T'));
  assert.notEqual(mbeanKey('d:type=T,name=N'), mbeanKey('d:type=T,name=M'));
});

// As Jolokia 2.6.0 answers a bulk read: a pattern, an MBean that is not there, a plain one.
const ANSWER = [
  {
    request: { mbean: 'java.lang:name=*,type=GarbageCollector', type: 'read' },
    value: {
      'java.lang:name=G1 Young Generation,type=GarbageCollector': { CollectionTime: 114, CollectionCount: 5 },
      'java.lang:name=G1 Old Generation,type=GarbageCollector': { CollectionTime: 0, CollectionCount: 0 },
    },
    status: 200,
  },
  { error_type: 'javax.management.InstanceNotFoundException', error: 'No MBean', status: 404 },
  { request: { mbean: 'd:type=T', type: 'read' }, value: { Count: 16 }, status: 200 },
];

async function answered(body: unknown, status: number, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  try {
    await use(`http://127.0.0.1:${address.port}/jolokia`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const READS = ['java.lang:type=GarbageCollector,name=*', 'kafka.log:type=None', 'd:type=T'].map((mbean) => ({
  mbean,
  attributes: ['Count'],
}));

test('a bulk read gives every MBean of a pattern and leaves out one that is not there', async () => {
  await answered(ANSWER, 200, async (url) => {
    const values = await readMBeans(url, READS);
    assert.deepEqual(
      [...values],
      [
        [
          'java.lang:name=G1 Young Generation,type=GarbageCollector',
          { CollectionTime: 114, CollectionCount: 5 },
        ],
        ['java.lang:name=G1 Old Generation,type=GarbageCollector', { CollectionTime: 0, CollectionCount: 0 }],
        ['d:type=T', { Count: 16 }],
      ],
    );
  });
});

test('a part of a composite is read by its path; what is not a number is left out', async () => {
  const answer = [
    { value: 183840048, status: 200 },
    { value: { Value: 'NaN', Count: 3 }, status: 200 },
  ];
  await answered(answer, 200, async (url) => {
    const heap = { mbean: 'java.lang:type=Memory', attributes: ['HeapMemoryUsage'], path: 'used' };
    const values = await readMBeans(url, [heap, { mbean: 'd:type=T', attributes: ['Value', 'Count'] }]);
    assert.deepEqual(
      [...values],
      [
        ['java.lang:type=Memory', { used: 183840048 }],
        ['d:type=T', { Count: 3 }],
      ],
    );
  });
});

test('an answer that is not 200 is an error, of the agent or of one read', async () => {
  await answered('no', 500, (url) => assert.rejects(readMBeans(url, READS), /answered 500/));
  const refused = [{ status: 403, error: 'forbidden by policy' }];
  await answered(refused, 200, (url) => assert.rejects(readMBeans(url, READS), /forbidden by policy/));
});
