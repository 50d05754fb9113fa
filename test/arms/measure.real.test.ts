import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { type OpenCluster, openCluster } from '../../src/arms/local-arm.ts';
import { measure } from '../../src/arms/measure.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';
import { missing } from '../support/components.ts';

const skip = missing(['java', 'maven']) ?? false;
const RATE = 1500;
const SCENARIO = `apiVersion: brokertwin/v1
kind: Scenario
name: measured
question: What does a small broker do?
topics:
  orders: { partitions: 3 }
producers:
  checkout: { topics: orders, rate: ${RATE}/s, record: { value: 250B }, config: { acks: all, linger.ms: 2 } }
consumers:
  billing: { topics: orders }
run: { warmup: 1s, duration: 3s, phases: [{ name: paced, load: 1 }, { name: saturating, load: max }] }
`;

let root = '';
let cluster: OpenCluster | null = null;

before(async () => {
  if (skip !== false) return;
  root = mkdtempSync(path.join(tmpdir(), 'brokertwin-measure-'));
  process.env.BROKERTWIN_STATE = path.join(root, 'state');
  cluster = await openCluster({ loaded: loaded(), progress: () => undefined });
});

after(async () => {
  await cluster?.close();
  if (root !== '') rmSync(root, { recursive: true, force: true });
});

function loaded(...set: readonly string[]): LoadedScenario {
  const file = path.join(root, 'measured.yaml');
  writeFileSync(file, SCENARIO);
  return readScenario(file, { set });
}

function opened(): OpenCluster {
  return cluster ?? assert.fail('no cluster');
}

async function topicsOf({ bootstrapServers }: OpenCluster): Promise<string[]> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: bootstrapServers.split(',') });
  try {
    return await admin.listTopics();
  } finally {
    await admin.close();
  }
}

/** What clients and brokers both must have seen, in any phase. */
function assertObserved(phase: PhaseResult): void {
  const check = phase.topicCheck ?? assert.fail(`${phase.name}: no topic check`);
  assert.equal(check.tool, 'GetOffsetShell');
  assert.equal(check.recordsInTopics, check.recordsAcknowledged, phase.name);
  assert.ok(check.recordsAcknowledged > phase.counts.recordsAcknowledged, 'the warm-up is in the topic too');
  assert.equal(phase.counts.recordsFailed, 0);
  // The brokers are fresh, and compile.
  assert.deepEqual(
    phase.events.filter(({ what }) => !what.startsWith('cold until ')),
    [],
  );

  for (const request of ['Produce', 'FetchConsumer']) {
    const stages = phase.requestStages.find((of) => of.request === request);
    assert.ok(stages !== undefined && stages.count > 0, `${phase.name}: ${request}`);
    assert.ok(stages.meanMs.TotalTimeMs > 0 && stages.meanMs.LocalTimeMs > 0);
  }
  const produce = phase.requestStages.find((of) => of.request === 'Produce')?.count ?? 0;
  const { produceRequests } = phase.counts;
  assert.ok(
    Math.abs(produce / produceRequests - 1) < 0.1,
    `${phase.name}: the broker saw ${produce} produce requests, the clients sent ${produceRequests}`,
  );

  for (const [process, group] of [
    ['broker-1', 'network'],
    ['broker-1', 'handler'],
    ['generator', 'producer'],
    ['generator', 'consumer'],
  ]) {
    const use = phase.threadCpu.find((of) => of.process === process && of.group === group);
    assert.ok((use?.cpuSeconds ?? 0) > 0, `${phase.name}: ${process} ${group} threads used CPU`);
  }
  const cpu = phase.resources.find(({ resource, broker }) => resource === 'cpu' && broker === null);
  assert.ok(
    cpu !== undefined && cpu.values.length === 3 && Math.max(...cpu.values.map((value) => value ?? 0)) > 0,
  );
}

test('a paced and a saturating phase are measured by the clients, the broker and its tool alike', {
  skip,
}, async () => {
  const fractions: number[] = [];
  const result = await measure({
    loaded: loaded(),
    cluster: opened(),
    warmUp: false,
    onProgress: ({ fraction }) => fractions.push(fraction),
  });
  assert.equal(result.arm, 'measured');
  assert.equal(result.simulation, null);
  assert.equal(result.scenario.kafka, '4.3.1');
  const [paced, saturating] = result.phases;
  assert.deepEqual(
    result.phases.map(({ name, load, warmupSeconds }) => ({ name, load, warmupSeconds })),
    [
      { name: 'paced', load: 1, warmupSeconds: 1 },
      { name: 'saturating', load: 'max', warmupSeconds: 1 },
    ],
  );
  for (const phase of result.phases) {
    assertObserved(phase);
    assert.ok(Math.abs(phase.durationSeconds - 3) < 0.1, `${phase.name}: ${phase.durationSeconds} s`);
    assert.ok((phase.publishLatencyMs?.p50 ?? 0) > 0 && (phase.endToEndLatencyMs?.p50 ?? 0) > 0);
  }
  assert.ok(
    Math.abs(paced.throughputRecordsPerSecond / RATE - 1) < 0.05,
    `${paced.throughputRecordsPerSecond}/s`,
  );
  assert.ok(saturating.throughputRecordsPerSecond > 3 * RATE, `${saturating.throughputRecordsPerSecond}/s`);
  assert.ok(result.assumptions.every((line) => !line.startsWith('The brokers were fresh')));

  assert.deepEqual(
    fractions,
    [...fractions].sort((left, right) => left - right),
  );
  assert.ok(fractions.some((fraction) => fraction <= 0.5) && (fractions.at(-1) ?? 0) > 0.5);
  assert.deepEqual(await topicsOf(opened()), [], 'the topics are removed');
});

test('a running cluster is driven by its address alone, unobserved, and left running', {
  skip,
}, async () => {
  const scenario = loaded('run.duration=2s', 'run.phases=[{ name: paced, load: 1 }]');
  const running = await openCluster({
    loaded: scenario,
    bootstrapServer: opened().bootstrapServers,
    progress: () => undefined,
  });
  assert.equal(running.local, null);
  assert.deepEqual(running.brokers(), []);
  const { phases } = await measure({ loaded: scenario, cluster: running, warmUp: false });
  await running.close();

  const [paced] = phases;
  assert.equal(phases.length, 1);
  assert.ok(
    Math.abs(paced.throughputRecordsPerSecond / RATE - 1) < 0.05,
    `${paced.throughputRecordsPerSecond}/s`,
  );
  assert.ok((paced.publishLatencyMs?.p50 ?? 0) > 0);
  assert.equal(paced.topicCheck, null);
  assert.deepEqual([paced.requestStages, paced.resources, paced.threadCpu], [[], [], []]);
  assert.deepEqual(await topicsOf(opened()), [], 'the cluster still answers, and its topics are removed');
});
