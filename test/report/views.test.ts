import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from 'vega-lite';
import { buildReport } from '../../src/report/build.ts';
import type { Chart, ReportDocument } from '../../src/report/document.ts';
import { CHART_CONFIG, MEASURED_DASH, PREDICTED_DASH } from '../../src/report/theme.ts';
import { type Comparison, compareResults } from '../../src/result/comparison.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { commands, comparison, measured, predicted, profile, scenario, unmeasured } from './fixture.ts';

function reportOf(of: Comparison): ReportDocument {
  return buildReport({ comparison: of, scenario, profile, commands });
}

function chartsOf(report: ReportDocument): Chart[] {
  return report.sections
    .flatMap((section) => section.blocks)
    .flatMap((block) => (block.kind === 'charts' ? block.charts : []));
}

/** Compiles as the page does and gives back every warning. */
function warningsOf(chart: Chart): string[] {
  const warnings: string[] = [];
  const note = (...parts: readonly unknown[]) => {
    warnings.push(`${chart.id}: ${parts.join(' ')}`);
    return logger;
  };
  const logger = {
    level: () => logger,
    error: note,
    warn: note,
    info: () => logger,
    debug: () => logger,
  };
  // `level` is a getter and a setter in one, which TypeScript's overloads cannot say of an arrow function.
  compile(chart.spec, { config: CHART_CONFIG, logger: logger as never });
  return warnings;
}

/** Every quantity and class absent, as an arm that died at once returns it. */
function emptied(result: RunResult): RunResult {
  return {
    ...result,
    phases: result.phases.map((phase) => ({
      ...phase,
      publishLatencyMs: null,
      endToEndLatencyMs: null,
      windows: {
        ...phase.windows,
        startSeconds: [],
        producedRecordsPerSecond: [],
        consumedRecordsPerSecond: [],
        publishP50Ms: [],
        publishP99Ms: [],
        endToEndP50Ms: [],
        endToEndP99Ms: [],
      },
      resources: phase.resources.map((resource) => ({ ...resource, values: [] })),
      requestStages: [],
      threadCpu: [],
      events: [],
    })),
  };
}

const empty = compareResults({ predicted: emptied(predicted), measured: emptied(measured) });

for (const [name, of] of Object.entries({ comparison, unmeasured, empty })) {
  test(`every chart of the report compiles without a warning (${name})`, () => {
    const charts = chartsOf(reportOf(of));
    assert.ok(charts.length > 0);
    assert.deepEqual(charts.flatMap(warningsOf), []);
  });
}

test('every chart has its own id, a description, a legend and a table with rows', () => {
  const charts = chartsOf(reportOf(comparison));
  assert.equal(new Set(charts.map(({ id }) => id)).size, charts.length);
  for (const { id, description, legend, table } of charts) {
    assert.match(id, /^[\w-]+$/);
    assert.ok(description.length > 20, id);
    assert.ok(legend.length > 0, id);
    assert.ok(table.rows.length > 0, id);
    for (const row of table.rows) assert.equal(row.length, table.columns.length, id);
  }
});

test('every axis title names a unit', () => {
  const units = /\((s|ms|ms, log scale|cores|share of records.*)\)$|^(records\/s|cores|MiB\/s)$/;
  for (const { id, spec } of chartsOf(reportOf(comparison))) {
    const text = JSON.stringify(spec, (key, value) => (key === 'tooltip' ? undefined : value));
    const titles = [...text.matchAll(/"title":"([^"]*)"/g)].map((match) => match[1]);
    assert.ok(titles.length > 0, id);
    for (const title of titles) assert.match(title, units, id);
  }
});

test('a chart draws both arms, and only the prediction when nothing was measured', () => {
  const armsOf = (chart: Chart) => new Set(JSON.stringify(chart.spec).match(/"arm":"\w+"/g));
  assert.equal(armsOf(chartsOf(reportOf(comparison))[0]).size, 2);
  assert.deepEqual([...armsOf(chartsOf(reportOf(unmeasured))[0])], ['"arm":"predicted"']);
});

test('predicted and measured differ in line style, so that a print without colour can be read', () => {
  assert.notDeepEqual(PREDICTED_DASH, MEASURED_DASH);
  assert.ok(PREDICTED_DASH.every((length) => length > 0) && PREDICTED_DASH.length > 0);
  const [chart] = chartsOf(reportOf(comparison));
  assert.ok(JSON.stringify(chart.spec).includes(JSON.stringify([PREDICTED_DASH, MEASURED_DASH])));
  assert.deepEqual(
    chart.legend.slice(0, 2).map(({ shape }) => shape),
    ['dashed line', 'line'],
  );
});

test('a latency of zero is drawn on a linear axis, where it has a place', () => {
  const zero: RunResult = {
    ...predicted,
    phases: predicted.phases.map((phase) => ({
      ...phase,
      publishLatencyMs:
        phase.publishLatencyMs === null
          ? null
          : {
              ...phase.publishLatencyMs,
              curve: [
                { percentile: 0, ms: 0 },
                { percentile: 100, ms: 9 },
              ],
            },
    })),
  };
  const charts = chartsOf(reportOf(compareResults({ predicted: zero, measured: null })));
  const curve = charts.find(({ id }) => id === 'phase-1-publish-curve');
  assert.match(JSON.stringify(curve?.spec), /"title":"latency \(ms\)"/);
});

test('a long series is cut in its table, which says so', () => {
  const seconds = Array.from({ length: 1000 }, (_, index) => index);
  const long: RunResult = {
    ...predicted,
    phases: predicted.phases.map((phase) => ({
      ...phase,
      windows: { ...phase.windows, startSeconds: seconds, producedRecordsPerSecond: seconds },
    })),
  };
  const [chart] = chartsOf(reportOf(compareResults({ predicted: long, measured: null })));
  assert.equal(chart.table.rows.length, 240);
  assert.match(chart.table.caption, /first 240 of 1000 windows/);
});
