import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { buildReport } from '../../src/report/build.ts';
import { formatMs } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { writeReport } from '../../src/report/report.ts';
import { type Comparison, compareResults } from '../../src/result/comparison.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { commands, comparison, measured, predicted, profile, scenario, unmeasured } from './fixture.ts';

const HTML_BYTES_MAX = 3_000_000;

function documentOf(of: Comparison, from: Scenario = scenario) {
  return buildReport({ comparison: of, scenario: from, profile, commands });
}

async function inScratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'brokertwin-report-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('the three files appear in a directory made for them, and no unfinished one stays', () =>
  inScratch(async (scratch) => {
    const directory = join(scratch, 'runs', 'first');
    const paths = await writeReport({ comparison, scenario, profile, directory, commands });
    assert.deepEqual((await readdir(directory)).sort(), ['report.html', 'report.json', 'report.md']);
    const json = JSON.parse(await readFile(paths.json, 'utf8'));
    assert.equal(json.predicted.seed, 7);
    const html = await readFile(paths.html);
    assert.ok(html.byteLength < HTML_BYTES_MAX, `${html.byteLength} bytes`);
  }));

test('a directory that cannot be written gives one clear line', () =>
  inScratch(async (scratch) => {
    const file = join(scratch, 'file');
    await writeFile(file, '');
    await assert.rejects(writeReport({ comparison, scenario, profile, directory: file }), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.lines.length, 1);
      assert.match(error.message, /file: expected a directory .* name another directory/);
      return true;
    });
  }));

test('the page asks the network for nothing', () =>
  inScratch(async (directory) => {
    const { html } = await writeReport({ comparison, scenario, profile, directory });
    const page = await readFile(html, 'utf8');
    const markup = page.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '<script></script>');
    assert.doesNotMatch(markup, /(src|href|action|srcset)\s*=\s*["']?\s*(https?:)?\/\//i);
    assert.doesNotMatch(markup, /@import|url\(/);
    assert.match(markup, /default-src 'none'/);
    assert.doesNotMatch(page, /sourceMappingURL/);
  }));

test('each library in the page keeps its licence', () =>
  inScratch(async (directory) => {
    const { html } = await writeReport({ comparison, scenario, profile, directory });
    const page = await readFile(html, 'utf8');
    for (const name of ['vega', 'vega-lite', 'vega-embed'])
      assert.match(page, new RegExp(`/\\*! ${name} \\d`));
    assert.equal(page.match(/Redistribution and use in source and binary forms/g)?.length, 3);
  }));

test('a scenario whose words are markup cannot break the page or the Markdown', () => {
  const hostile = '</script><img src=x onerror=alert(1)> | **bold** & "quoted"';
  const renamed = {
    ...scenario,
    name: hostile,
    question: hostile,
    levels: scenario.levels.map((level) => ({ ...level, text: hostile })),
  };
  const phases = predicted.phases.map((phase) => ({
    ...phase,
    name: hostile,
    events: [{ atSeconds: 1, what: hostile }],
  }));
  const of = compareResults({
    predicted: { ...predicted, phases },
    measured: null,
    notMeasuredReason: hostile,
  });
  const html = renderHtml(documentOf(of, renamed), '"</script>"');
  assert.equal(html.match(/<script/g)?.length, 3);
  assert.equal(html.match(/<\/script>/g)?.length, 3);
  assert.doesNotMatch(html, /<img/);
  const markdown = renderMarkdown(documentOf(of, renamed));
  assert.doesNotMatch(markdown, /(?<!\\)<img|(?<!\\)\*\*bold/);
});

test('the report opens with the question, its answer and the sections in order', () => {
  const report = documentOf(comparison);
  assert.equal(report.question, scenario.question);
  assert.match(report.answer, /^At saturation 43,100 records\/s .*error −4\.4 %.*1 of 4 levels is missed/);
  assert.deepEqual(
    report.sections.map((section) => section.id),
    [
      'levels',
      'comparison',
      'clients',
      'stages',
      'resources',
      'brokers',
      'timeline',
      'assumptions',
      'reproduce',
    ],
  );
});

test('without a measurement the report says so and why, and shows no measured column', () => {
  const report = documentOf(unmeasured);
  assert.match(report.answer, /^By prediction, .*nothing was measured: Java 17 or newer was not found/);
  for (const text of [renderHtml(report, ''), renderMarkdown(report)]) {
    assert.match(text, /Nothing was measured: Java/);
    assert.doesNotMatch(text, /NaN|undefined|Infinity|\[object/);
  }
  const columns = report.sections.flatMap((section) =>
    section.blocks.flatMap((block) => (block.kind === 'table' ? block.table.columns : [])),
  );
  assert.ok(columns.every(({ title }) => !title.includes('measured')));
});

test('a measurement whose generator was late is called invalid in the answer and at the top of its section', () => {
  const late = measured.phases.map((phase) => ({
    ...phase,
    generator: {
      latenessMs: null,
      keptSchedule: false,
      reason: 'worker 1 was busy all the time',
      workerUtilisation: [1],
    },
  }));
  const of = compareResults({ predicted, measured: { ...measured, phases: late } });
  assert.match(documentOf(of).answer, /the measurement is not valid/);
  assert.match(renderMarkdown(documentOf(of)), /measurement is not valid: .*worker 1 was busy all the time/);
});

test('a run in which no phase was completed still gives a report', () => {
  const of = compareResults({ predicted: { ...predicted, phases: [] }, measured: null });
  assert.match(documentOf(of).answer, /no phase was completed/);
  assert.match(renderHtml(documentOf(of), ''), /No request stage was recorded/);
});

test('the prediction is said to come before the measurement only when it did', () => {
  const later = compareResults({ predicted, measured, predictionWrittenAt: '2026-03-02T11:00:00Z' });
  assert.match(renderMarkdown(documentOf(comparison)), /10:13:37Z, before the measurement started/);
  assert.match(renderMarkdown(documentOf(later)), /11:00:00Z, after the measurement started/);
});

test('Markdown tables have as many cells in each row as in their head', () => {
  const lines = renderMarkdown(documentOf(comparison)).split('\n');
  const cells = (line: string) => line.match(/(?<!\\)\|/g)?.length;
  const tables = lines.filter((line) => line.startsWith('|'));
  assert.ok(tables.length > 100);
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('|') && lines[index + 1]?.startsWith('|')) {
      assert.equal(cells(line), cells(lines[index + 1]), line);
    }
  }
});

test('every cost of the profile is listed with its unit and its source', () => {
  const markdown = renderMarkdown(documentOf(comparison));
  assert.match(markdown, /broker\.network\.perByteInNs .*ns per byte .*undetermined/);
  assert.match(markdown, /broker\.backgroundCores .*cores /);
  assert.match(markdown, /outside the calibrated range in: rate/);
});

test('what the clients of a measurement saw is told phase by phase, with the proofs of delivery', () => {
  const section = documentOf(comparison).sections.find(({ id }) => id === 'clients');
  const tables = (section?.blocks ?? []).flatMap((block) => (block.kind === 'table' ? [block.table] : []));
  const row = (caption: string, first: string) =>
    tables
      .find((table) => table.caption.startsWith(caption))
      ?.rows.find(([cell]) => cell === first)
      ?.map((cell) => (typeof cell === 'string' ? cell : cell.text));
  const [{ sendDelayMs, responseLatencyMs, publishLatencyMs, endToEndLatencyMs }] = measured.phases;
  assert.deepEqual(row('Latencies, phase paced', 'p99'), [
    'p99',
    ...[sendDelayMs, responseLatencyMs, publishLatencyMs, endToEndLatencyMs].map((of) => formatMs(of?.p99)),
  ]);
  assert.deepEqual(row('Load generator, phase paced', 'event-loop stalls'), [
    'event-loop stalls',
    '3 of more than 10 ms, the longest 41.5 ms, 67.2 ms in all',
  ]);
  assert.deepEqual(row('Load generator, phase saturating', 'batches sent again'), [
    'batches sent again',
    '7',
  ]);
  const proofs = ['verdict', 'lost', 'duplicated', 'reordered', 'corrupt', 'indeterminate'].map((what) =>
    row('Proof of delivery, phase paced', what)?.slice(1),
  );
  assert.deepEqual(proofs, [
    ['proven', 'broken'],
    ['0', '1'],
    ['0', '2'],
    ['0', '0'],
    ['0', '0'],
    ['0', '40'],
  ]);
  const lists = (section?.blocks ?? []).flatMap((block) => (block.kind === 'list' ? block.items : []));
  assert.ok(lists.includes('Group analytics: 1 acknowledged records of checkout are not in the log.'));
  assert.equal(
    documentOf(unmeasured).sections.some(({ id }) => id === 'clients'),
    false,
  );
});

test('a phase that ended before its time is marked as such', () => {
  const [first, ...others] = measured.phases;
  const early = { ...measured, phases: [{ ...first, endedEarly: 'it was interrupted' }, ...others] };
  const of = compareResults({ predicted, measured: early });
  assert.match(renderMarkdown(documentOf(of)), /The phase ended early: it was interrupted\./);
});
