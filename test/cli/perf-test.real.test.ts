/** `load --topic` beside kafka-producer-perf-test, which it stands in for. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { runTool } from '../../src/local/system/tool.ts';
import { missing } from '../support/components.ts';
import { brokertwin, type Finished } from '../support/run-program.ts';

const RECORDS = 15_000;
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

function servers(): string {
  return cluster?.bootstrapServers ?? assert.fail('no cluster');
}

async function createTopic(topic: string, configs: Readonly<Record<string, string>> = {}): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [servers()] });
  try {
    await admin.createTopics({
      topics: [topic],
      partitions: 2,
      replicas: 1,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    });
  } finally {
    await admin.close();
  }
}

async function theirs(...args: readonly string[]): Promise<readonly string[]> {
  const { java, classpath } = (cluster ?? assert.fail('no cluster')).jars;
  const tool = 'org.apache.kafka.tools.ProducerPerformance';
  const run = await runTool(java, ['-Xmx256M', '-cp', classpath, tool, ...args]);
  return (run ?? assert.fail('the tool did not run')).lines;
}

const ours = (...args: readonly string[]): Promise<Finished> =>
  brokertwin('load', '--bootstrap-server', servers(), ...args);

/** The lines without their figures, each kind once where it follows itself. */
function kindsOf(lines: readonly string[]): string[] {
  const kinds = lines.map((line) => line.replace(/\d+(?:\.\d+)?(?!th)/g, 'N'));
  return kinds.filter((kind, index) => kind !== kinds[index - 1]);
}

const metricsOf = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /^([a-z-]+:[a-z-]+):\{.*\} +: /.exec(line)?.[1] ?? []);

test("each option of Kafka's own tool is one of ours", { skip }, async () => {
  const help = await theirs('--help');
  const options = help.flatMap((line) => /^ {2}(--[a-z.-]+)/.exec(line)?.[1] ?? []);
  assert.ok(options.length >= 17, options.join(' '));
  const { stdout } = await brokertwin('load', '--help');
  const missingHere = options.filter((option) => !stdout.includes(`${option} `));
  assert.deepEqual(missingHere, []);
});

test("the lines are those of Kafka's own tool, in its order, and the metrics have its names", {
  skip,
}, async () => {
  await createTopic('lines');
  const args = [
    ...['--topic', 'lines', '--num-records', `${RECORDS}`, '--throughput', '5000'],
    ...['--warmup-records', '4000', '--reporting-interval', '500', '--print-metrics', '--record-size', '100'],
  ];
  const tool = await theirs(...args, '--bootstrap-server', servers());
  const { stdout } = await ours(...args);
  const lines = stdout.split('\n');
  const metricsAt = lines.findIndex((line) => line.startsWith('Metric Name'));
  const head = (all: readonly string[]): readonly string[] =>
    all.slice(
      0,
      all.findIndex((line) => line.startsWith('Metric Name')),
    );
  assert.deepEqual(kindsOf(head(lines)), kindsOf(head(tool)));
  const intervals = head(lines).filter((line) => /^\d+ records sent, .* max latency\.$/.test(line));
  // 3 seconds of 500 ms each; the last has no line of its own, and that in which the steady state begins starts anew.
  assert.ok(intervals.length >= 3 && intervals.length <= 6, stdout);
  const names = metricsOf(lines.slice(metricsAt));
  const known = new Set(metricsOf(tool));
  assert.ok(names.length > 20, stdout);
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
  assert.match(stdout, new RegExp(`producer-metrics:record-send-total:.* : ${RECORDS}\\.000$`, 'm'));
});

test('--json prints one object and nothing else, --quiet no lines before the end', { skip }, async () => {
  await createTopic('quiet');
  const args = [
    ...['--topic', 'quiet', '--num-records', '5000', '--throughput', '5000'],
    ...['--warmup-records', '100', '--reporting-interval', '100', '--record-size', '100'],
  ];
  const json = await ours(...args, '--json');
  const result: unknown = JSON.parse(json.stdout);
  assert.ok(typeof result === 'object' && result !== null && 'counts' in result);
  const quiet = await ours(...args, '--quiet');
  assert.match(quiet.stdout, /^5000 records sent, /);
});

test('batches that are too large for a topic go in parts; a record that is, is given up', {
  skip,
}, async () => {
  await createTopic('small', { 'max.message.bytes': '3000' });
  const args = ['--topic', 'small', '--command-property', 'linger.ms=20', '--num-records', '5000'];
  const small = ['--record-size', '100', '--throughput', '5000'];
  for (const more of [[], ['--transaction-duration-ms', '200']]) {
    const run = await ours(...args, ...small, ...more);
    assert.match(run.stdout, /^5000 records sent, /m, run.stderr);
    assert.match(run.stdout, /MESSAGE_TOO_LARGE \(split\)/);
  }
  const large = await ours(
    ...['--topic', 'small', '--record-size', '4000', '--throughput', '500', '--num-records', '50'],
  );
  assert.match(large.stdout, /^50 records were not acknowledged$/m);
  assert.match(large.stdout, /^50 times: MESSAGE_TOO_LARGE/m);
});
