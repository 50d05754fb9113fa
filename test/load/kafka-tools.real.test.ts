/** What we write is read by Kafka's own tools: the dump of its log, record by record, and the console consumer. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { runTool } from '../../src/local/system/tool.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';

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

/** Log segments of a topic on the one broker. */
function segments(topic: string): string[] {
  const { directory } = cluster ?? assert.fail('no cluster');
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes(`/${topic}-`) && file.endsWith('.log'))
    .map((file) => join(directory, file));
}

for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  for (const idempotent of codec === 'none' ? [true, false] : [true]) {
    const how = `${codec}, ${idempotent ? 'idempotent' : 'without idempotence'}`;
    test(`Kafka's dump tool and console consumer read every record (${how})`, { skip }, async () => {
      const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
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
          ...['--deep-iteration', '--files', segments(topic).join(',')],
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
