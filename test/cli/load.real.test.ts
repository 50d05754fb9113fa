import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { RealCluster } from '../local/real-cluster.ts';
import { missing } from '../support/components.ts';
import { removeTopics } from '../support/remove-topics.ts';
import { brokertwin, commandFile, type Finished, runProgram } from '../support/run-program.ts';

const skip = missing(['java', 'maven']) ?? false;
const folder = mkdtempSync(path.join(tmpdir(), 'brokertwin-load-'));
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

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster?.stop();
});

const SCENARIO = `apiVersion: brokertwin/v1
name: manners
hosts: { local: { count: 1 } }
cluster: { kafka: 4.3.1, brokers: { host: local, count: 1 } }
topics:
  'clicks-*': { count: 2, partitions: 2, replication.factor: 1 }
  orders: { partitions: 3, replication.factor: 1 }
producers:
  web:
    host: local
    topics: ['clicks-*', orders]
    count: 2
    rate: 900/s
    record: { value: 500B }
    config: { acks: all, enable.idempotence: true }
consumers:
  billing: { host: local, topics: ['clicks-*', orders], group: billing, count: 1 }
levels:
  - publishLatency p(99) < 1ns
  - lost == 0
run: { warmup: 500ms, duration: 2s }
`;

function scenarioFile(name: string, change: (text: string) => string = (text) => text): string {
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(file, change(SCENARIO));
  return file;
}

function bootstrapServers(): string {
  return cluster?.bootstrapServers ?? assert.fail('no cluster');
}

async function asked<Answer>(ask: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [bootstrapServers()] });
  try {
    return await ask(admin);
  } finally {
    await admin.close();
  }
}

const topics = (): Promise<string[]> => asked((admin) => admin.listTopics());
const groups = async (): Promise<string[]> =>
  asked(async (admin) => [...(await admin.listGroups({ types: ['classic', 'consumer'] })).keys()]);

async function recordsIn(topic: string, partitions: number): Promise<number> {
  const [{ partitions: ends }] = await asked((admin) =>
    admin.listOffsets({
      topics: [
        {
          name: topic,
          partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
            partitionIndex,
            timestamp: ListOffsetTimestamps.LATEST,
          })),
        },
      ],
    }),
  );
  return ends.reduce((sum, { offset }) => sum + Number(offset), 0);
}

async function topicOfOurs(topic: string, partitions: number, records: number): Promise<void> {
  await asked((admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1 }));
  await new RealCluster(cluster ?? assert.fail('no cluster')).produce(topic, records);
}

function load(file: string, ...args: readonly string[]): Promise<Finished> {
  return brokertwin('load', file, '--quiet', '--bootstrap-server', bootstrapServers(), ...args);
}

/** A busy machine may make the generator late, which is another matter. */
function isGood(code: number | null): boolean {
  return code === 0 || code === 4;
}

function result(directory: string): RunResult {
  return JSON.parse(readFileSync(path.join(directory, 'measurement.json'), 'utf8'));
}

test('a dry run says what a run would do, and does none of it', { skip }, async () => {
  const before = [await topics(), await groups()];
  const directory = path.join(folder, 'dry');
  const { code, stdout, stderr } = await load(scenarioFile('dry'), '--dry-run', '--json', '--out', directory);
  assert.equal(code, 0, stderr);
  const plan = JSON.parse(stdout);
  assert.equal(plan.cluster.brokers.length, 1);
  assert.match(plan.cluster.id, /^[\w-]{22}$/);
  assert.deepEqual(
    plan.topics.map(({ name, partitions, action }: Record<string, unknown>) => [name, partitions, action]),
    [
      ['clicks-1', 2, 'create and delete'],
      ['clicks-2', 2, 'create and delete'],
      ['orders', 3, 'create and delete'],
    ],
  );
  assert.deepEqual(plan.total, { seconds: 2.5, records: 2250, bytes: 2250 * 500 });
  assert.deepEqual([await topics(), await groups()], before);
  assert.throws(() => readdirSync(directory));
  const larger = scenarioFile('larger', (text) =>
    text
      .replace('brokers: { host: local, count: 1 }', 'brokers: { host: local, count: 3 }')
      .replace('partitions: 3, replication.factor: 1', 'partitions: 3, replication.factor: 3'),
  );
  const refused = await load(larger, '--dry-run');
  assert.equal(refused.code, 3);
  assert.match(
    refused.stderr,
    /larger\.yaml:7:\d+ expected at most as many replicas as .* brokers, 1, found 3/,
  );
});

test('topics that exist are used as they are: read from their present ends, counted from there, and kept', {
  skip,
}, async () => {
  await topicOfOurs('orders', 3, 20);
  await topicOfOurs('clicks-2', 2, 10);
  try {
    const directory = path.join(folder, 'existing');
    const { code, stdout, stderr } = await load(
      scenarioFile('existing', (text) => text.replace(/levels:\n.*\n/, 'levels:\n')),
      ...['--existing-topics', 'orders,clicks-2', '--verify', '--out', directory],
    );
    assert.ok(isGood(code), `${stdout}${stderr}`);
    const { phases, assumptions } = result(directory);
    const [{ counts, deliveries = [], topicCheck }] = phases;
    assert.equal(counts.recordsAcknowledged, 1800);
    assert.equal(topicCheck, null);
    assert.deepEqual(
      deliveries.map(({ group, verdict, log, total }) => [
        group,
        verdict,
        log.records,
        log.unstamped,
        total.lost,
      ]),
      [['billing', 'proven', 2250, 0, 0]],
    );
    assert.ok(assumptions.some((line) => line.startsWith('Topics orders, clicks-2 were there before')));
    const [all, inOrders, inClicks] = [
      await topics(),
      await recordsIn('orders', 3),
      await recordsIn('clicks-2', 2),
    ];
    assert.ok(all.includes('orders') && all.includes('clicks-2') && !all.includes('clicks-1'), all.join(' '));
    assert.equal(inOrders + inClicks, 20 + 10 + (2250 * 2) / 3);
    assert.ok(!(await groups()).includes('billing'));
  } finally {
    await removeTopics(bootstrapServers(), ['orders', 'clicks-2']);
  }
});

test('a consumer that says earliest reads what was there before, which is in no count of the run', {
  skip,
}, async () => {
  await topicOfOurs('orders', 3, 50);
  try {
    const directory = path.join(folder, 'earliest');
    const file = scenarioFile('earliest', (text) =>
      text
        .replace(/levels:\n.*\n/, 'levels:\n')
        .replace(
          'group: billing, count: 1',
          'group: billing, count: 1, config: { auto.offset.reset: earliest }',
        ),
    );
    const { code, stdout, stderr } = await load(
      file,
      ...['--existing-topics', 'orders', '--verify', '--out', directory],
    );
    assert.ok(isGood(code), `${stdout}${stderr}`);
    const [{ deliveries = [], counts }] = result(directory).phases;
    assert.equal(deliveries[0].verdict, 'proven');
    assert.equal(deliveries[0].log.records, 2250);
    assert.equal(counts.recordsConsumed, 1800);
  } finally {
    await removeTopics(bootstrapServers(), ['orders']);
  }
});

test('names of topics that do not fit are refused all at once, before anything is made', {
  skip,
}, async () => {
  await topicOfOurs('orders', 5, 1);
  try {
    const { code, stderr } = await load(
      scenarioFile('strangers'),
      ...['--existing-topics', 'orders,clicks-1', '--existing-topics', 'payments'],
    );
    assert.equal(code, 2);
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(', found')[0]),
      [
        '--existing-topics payments: expected a topic of the scenario (clicks-1, clicks-2, orders)',
        `--existing-topics clicks-1: expected the topic on ${bootstrapServers()}`,
        '--existing-topics orders: expected 3 partitions as in the scenario',
      ],
    );
    assert.ok(!(await topics()).includes('clicks-2'));
  } finally {
    await removeTopics(bootstrapServers(), ['orders']);
  }
});

test('topics are gone when the run failed, those that were made before the failure too', {
  skip,
}, async () => {
  // The controller makes at most 10,000 partitions at once.
  const file = scenarioFile('failing', (text) =>
    text.replace('orders: { partitions: 3', 'orders: { partitions: 10001'),
  );
  const { code, stderr } = await load(file);
  assert.equal(code, 3, stderr);
  assert.deepEqual(
    (await topics()).filter((name) => /orders|clicks/.test(name)),
    [],
  );
});

test('a run ends when its producers have made the bytes that it may, and keeps what it measured', {
  skip,
}, async () => {
  await topicOfOurs('orders', 3, 0);
  try {
    const directory = path.join(folder, 'bytes');
    const file = scenarioFile('bytes', (text) =>
      text
        .replace("topics: ['clicks-*', orders]\n    count", 'topics: [orders]\n    count')
        .replace(
          'run: { warmup: 500ms, duration: 2s }',
          'run: { phases: [{ name: first, load: max, duration: 60s }, { name: second, duration: 60s }] }',
        ),
    );
    const { code, stdout, stderr } = await load(
      file,
      ...['--existing-topics', 'orders', '--max-bytes', '20MiB', '--out', directory],
    );
    assert.equal(code, 130, stderr);
    assert.match(
      stdout,
      /ended early after .*: producers had made [\d,]+ of the 20,971,520 bytes that --max-bytes allows/,
    );
    const { phases, assumptions } = result(directory);
    assert.deepEqual(
      phases.map(({ name }) => name),
      ['first'],
    );
    assert.ok(phases[0].endedEarly?.includes('--max-bytes'));
    assert.ok(assumptions.some((line) => line.includes('not played were second')));
    const bytes = (await recordsIn('orders', 3)) * 500;
    assert.ok(bytes > 0.8 * 20_971_520 && bytes <= 20_971_520, `${bytes} bytes`);
    assert.equal(phases[0].counts.recordsFailed, 0);
  } finally {
    await removeTopics(bootstrapServers(), ['orders']);
  }
});

test('a cap on the rate holds a saturating phase, which stays valid', { skip }, async () => {
  const directory = path.join(folder, 'rate');
  const file = scenarioFile('rate', (text) =>
    text
      .replace(/levels:\n.*\n/, 'levels:\n')
      .replace('run: {', 'run: { phases: [{ name: full, load: max,')
      .replace('2s }', '2s }] }'),
  );
  const { code, stdout, stderr } = await load(file, '--max-rate', '3k/s', '--out', directory);
  assert.ok(isGood(code), `${stdout}${stderr}`);
  const [{ counts }] = result(directory).phases;
  assert.ok(
    counts.recordsAcknowledged <= 6060 && counts.recordsAcknowledged > 4500,
    `${counts.recordsAcknowledged}`,
  );
  const refused = await load(scenarioFile('refused'), '--max-rate', '800/s');
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /refused\.yaml:\d+:\d+ phase run: expected .* at most 800 .*found up to 900 records\/s/,
  );
});

test('with the options of the perf test the caps hold too', { skip }, async () => {
  await topicOfOurs('perf', 1, 0);
  const perf = (...args: readonly string[]): Promise<Finished> =>
    brokertwin(
      ...['load', '--topic', 'perf', '--num-records', '4000', '--record-size', '500'],
      ...['--bootstrap-server', bootstrapServers(), ...args],
    );
  try {
    const bytes = await perf('--throughput', '-1', '--max-bytes', '1MiB');
    assert.equal(bytes.code, 130, bytes.stderr);
    assert.match(bytes.stdout, /ended early: producers had made 1,048,500 of the 1,048,576 bytes/);
    assert.equal(await recordsIn('perf', 1), 1_048_500 / 500);
    const began = performance.now();
    const rate = await perf('--throughput', '-1', '--max-rate', '2000');
    assert.ok(isGood(rate.code), rate.stderr);
    assert.ok(performance.now() - began > 1900);
    const refused = await perf('--throughput', '3000', '--max-rate', '2000');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^--throughput: .*at most 2,000 .*found up to 3,000 records\/s/);
  } finally {
    await removeTopics(bootstrapServers(), ['perf']);
  }
});

test('Ctrl-C keeps what was measured and leaves nothing on the cluster', {
  skip,
  timeout: 60_000,
}, async () => {
  const directory = path.join(folder, 'interrupted');
  const { child, ended } = started(
    scenarioFile('interrupted', (text) => text.replace('duration: 2s', 'duration: 120s')),
    directory,
  );
  // 300 a second, of which those of the first half second are not measured.
  await untilLoaded(900);
  child.kill('SIGINT');
  const { code, stdout } = await ended;
  assert.equal(code, 130);
  assert.match(stdout, /ended early after .*: it was interrupted/);
  const [phase] = result(directory).phases;
  assert.ok(phase.durationSeconds > 1 && phase.durationSeconds < 30);
  assert.ok((phase.publishLatencyMs?.count ?? 0) > 500);
  const files = readdirSync(directory);
  for (const file of ['run.hlog', 'run-publishLatency.hgrm', 'run-endToEndLatency.hgrm']) {
    assert.ok(files.includes(file), files.join(' '));
    assert.ok(readFileSync(path.join(directory, file)).length > 100);
  }
  assert.deepEqual(
    (await topics()).filter((name) => /orders|clicks/.test(name)),
    [],
  );
  assert.ok(!(await groups()).includes('billing'));
});

// Its member is not let go of: its group is there until the session has timed out.
test('a second Ctrl-C ends the run at once', { skip, timeout: 60_000 }, async () => {
  const { child, ended } = started(
    scenarioFile('twice', (text) =>
      text.replace('duration: 2s', 'duration: 120s').replace('group: billing', 'group: twice'),
    ),
    path.join(folder, 'twice'),
  );
  await untilLoaded(1);
  // The broker does not answer, so that the run has something to wait for.
  const pid = cluster?.brokers[0]?.pid ?? assert.fail('no broker');
  process.kill(pid, 'SIGSTOP');
  try {
    child.kill('SIGINT');
    await sleep(1500);
    const pressed = performance.now();
    child.kill('SIGINT');
    const { code } = await ended;
    assert.equal(code, 130);
    assert.ok(performance.now() - pressed < 2000);
  } finally {
    process.kill(pid, 'SIGCONT');
    await removeTopics(bootstrapServers(), ['clicks-1', 'clicks-2', 'orders']);
  }
});

test('a group that has members is refused', { skip }, async () => {
  const file = scenarioFile('groups', (text) => text.replace('duration: 2s', 'duration: 120s'));
  const { child, ended } = started(file, path.join(folder, 'groups'));
  await untilLoaded(1);
  const other = scenarioFile('groups-2', (text) =>
    text.replaceAll('clicks-', 'taps-').replaceAll('orders', 'sales'),
  );
  const { code, stderr } = await load(other);
  child.kill('SIGINT');
  await ended;
  assert.equal(code, 3, stderr);
  assert.match(
    stderr,
    /^group "billing": expected one without members, found it \w+ on .*; stop its members/,
  );
});

test('a group that was there before is joined and kept', { skip }, async () => {
  await topicOfOurs('elsewhere', 1, 1);
  try {
    await asked((admin) =>
      admin.alterConsumerGroupOffsets({
        groupId: 'billing',
        topics: [{ name: 'elsewhere', partitionOffsets: [{ partition: 0, offset: 1n }] }],
      }),
    );
    const { code, stdout, stderr } = await load(
      scenarioFile('kept', (text) => text.replace(/levels:\n.*\n/, 'levels:\n')),
      ...['--out', path.join(folder, 'kept')],
    );
    assert.ok(isGood(code), `${stdout}${stderr}`);
    assert.ok((await groups()).includes('billing'));
  } finally {
    await asked((admin) => admin.deleteGroups({ groups: ['billing'] }));
    await removeTopics(bootstrapServers(), ['elsewhere']);
  }
});

test('continuous integration gets well-formed JUnit and a summary with the verdicts of levels and delivery', {
  skip,
}, async () => {
  const [junit, summary] = [path.join(folder, 'junit.xml'), path.join(folder, 'summary.md')];
  const { code, stderr } = await runProgram(
    process.execPath,
    [
      ...[commandFile, 'load', scenarioFile('ci'), '--quiet', '--bootstrap-server', bootstrapServers()],
      ...['--verify', '--junit', junit, '--out', path.join(folder, 'ci')],
    ],
    { env: { ...process.env, GITHUB_STEP_SUMMARY: summary } },
  );
  assert.ok(code === 99 || code === 4, stderr);
  const xml = readFileSync(junit, 'utf8');
  const { code: wellFormed, stderr: complaint } = await runProgram('python3', [
    '-c',
    'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])',
    junit,
  ]);
  assert.equal(wellFormed, 0, complaint);
  assert.match(xml, /<testcase [^>]*name="delivery to group billing"\/>/);
  assert.match(xml, /<testcase [^>]*name="publishLatency p\(99\) &lt; 1ns"><failure message="[^"]*missed/);
  assert.match(xml, /<testcase [^>]*name="lost == 0"\/>/);
  const markdown = readFileSync(summary, 'utf8');
  assert.match(markdown, /\| ✓ \| run: delivery to group billing \|/);
  assert.match(markdown, /\| ✗ \| levels: publishLatency p\(99\) < 1ns \|/);
});

function started(
  file: string,
  directory: string,
): {
  readonly child: ReturnType<typeof spawn>;
  readonly ended: Promise<{ code: number | null; stdout: string }>;
} {
  const child = spawn(
    process.execPath,
    [commandFile, 'load', file, '--quiet', '--bootstrap-server', bootstrapServers(), '--out', directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const ended = new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout }));
  });
  return { child, ended };
}

/** Until the load has come so far, which a busy machine takes its time for. */
async function untilLoaded(records: number): Promise<void> {
  const end = performance.now() + 40_000;
  while (performance.now() < end) {
    if ((await topics()).includes('orders') && (await recordsIn('orders', 3)) >= records) return;
    await sleep(100);
  }
  assert.fail(`not ${records} records within 40 s`);
}
