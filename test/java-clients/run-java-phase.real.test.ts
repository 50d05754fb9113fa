import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type OpenCluster, openCluster } from '../../src/arms/local-arm.ts';
import { measure } from '../../src/arms/measure.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';
import { missing } from '../support/components.ts';

const skip = missing(['java', 'maven']) ?? false;
const RATE = 3000;
const SCENARIO = `apiVersion: brokertwin/v1
kind: Scenario
name: java-clients
question: What do Kafka's own clients see?
topics:
  orders: { partitions: 3 }
producers:
  checkout: { client: java, topics: orders, count: 2, rate: ${RATE}/s, record: { value: 250B }, config: { acks: all, linger.ms: 2 } }
consumers:
  billing: { client: java, topics: orders }
run: { warmup: 6s, duration: 4s, phases: [{ name: paced, load: 1 }, { name: saturated, load: max }] }
`;

let root = '';
let cluster: OpenCluster | null = null;

before(async () => {
  if (skip !== false) return;
  root = mkdtempSync(path.join(tmpdir(), 'brokertwin-java-'));
  process.env.BROKERTWIN_STATE = path.join(root, 'state');
  cluster = await openCluster({ loaded: loaded(), progress: () => undefined });
});

after(async () => {
  await cluster?.close();
  if (root !== '') rmSync(root, { recursive: true, force: true });
});

function loaded(): LoadedScenario {
  const file = path.join(root, 'java.yaml');
  writeFileSync(file, SCENARIO);
  return readScenario(file);
}

test('perf tools play a paced and a saturated phase, and the broker, its tool and the clients agree', {
  skip,
}, async () => {
  const result = await measure({
    loaded: loaded(),
    cluster: cluster ?? assert.fail('no cluster'),
    warmUp: false,
  });
  if (process.env.BROKERTWIN_SHOW !== undefined) console.log(JSON.stringify(result, null, 1));
  const [paced, saturated] = result.phases;
  for (const phase of result.phases) {
    // The brokers are fresh, and compile.
    const events = phase.events.filter(({ what }) => !what.startsWith('cold until '));
    assert.deepEqual(events, [], phase.name);
    const check = phase.topicCheck ?? assert.fail('no topic check');
    assert.equal(check.recordsInTopics, check.recordsAcknowledged, phase.name);
    assert.ok(Math.abs(phase.durationSeconds - 4) < 0.2, `${phase.name}: ${phase.durationSeconds} s`);
    const latency = phase.publishLatencyMs ?? assert.fail('no latency');
    assert.ok(latency.p50 <= latency.p99 && latency.p99 <= latency.max && latency.mean > 0);
    assert.equal(phase.endToEndLatencyMs, null);
    assert.equal(phase.windows.producedRecordsPerSecond.length, 4);
    const consumer = phase.classes.find(({ role }) => role === 'consumer') ?? assert.fail();
    assert.ok(consumer.recordsPerSecond > 0.8 * phase.throughputRecordsPerSecond, phase.name);
    for (const group of ['producer main', 'producer sender', 'consumer main', 'gc', 'jit']) {
      const use = phase.threadCpu.find((of) => of.process === 'generator' && of.group === group);
      assert.ok(use !== undefined, `${phase.name}: ${group}`);
    }
    assert.equal(phase.counts.recordsFailed, 0, phase.name);
    assert.ok(phase.counts.produceRequests > 0 && phase.counts.produceBatches > 0, phase.name);
  }
  assert.ok(
    Math.abs(paced.throughputRecordsPerSecond / RATE - 1) < 0.05,
    `${paced.throughputRecordsPerSecond}/s`,
  );
  // Fresh brokers on a busy machine may hold the tools up: then the result says so.
  const { keptSchedule, reason } = paced.generator ?? assert.fail('no verdict on the generator');
  assert.ok(
    keptSchedule || /^the perf tools brought \d+ of \d+ records through/.test(reason ?? ''),
    reason ?? '',
  );
  assert.ok(saturated.throughputRecordsPerSecond > 3 * RATE, `${saturated.throughputRecordsPerSecond}/s`);
  assert.ok(result.assumptions.some((line) => line.includes('from send()')));
  assert.ok(result.assumptions.some((line) => line.includes('from a first run at full load')));
});
