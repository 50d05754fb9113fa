import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comparisonLines, identityLine, levelLines, resultLines } from '../../src/jobs/summary.ts';
import { evaluateLevels } from '../../src/result/levels.ts';
import { comparison, measured, predicted, scenario, unmeasured } from '../report/fixture.ts';

describe('the identity of a run', () => {
  test('of a prediction has seed, profile and trace', () => {
    const { simulation, profile } = predicted;
    assert.equal(
      identityLine(predicted),
      `demo  seed ${predicted.scenario.seed}  profile ${profile?.name} (${profile?.kind})  trace ${simulation?.traceHash}`,
    );
  });

  test('of a measurement has neither profile nor trace', () => {
    assert.equal(identityLine(measured), `demo  seed ${measured.scenario.seed}`);
  });
});

describe('the lines of a result', () => {
  test('are three a phase: rate, publish, end-to-end', () => {
    const lines = resultLines(predicted);
    assert.equal(lines.length, 3 * predicted.phases.length);
    predicted.phases.forEach((phase, index) => {
      const rate = Math.round(phase.throughputRecordsPerSecond).toLocaleString('en-US');
      assert.equal(lines[3 * index], `${phase.name}: ${rate} rec/s`);
      assert.ok(
        lines[3 * index + 1].startsWith(
          `  publish     p50 ${phase.publishLatencyMs?.p50.toFixed(2)} ms  p95 `,
        ),
      );
      assert.ok(
        lines[3 * index + 2].endsWith(`  max ${phase.endToEndLatencyMs?.max.toFixed(2)} ms`),
        lines[3 * index + 2],
      );
    });
  });

  test('say so where no latency was recorded', () => {
    const [phase] = predicted.phases;
    const lines = resultLines({ ...predicted, phases: [{ ...phase, endToEndLatencyMs: null }] });
    assert.equal(lines[2], '  end-to-end  nothing recorded');
  });
});

test('records that were not acknowledged are told beside latencies that lack them', () => {
  const [phase] = predicted.phases;
  const counts = { ...phase.counts, recordsDue: 5000, recordsAcknowledged: 3999 };
  const lines = resultLines({ ...predicted, phases: [{ ...phase, counts }] });
  assert.equal(
    lines[3],
    '  unfinished  1,001 of 5,000 records due were not acknowledged, and are in no latency',
  );
});

describe('the lines of a comparison', () => {
  test('are a table of equal width with the relative error at its end', () => {
    const [head, ...rows] = comparisonLines(comparison).filter((line) => !line.startsWith('furthest'));
    assert.match(head, /^ +predicted +measured +error$/);
    assert.equal(rows.length, 7);
    assert.deepEqual(new Set(rows.map((row) => row.length)), new Set([head.length]));
    const { predicted: expected, measured: found } = comparison.headline.throughputRecordsPerSecond;
    const error = (((expected ?? 0) - (found ?? 0)) / (found ?? 0)) * 100;
    assert.ok(rows[0].startsWith(`throughput (${comparison.headline.throughputPhase})`));
    assert.ok(rows[0].endsWith(` ${error >= 0 ? '+' : ''}${error.toFixed(1)} %`), rows[0]);
    assert.ok(rows.slice(1).every((row) => row.includes(`(${comparison.headline.latencyPhase})`)));
  });

  test('end with the stage that is furthest off', () => {
    const stage = comparison.furthestStage ?? assert.fail('the fixture has stages');
    assert.ok(comparisonLines(comparison).at(-1)?.startsWith(`furthest stage: Produce ${stage.stage}, `));
  });

  test('have a dash where an arm has no figure', () => {
    const { headline } = comparison;
    const lines = comparisonLines({
      ...comparison,
      headline: {
        ...headline,
        throughputRecordsPerSecond: {
          ...headline.throughputRecordsPerSecond,
          measured: null,
          relativeError: null,
        },
      },
    });
    assert.match(lines[1], / rec\/s +- +-$/);
  });

  test('without a measurement give the reason and the prediction alone', () => {
    const [first, ...rest] = comparisonLines(unmeasured);
    assert.equal(first, `nothing was measured: ${unmeasured.notMeasuredReason}`);
    assert.deepEqual(rest, resultLines(unmeasured.predicted));
  });
});

describe('the line of levels', () => {
  test('is absent without levels', () => {
    assert.deepEqual(levelLines([]), []);
  });

  test('marks each level as met, missed or not evaluable', () => {
    const [latency] = scenario.levels;
    const levels = [
      { ...latency, bound: 1e9, text: 'easy' },
      { ...latency, bound: 0, text: 'hard' },
      { ...latency, subject: 'nobody', text: 'unknown' },
    ];
    assert.deepEqual(levelLines(evaluateLevels({ ...scenario, levels }, predicted)), [
      'levels  ✓ easy   ✗ hard   ? unknown',
    ]);
  });
});
