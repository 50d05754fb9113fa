import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { cpuFactor, readAssumptions } from '../../bench/published/assumptions.ts';
import { readOptions } from '../../bench/published/options.ts';
import { publishedProfiles } from '../../bench/published/profiles.ts';
import { type Outcome, readFindings, reportOf } from '../../bench/published/report.ts';
import { rowsOf } from '../../bench/published/rows.ts';
import { type PublishedRun, readRuns, scenarioFile } from '../../bench/published/runs.ts';
import { limitText, usesOf } from '../../bench/published/uses.ts';
import { effectsOf, shortened } from '../../bench/published/variations.ts';
import { predict } from '../../src/arms/predict.ts';
import { packageRoot } from '../../src/package.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

const assumptions = readAssumptions();
const predictable = readRuns(null).filter(({ notPredicted }) => notPredicted === null);
const loadedOf = (name: string) => readScenario(scenarioFile(name));

async function played(name: string, durationMs: number): Promise<PhaseResult> {
  const loaded = loadedOf(name);
  const scenario = shortened(loaded.scenario, { warmupMs: 0, durationMs });
  const { result } = await predict({ loaded: { ...loaded, scenario }, workers: 1 });
  return result.phases[0];
}

describe('the scenarios of npm run published', () => {
  for (const { name } of predictable) {
    test(`${name} opens with its citation and question, and simulates for a second`, async () => {
      const text = readFileSync(scenarioFile(name), 'utf8');
      assert.match(
        text,
        /^# yaml-language-server: \$schema=\.\.\/\.\.\/schema\/scenario\.json\n# .*(Linked|confluent)/,
      );
      assert.match(text, /Published/);
      const { scenario, warnings } = loadedOf(name);
      assert.deepEqual(warnings, []);
      assert.equal(scenario.name, name);
      assert.ok(scenario.question?.endsWith('?'));
      const { throughputRecordsPerSecond } = await played(name, 1000);
      assert.ok(throughputRecordsPerSecond > 100, String(throughputRecordsPerSecond));
    });
  }

  test('have the machines of their publication, and differ only in what it states of a run', () => {
    const shared = (name: string): unknown => {
      const { scenario } = loadedOf(name);
      const { hosts, clusters } = scenario;
      return { hosts, clusters };
    };
    for (const publication of ['linkedin-2014', 'confluent-2020']) {
      const [first, ...others] = predictable.filter(({ name }) => name.startsWith(publication));
      assert.ok(others.length > 0);
      for (const { name } of others) assert.deepEqual(shared(name), shared(first.name), name);
    }
    const flushed = loadedOf('confluent-2020-fsync').scenario;
    const plain = loadedOf('confluent-2020-default-flush').scenario;
    assert.deepEqual(flushed.producers, plain.producers);
    assert.deepEqual(flushed.consumers, plain.consumers);
    assert.deepEqual(Object.keys(flushed.topics[0].stated).sort(), ['flush.messages', 'min.insync.replicas']);
  });
});

describe('the assumptions of npm run published', () => {
  test('have a source beside every number', () => {
    const file = join(packageRoot, 'bench', 'published', 'assumptions.yaml');
    const unsourced: string[] = [];
    let numbers = 0;
    const walk = (value: unknown, path: string, sourced: boolean): void => {
      if (typeof value === 'number') {
        numbers += 1;
        if (!sourced) unsourced.push(path);
      }
      if (typeof value !== 'object' || value === null) return;
      const hasSource = 'source' in value && typeof value.source === 'string' && value.source !== '';
      for (const [key, of] of Object.entries(value)) walk(of, `${path}.${key}`, key === 'value' && hasSource);
    };
    walk(parse(readFileSync(file, 'utf8')), '', false);
    assert.deepEqual(unsourced, []);
    assert.ok(numbers > 20, String(numbers));
  });

  test('make the profiles that the scenarios name, and those are in the catalogue as they come out', () => {
    const profiles = publishedProfiles();
    const names = new Set(
      predictable.flatMap(({ name }) => loadedOf(name).scenario.hosts.map(({ profile }) => profile)),
    );
    assert.deepEqual([...names].sort(), profiles.map(({ name }) => name).sort());
    for (const profile of profiles) {
      const shipped = readProfile(profile.name);
      assert.deepEqual(
        shipped,
        profile,
        'run "npm run published -- --profiles" after a change of the reference',
      );
    }
  });

  test('scale every cost of the reference by one rule, and use every rule', () => {
    const reference = readProfile(assumptions.reference);
    const names = Object.keys(reference.costs);
    for (const { of } of assumptions.costs)
      assert.ok(
        names.some((name) => RegExp(of).test(name)),
        of,
      );
    for (const profile of publishedProfiles()) {
      const machine = assumptions.machines[profile.name];
      const scaled = (name: keyof Profile['costs']): number =>
        (profile.costs[name]?.value ?? 0) / (reference.costs[name]?.value ?? 0);
      const near = (value: number, expected: number): void =>
        assert.ok(Math.abs(value / expected - 1) < 1e-4, `${profile.name}: ${value} for ${expected}`);
      const cpu = cpuFactor(assumptions, machine);
      const heap = machine.heapBytes.value / assumptions.referenceHeapBytes.value;
      assert.ok(cpu > 1 && cpu < 4);
      near(scaled('broker.network.perRequestNs'), cpu);
      near(scaled('client.java.producer.sendPerRecordNs'), cpu);
      near(scaled('host.wakeUpLatencyNs'), 1);
      near(scaled('broker.gc.youngBytes'), heap);
      near(scaled('broker.gcPerByteNs'), cpu / heap);
      assert.equal(profile.costs['link.latencyNs']?.value, assumptions.networkLatencyNs.value);
      assert.ok(Object.values(profile.costs).every(({ source }) => source.length > 0));
    }
  });
});

describe('a row of npm run published', () => {
  const run: PublishedRun = {
    name: 'a',
    source: 's',
    published: { 'end-to-end p50': 2, 'end-to-end max': 4 },
    wholeMs: false,
    shortened: 'nothing',
    notPredicted: null,
  };
  let phase: PhaseResult;
  before(async () => {
    phase = await played('linkedin-2014-end-to-end', 200);
  });
  const withP50 = (ms: number): PhaseResult => {
    const { endToEndLatencyMs: latency } = phase;
    assert.ok(latency !== null);
    return { ...phase, endToEndLatencyMs: { ...latency, curve: [{ percentile: 50, ms }], max: 5 } };
  };
  const errors = (ms: number, wholeMs: boolean): (number | null)[] =>
    rowsOf({ ...run, wholeMs }, withP50(ms)).map(({ relativeError }) => relativeError);

  test('has the error as a share of the published value', () => {
    assert.deepEqual(errors(3, false), [0.5, 0.25]);
    assert.deepEqual(errors(1, false), [-0.5, 0.25]);
  });

  test('has none up to a millisecond above what was cut to whole ones', () => {
    assert.deepEqual(errors(2.9, true), [0, 0]);
    assert.deepEqual(errors(4, true), [0.5, 0]);
    assert.deepEqual(errors(1, true), [-0.5, 0]);
  });

  test('has no prediction where the run is not predicted', () => {
    assert.deepEqual(
      rowsOf(run, null).map(({ predicted, relativeError }) => [predicted, relativeError]),
      [
        [null, null],
        [null, null],
      ],
    );
  });
});

describe('what limits a published run', () => {
  test('is the connection, when one producer waits for all replicas of small batches', async () => {
    const name = 'linkedin-2014-replicated-sync';
    const { scenario } = loadedOf(name);
    const profile = readProfile('published-linkedin-2014');
    const uses = usesOf(await played(name, 2000), scenario, profile);
    assert.match(uses[0].what, /connections/);
    assert.ok(uses[0].share > 0.9);
    assert.match(limitText(uses), /^at its end: the producers' connections.*\((9\d|100) %\)/);
    const paced = loadedOf('linkedin-2014-end-to-end').scenario;
    assert.match(
      limitText(usesOf(await played('linkedin-2014-end-to-end', 500), paced, profile)),
      /^nothing is at its end; most used: /,
    );
  });

  test('shows in what a quarter less of it changes, alone', async () => {
    const [run] = readRuns(['linkedin-2014-replicated-sync']);
    const times = { warmupMs: 300, durationMs: 500 };
    const effects = await effectsOf(run, loadedOf(run.name), new AbortController().signal, times);
    const of = (variation: string): number =>
      effects.find((effect) => effect.variation === variation)?.changes[0] ?? Number.NaN;
    assert.ok(of('rate of NICs') < -0.1, JSON.stringify(effects));
    assert.ok(Math.abs(of('times of disks')) < 0.01, JSON.stringify(effects));
  });
});

describe('the report of npm run published', () => {
  const runs = readRuns(null);
  const outcomes = runs.map((run): Outcome => {
    const rows = rowsOf(run, null).map((row) => ({ ...row, predicted: row.published * 2, relativeError: 1 }));
    if (run.notPredicted !== null) return { run, rows: rowsOf(run, null), predicted: null };
    const uses = [{ what: 'cpu of broker-1', share: 0.5 }];
    const effects = [
      { variation: 'little', changes: [0.01] },
      { variation: 'much', changes: [-0.3] },
    ];
    const predicted = { question: 'why?', uses, stages: [], keyFigures: [], effects, remarks: ['left out'] };
    return { run, rows, predicted };
  });
  const report = reportOf(outcomes, readFindings(), assumptions);

  test('holds every figure, and why a run is not predicted', () => {
    for (const { rows } of outcomes) {
      for (const { run, name } of rows) assert.ok(report.includes(`| ${run} | ${name} |`), `${run} ${name}`);
    }
    assert.match(report, /\| linkedin-2014-one-consumer \| consumed .* not predicted: the consumer reads/);
    assert.match(report, /0 of \d+ figures with a goal reach it/);
    assert.match(report, /What limits: nothing is at its end; most used: cpu of broker-1 \(50 %\)\./);
  });

  test('names what a figure hangs on most, the strongest first', () => {
    assert.match(report, /hangs most on: much\.\n(.*\n)*?\| much \|.*\n\| little \|/);
  });

  test('says which misses nobody has found out', () => {
    const none = reportOf(outcomes, [], assumptions);
    assert.match(none, /Not found out yet: .*confluent-2020-fsync publish p99,/);
    const some = reportOf(outcomes, [{ of: 'fsync publish p99$', finding: 'It is slow.' }], assumptions);
    assert.match(some, /\* It is slow\. \(confluent-2020-fsync publish p99\)/);
    assert.doesNotMatch(some, /Not found out yet: .*confluent-2020-fsync publish p99,/);
  });

  test('holds every assumption with its source', () => {
    for (const name of Object.keys(assumptions.machines))
      assert.ok(report.includes(`| ${name} | cores |`), name);
    for (const { says } of assumptions.besides) assert.ok(report.includes(says), says);
  });
});

test('npm run published refuses runs and options that it does not know', () => {
  assert.throws(
    () => readRuns(['linkedin']),
    /no run is named "linkedin"; there are linkedin-2014-one-producer/,
  );
  assert.throws(() => readOptions(['--onyl', 'a']), /published: Unknown option '--onyl'/);
  assert.deepEqual(readOptions(['--only', 'a, b']), { json: false, only: ['a', 'b'], profiles: false });
});
