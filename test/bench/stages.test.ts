import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readCases } from '../../bench/stages/cases.ts';
import { keepCalibration, keepMeasurement, keptMeasurement } from '../../bench/stages/measurements.ts';
import { readOptions } from '../../bench/stages/options.ts';
import { reportOf } from '../../bench/stages/report.ts';
import { rowsOf } from '../../bench/stages/rows.ts';
import { predict } from '../../src/arms/predict.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import { figure } from '../../src/result/figure.ts';
import { comparison } from '../report/fixture.ts';

describe('the cases of npm run stages', () => {
  const cases = readCases(null);
  const scenarios = cases.map(({ loaded }) => loaded.scenario);
  const every = <Of>(of: (scenario: (typeof scenarios)[number]) => Of): Set<Of> => new Set(scenarios.map(of));

  test('are a dozen or more, between them of every kind', () => {
    assert.ok(cases.length >= 12);
    assert.deepEqual([...every(({ clusters }) => clusters[0].brokers.count)].sort(), [1, 3]);
    assert.deepEqual([...every(({ producers }) => producers[0].config.acks)].sort(), ['0', '1', 'all']);
    assert.deepEqual([...every(({ topics }) => topics[0].replicationFactor)].sort(), [1, 3]);
    assert.deepEqual([...every(({ producers }) => producers[0].client)].sort(), ['brokertwin', 'java']);
    for (const [counts, least, most] of [
      [every(({ producers }) => producers[0].count), 1, 20],
      [every(({ topics }) => topics[0].partitions), 1, 100],
      [every(({ consumers }) => consumers.length), 0, 3],
      [every(({ producers }) => producers[0].config['batch.size']), 1, 262_144],
    ] as const) {
      assert.deepEqual([Math.min(...counts), Math.max(...counts)], [least, most]);
    }
    for (const { run } of scenarios)
      assert.deepEqual(
        run.phases.map(({ load }) => load),
        [1, 'max'],
      );
  });

  test('are taken by the simulator', async () => {
    const short = readCases(['acks-1', 'quota-bound', 'java-read']);
    for (const { loaded } of short) {
      const { scenario } = loaded;
      const run = {
        ...scenario.run,
        phases: scenario.run.phases.map((phase) => ({ ...phase, warmupMs: 0, durationMs: 100 })),
      };
      const { result } = await predict({ loaded: { ...loaded, scenario: { ...scenario, run } }, workers: 1 });
      assert.ok(result.phases.every(({ throughputRecordsPerSecond }) => throughputRecordsPerSecond > 0));
    }
  });

  test('are chosen by name, and a name that none has is refused', () => {
    assert.deepEqual(
      readCases(['acks-0']).map(({ name }) => name),
      ['acks-0'],
    );
    assert.throws(() => readCases(['acks-2']), /no case is named "acks-2"; there are acks-1, acks-0/);
    assert.deepEqual(readOptions(['--only', 'a, b']), {
      json: false,
      kept: false,
      only: ['a', 'b'],
      profile: null,
    });
    assert.throws(() => readOptions(['--onyl', 'a']), /stages: Unknown option '--onyl'/);
  });
});

test('a measurement is kept for as long as its case says the same', () => {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-stages-'));
  try {
    const [one, other] = readCases(['acks-1', 'acks-0']);
    const { measured } = comparison;
    assert.ok(measured !== null);
    const profile = readProfile('reference-2core');
    keepMeasurement(one, measured, keepCalibration(profile, directory), directory);
    assert.deepEqual(keptMeasurement(one, directory), { measured, profile });
    assert.equal(keptMeasurement(other, directory), null);
    assert.equal(keptMeasurement({ ...one, set: ['topics.orders.partitions=3'] }, directory), null);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('the report of npm run stages', () => {
  const [of] = readCases(['acks-1']);
  const rows = rowsOf(of.name, comparison);

  test('holds every stage of every type of request, all brokers together', () => {
    const names = rows.filter(({ phase }) => phase === rows[0].phase).map(({ name }) => name);
    for (const name of [
      'throughput',
      'publish p99',
      'Produce requests',
      'Produce RemoteTimeMs',
      'brokers handler',
    ]) {
      assert.ok(names.includes(name), `${name} of ${names.join(', ')}`);
    }
    assert.equal(new Set(names).size, names.length);
  });

  test('calls a figure off that misses by more than a quarter and by more than its counter can tell', () => {
    const judged = (predicted: number, measured: number): boolean | null => {
      const [phase] = comparison.phases;
      const changed = { ...phase, throughputRecordsPerSecond: figure(predicted, measured) };
      return rowsOf('a', { ...comparison, phases: [changed] })[0].off;
    };
    assert.equal(judged(124, 100), false);
    assert.equal(judged(126, 100), true);
    assert.equal(judged(74, 100), true);
    assert.equal(judged(2, 1.2), false);
  });

  test('says what holds, what is off, and what is not known yet', () => {
    const { predicted, measured } = comparison;
    assert.ok(measured !== null);
    const unknown = { ...rows[0], name: 'what nobody has found out', off: true };
    const all = [...rows, unknown];
    const report = reportOf([{ of, predicted, measured, rows: all }]);
    const off = all.filter((row) => row.off === true);
    assert.ok(off.length > 0);
    assert.match(report, RegExp(`${off.length} are off`));
    assert.match(report, /Not found out yet: 1 figures/);
    for (const { name } of rows) assert.ok(report.includes(`| ${name} |`), name);
  });
});
