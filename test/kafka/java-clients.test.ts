import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShardReadOut } from '../../src/kafka/read-out.ts';
import { build, MS, meanLatencyNs, recordsAppended, runOut, SECOND, type Small } from './support.ts';

const SEND_NS = 2000;
const rate = (recordsPerSecond: number) => ({ kind: 'constant', recordsPerSecond }) as const;
const java: Small = {
  producers: [{ client: 'java', rate: rate(6000), config: { acks: 'all' } }],
  costs: { 'client.java.producer.sendPerRecordNs': SEND_NS },
};

function wakeUps({ threads }: ShardReadOut, role: string): number {
  return threads.filter((thread) => thread.role === role).reduce((sum, thread) => sum + thread.wakeUps, 0);
}

function changed(producer: NonNullable<Small['producers']>[number], rest: Partial<Small> = {}): Small {
  return { ...java, ...rest, producers: [{ ...java.producers?.[0], ...producer }] };
}

describe('a paced Java producer', () => {
  test('keeps its rate, and every record is acknowledged and read once', () => {
    const model = build({
      ...java,
      consumers: [{ client: 'java' }],
      phase: { warmupMs: 0, durationMs: 3000 },
    });
    const [checkout, billing] = runOut(model).classes;
    assert.ok(Math.abs(checkout.due / 18_000 - 1) < 0.005, `${checkout.due}`);
    assert.equal(checkout.done, checkout.due);
    assert.equal(billing.done, checkout.due);
    // Its last burst may begin inside the phase and end after it.
    const late = recordsAppended(model) - checkout.due;
    assert.ok(late >= 0 && late <= 18, `${late}`);
  });

  test('comes in bursts as its throttler lets it: 333 wake-ups a second at 6,000/s, 500 at 10,000/s', () => {
    for (const [recordsPerSecond, expected] of [
      [6000, 333],
      [10_000, 500],
    ]) {
      const out = runOut(
        build(changed({ rate: rate(recordsPerSecond) }, { phase: { warmupMs: 0, durationMs: 2000 } })),
      );
      const each = wakeUps(out, 'javaApplication') / 2;
      assert.ok(Math.abs(each / expected - 1) < 0.03, `${recordsPerSecond}/s: ${each}`);
    }
  });

  test('without the bursts, as our own generator has none, a batch at linger 0 would be a sixth', () => {
    const recordsPerBatch = (client: 'java' | 'brokertwin'): number => {
      const costs = { ...java.costs, 'client.brokertwin.tickNs': MS / 6 } as const;
      const out = runOut(build(changed({ client, config: { 'linger.ms': 0 } }, { costs })));
      return out.classes[0].done / out.produceBatches;
    };
    const [bursts, evenly] = [recordsPerBatch('java'), recordsPerBatch('brokertwin')];
    assert.ok(evenly > 0.9 && evenly < 1.3, `${evenly}`);
    assert.ok(bursts > 5 * evenly, `${bursts} and ${evenly}`);
  });

  test('lingers as long as it is told to, and no longer', () => {
    // One record every 100 ms: it lingers and takes its way, two links.
    const costs = { ...java.costs, 'link.latencyNs': 100_000 };
    const meanMs = (lingerMs: number): number =>
      meanLatencyNs(
        runOut(build(changed({ rate: rate(10), config: { 'linger.ms': lingerMs } }, { costs }))),
      ) / MS;
    assert.ok(Math.abs(meanMs(0) - 0.2) < 0.01, `${meanMs(0)} ms`);
    assert.ok(Math.abs(meanMs(7) - 7.2) < 0.01, `${meanMs(7)} ms`);
  });
});

describe("Java clients on the brokers' host", () => {
  const busy: Small = {
    oneHost: true,
    cores: 2,
    topics: [{ partitions: 3 }],
    producers: [
      { client: 'java', count: 2, rate: rate(4000), config: { acks: 'all', 'buffer.memory': 65_536 } },
      { name: 'ours', rate: rate(500) },
    ],
    consumers: [{ client: 'java', count: 2 }],
    phase: { warmupMs: 50, durationMs: 150 },
    costs: {
      'link.latencyNs': 20_000,
      'host.wakeUpLatencyNs': 30_000,
      'broker.network.perRequestNs': 40_000,
      'broker.handler.producePerRequestNs': 40_000,
      'client.java.producer.mainWakeUpCpuNs': 70_000,
      'client.java.producer.sendPerRecordNs': 5000,
      'client.java.producer.senderPerPollNs': 5000,
      'client.java.producer.senderPerRequestNs': 50_000,
      'client.java.producer.senderPerRecordNs': 1000,
      'client.java.producer.gcPerRecordNs': 500,
      'client.java.consumer.perRequestNs': 90_000,
      'client.java.consumer.perRecordNs': 500,
      'client.java.consumer.gcPerRecordNs': 500,
    },
  };

  test('go on from a checkpoint at any time as if there had been none', () => {
    const whole = runOut(build(busy), SECOND);
    for (const atMs of [0, 1, 3.3, 60, 123.4, 199.9, 260]) {
      const first = build(busy);
      first.sim.run(atMs * MS);
      const second = build(busy);
      second.sim.columns.restore(first.sim.columns.checkpoint());
      assert.deepEqual(runOut(second, SECOND), whole, `${atMs} ms`);
    }
  });

  test('cost CPU in threads of their own, which our own clients beside them do not use', () => {
    const { threads, classes } = runOut(build(busy), SECOND);
    for (const role of ['javaApplication', 'javaSender', 'javaConsumer', 'javaCollector']) {
      const cpuNs = threads.reduce((sum, of) => sum + (of.role === role ? of.cpuNs : 0), 0);
      assert.ok(cpuNs > 0, role);
    }
    const [java, ours, readers] = classes;
    assert.equal(java.done, java.due);
    assert.equal(ours.done, 75);
    assert.equal(readers.done, java.done + ours.done);
  });
});

describe('a saturating Java producer', () => {
  const most = { load: 'max', warmupMs: 500, durationMs: 1500 } as const;
  const throughput = (small: Small): number =>
    runOut(build({ ...small, phase: most })).classes[0].doneInSpan / 1.5;

  test('sends as fast as its application thread, when nothing else takes time', () => {
    const found = throughput(java);
    assert.ok(Math.abs(found / (1e9 / SEND_NS) - 1) < 0.02, `${found}/s`);
  });

  test('sends as fast as its Sender, when that is the slower thread', () => {
    const senderNs = 3 * SEND_NS;
    const costs = { ...java.costs, 'client.java.producer.senderPerRecordNs': senderNs };
    const found = throughput({ ...java, costs });
    assert.ok(Math.abs(found / (1e9 / senderNs) - 1) < 0.02, `${found}/s`);
  });

  test('has two threads: on one core, or with all work on one thread, it would be half as fast', () => {
    const both = { ...java.costs, 'client.java.producer.senderPerRecordNs': SEND_NS };
    const twoThreads = throughput({ ...java, costs: both });
    const oneCore = throughput({ ...java, costs: both, oneHost: true, cores: 1 });
    assert.ok(Math.abs(twoThreads / (1e9 / SEND_NS) - 1) < 0.03, `${twoThreads}/s`);
    assert.ok(Math.abs(oneCore / twoThreads - 0.5) < 0.03, `${oneCore / twoThreads}`);
  });

  test('waits in send() for memory: what the buffer holds is rate times latency', () => {
    const bufferBytes = 1_048_576;
    const costs = { ...java.costs, 'client.java.producer.senderPerRecordNs': 4 * SEND_NS };
    const small = changed({ config: { acks: 'all', 'buffer.memory': bufferBytes } }, { costs, phase: most });
    const out = runOut(build(small));
    const [checkout] = out.classes;
    // A batch of batch.size is not quite filled by whole records.
    const heldBytes = (meanLatencyNs(out) / 1e9) * (checkout.doneBytesInSpan / 1.5);
    assert.ok(heldBytes > 0.9 * bufferBytes && heldBytes <= 1.02 * bufferBytes, `${heldBytes}`);
    const large = runOut(
      build(changed({ config: { 'buffer.memory': 2 * bufferBytes } }, { costs, phase: most })),
    );
    assert.ok(Math.abs(meanLatencyNs(large) / meanLatencyNs(out) - 2) < 0.1);
  });
});
