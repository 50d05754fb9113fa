/** What we write is read by Kafka's own tools: the dump of its log, record by record, and the console consumer. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { runTool } from '../../src/local/system/tool.ts';
import { consumerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';
import { segmentsOf } from './stored-batches.ts';

const RECORDS = 600;
const skip = missing(['java', 'maven']) ?? false;
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip === false) {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      progress: () => undefined,
    });
  }
});

after(() => cluster?.stop());

async function kafkaTool(name: string, args: readonly string[]): Promise<readonly string[]> {
  const { java, classpath } = (cluster ?? assert.fail('no cluster')).jars;
  const run = await runTool(java, ['-Xmx256M', '-cp', classpath, name, ...args]);
  assert.equal(run?.exitCode, 0, run?.lines.slice(-3).join(' | '));
  return run.lines;
}

for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  for (const idempotent of codec === 'none' ? [true, false] : [true]) {
    const how = `${codec}, ${idempotent ? 'idempotent' : 'without idempotence'}`;
    test(`Kafka's dump tool and console consumer read every record (${how})`, { skip }, async () => {
      const { bootstrapServers, directory } = cluster ?? assert.fail('no cluster');
      const scenario = exampleScenario({
        producers: [
          exampleProducer({
            config: producerConfig({ 'compression.type': codec, 'enable.idempotence': idempotent }),
            record: {
              value: { kind: 'constant', bytes: 300 },
              key: { cardinality: 50, bytes: 8, zipf: null },
              headersBytes: 20,
              compressionRate: 0.5,
            },
          }),
        ],
      });
      const task = { scenario, bootstrapServers };
      const [{ name: topic }] = scenario.topics;
      await createTopics(task);
      try {
        const phase = examplePhase({ load: 'max' });
        const load = await runPhase({ ...task, phase, recordsMax: RECORDS });
        assert.equal(load.totals.recordsAcknowledged, RECORDS);
        const dump = await kafkaTool('org.apache.kafka.tools.DumpLogSegments', [
          ...['--deep-iteration', '--files', segmentsOf(directory, topic).join(',')],
        ]);
        const batches = dump.filter((line) => line.startsWith('baseOffset:'));
        const records = dump.filter((line) => line.startsWith('|'));
        assert.ok(batches.length > 0, dump.slice(0, 3).join(' | '));
        for (const batch of batches) {
          assert.match(batch, new RegExp(`compresscodec: ${codec} .*isvalid: true`));
          assert.match(batch, idempotent ? /producerId: \d/ : /producerId: -1/);
        }
        assert.equal(records.length, RECORDS);
        for (const record of records) {
          assert.match(record, /keySize: 8 valueSize: 300 .*headerKeys: \[h\]/);
        }
        const consumed = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
          ...['--bootstrap-server', bootstrapServers, '--topic', topic, '--from-beginning'],
          ...['--max-messages', String(RECORDS), '--timeout-ms', '20000'],
          ...['--formatter-property', 'print.offset=true', '--formatter-property', 'print.value=false'],
        ]);
        assert.ok(consumed.includes(`Processed a total of ${RECORDS} messages`), consumed.at(-1));
      } finally {
        await deleteTopics(task);
      }
    });
  }
}

for (const protocol of ['classic', 'consumer'] as const) {
  test(`Kafka's tool finds a ${protocol} group where its members have stopped, and none of them left`, {
    skip,
  }, async () => {
    const { bootstrapServers } = cluster ?? assert.fail('no cluster');
    const group = `stopped-${protocol}`;
    const scenario = exampleScenario({
      consumers: [
        exampleConsumer({ group, count: 2, config: consumerConfig({ 'group.protocol': protocol }) }),
      ],
    });
    const task = { scenario, bootstrapServers };
    await createTopics(task);
    try {
      // Shorter than auto.commit.interval.ms: what is committed is so at the end.
      const load = await runPhase({ ...task, phase: examplePhase({ warmupMs: 0, durationMs: 1000 }) });
      const lines = await kafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
        ...['--bootstrap-server', bootstrapServers, '--describe', '--group', group],
      ]);
      const partitions = lines.flatMap((line) => {
        const found = /orders +\d+ +(\d+) +(\d+) +(\d+) /.exec(line);
        return found === null ? [] : [found.slice(1).map(Number)];
      });
      assert.equal(partitions.length, 6, lines.join('\n'));
      const committed = partitions.reduce((sum, [offset]) => sum + offset, 0);
      assert.equal(committed, load.totals.recordsConsumed, lines.join('\n'));
      assert.ok(lines.some((line) => line.includes('has no active members')));
    } finally {
      await deleteTopics(task);
    }
  });
}
