import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import type { JobOutcome } from '../../src/jobs/outcome.ts';
import { type SimulateOptions, simulateJob } from '../../src/jobs/simulate.ts';
import type { SimulationJson } from '../../src/result/json.ts';
import { rememberedProgress, scratch } from './scratch.ts';

const SCENARIO = `apiVersion: brokertwin/v1
kind: Scenario
name: tiny
question: Is it simulated?
topics:
  orders: { partitions: 6 }
producers:
  checkout: { topics: orders, rate: 4k/s, record: { value: 500B }, config: { linger.ms: 5, batch.size: 4KiB } }
consumers:
  billing: { topics: orders }
levels:
  - checkout.publishLatency p(99) < 10s
run: { warmup: 500ms, duration: 2s, phases: [{ name: paced, load: 1 }] }
`;
const LATENCY = ['p50', 'p95', 'p99', 'p999', 'max'];

interface Simulated {
  readonly outcome: JobOutcome;
  readonly json: SimulationJson;
  readonly lines: readonly string[];
}

async function simulate(
  t: TestContext,
  options: Partial<SimulateOptions> = {},
  scenario = SCENARIO,
): Promise<Simulated> {
  const file = path.join(scratch(t), 'tiny.yaml');
  writeFileSync(file, scenario);
  const { progress, lines } = rememberedProgress();
  const outcome = await simulateJob({
    file,
    set: [],
    workers: 1,
    profile: 'reference-2core',
    progress,
    signal: new AbortController().signal,
    ...options,
  });
  return { outcome, json: JSON.parse(JSON.stringify(outcome.json)) as SimulationJson, lines };
}

describe('simulate', () => {
  test('gives JSON with the names that are promised', async (t) => {
    const { outcome, json, lines } = await simulate(t, { seed: 7 });
    assert.equal(outcome.exitCode, EXIT.good);
    assert.match(json.traceHash, /^[0-9a-f]{16}$/);
    assert.equal(json.seed, 7);
    assert.match(json.scenarioHash, /^[0-9a-f]{16,}$/);
    assert.ok(json.events > 1000 && Number.isInteger(json.events), String(json.events));
    assert.ok(json.simulatedSeconds >= 2.5);
    assert.ok(
      Math.abs((json.throughputRecordsPerSecond ?? 0) / 4000 - 1) < 0.05,
      String(json.throughputRecordsPerSecond),
    );
    for (const latency of [json.publishLatencyMs, json.endToEndLatencyMs]) {
      assert.deepEqual(Object.keys(latency), LATENCY);
      const values = Object.values(latency).map((value) => value ?? Number.NaN);
      assert.ok(values[0] > 0);
      assert.deepEqual(
        values,
        [...values].sort((left, right) => left - right),
      );
    }
    assert.deepEqual(json.shards, [{ name: 'cluster', events: json.events }]);
    assert.ok(json.run.wallSeconds >= 0 && json.run.machine.cores > 0);
    assert.deepEqual(
      json.levels.map(({ verdict }) => verdict),
      ['met'],
    );
    assert.deepEqual(lines, ['stage simulate', 'done']);
  });

  test('prints for people what the JSON says', async (t) => {
    const { outcome, json } = await simulate(t, { seed: 7 });
    const lines = outcome.text.split('\n');
    assert.equal(lines[0], `tiny  seed 7  profile reference-2core (catalogue)  trace ${json.traceHash}`);
    assert.match(lines[1], /^paced: (4,0|3,9)\d\d rec\/s$/);
    assert.match(lines.at(-1) ?? '', /^levels {2}✓ checkout\.publishLatency/);
  });

  test('has the same trace for the same seed and another for another', async (t) => {
    const [first, again, other] = [
      await simulate(t, { seed: 7 }),
      await simulate(t, { seed: 7 }),
      await simulate(t, { seed: 8 }),
    ];
    const { run: _, ...result } = first.json;
    const { run: __, ...resultAgain } = again.json;
    assert.deepEqual(result, resultAgain);
    assert.notEqual(first.json.traceHash, other.json.traceHash);
  });

  test('takes --set, and --seed before it', async (t) => {
    const { json } = await simulate(t, { seed: 9, set: ['producers.checkout.rate=2k/s', 'run.seed=3'] });
    assert.equal(json.seed, 9);
    assert.ok(Math.abs((json.throughputRecordsPerSecond ?? 0) / 2000 - 1) < 0.1);
  });

  test('exits 99 when a level is missed, and the text marks it', async (t) => {
    const { outcome, json } = await simulate(t, {}, SCENARIO.replace('< 10s', '< 1us'));
    assert.equal(outcome.exitCode, EXIT.levelMissed);
    assert.equal(outcome.exitCode, 99);
    assert.equal(json.levels[0].verdict, 'missed');
    assert.match(outcome.text, /✗ checkout\.publishLatency/);
  });

  test('writes nothing without --report, and three files with it', async (t) => {
    const directory = path.join(scratch(t), 'report');
    const { outcome, json } = await simulate(t, { report: directory });
    assert.deepEqual(readdirSync(directory).sort(), ['report.html', 'report.json', 'report.md']);
    assert.ok(outcome.text.endsWith(`\nreport ${path.join(directory, 'report.html')}`));
    const report = JSON.parse(readFileSync(path.join(directory, 'report.json'), 'utf8'));
    assert.equal(report.measured, null);
    assert.equal(report.error, null);
    assert.equal(report.notMeasuredReason, 'only the simulator was asked for');
    assert.equal(report.predicted.traceHash, json.traceHash);
    assert.match(report.prediction.hash, /^[0-9a-f]{64}$/);

    const { outcome: without } = await simulate(t, { report: false });
    assert.doesNotMatch(without.text, /^report /m);
  });

  test('runs nothing of a wrong file and gives all its mistakes at once', async (t) => {
    const wrong = SCENARIO.replace('partitions: 6', 'partitons: 6').replace('rate: 4k/s', 'rate: fast');
    await assert.rejects(simulate(t, {}, wrong), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.exitCode, EXIT.badInput);
      assert.equal(error.lines.length, 2, error.message);
      assert.ok(error.lines.every((line) => /tiny\.yaml:\d+:\d+/.test(line)));
      return true;
    });
  });
});
