import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReport } from '../../src/report/build.ts';
import type { Block, Chart } from '../../src/report/document.ts';
import { type Comparison, compareResults } from '../../src/result/comparison.ts';
import type { ResourceSeries, RunResult } from '../../src/result/run-result.ts';
import { commands, comparison, measured, predicted, profile, scenario, unmeasured } from './fixture.ts';

function blocksOf(of: Comparison): readonly Block[] {
  const { sections } = buildReport({ comparison: of, scenario, profile, commands });
  return sections.find(({ id }) => id === 'brokers')?.blocks ?? [];
}

function withResources(change: (series: readonly ResourceSeries[]) => readonly ResourceSeries[]): Comparison {
  const changed: RunResult = {
    ...measured,
    phases: measured.phases.map((phase) => ({ ...phase, resources: change(phase.resources) })),
  };
  return compareResults({ predicted, measured: changed });
}

function mapsOf(blocks: readonly Block[]): Chart[] {
  return blocks.flatMap((block) => (block.kind === 'charts' ? block.charts : []));
}

test('quantities that stayed zero are named in one sentence and drawn in no row', () => {
  const blocks = blocksOf(comparison);
  const sentences = blocks.flatMap((block) => (block.kind === 'paragraph' ? block.text : []));
  assert.deepEqual(sentences, Array(2).fill('Always zero: CPU stolen, offline log dirs.'));
  const [map] = mapsOf(blocks);
  assert.deepEqual(
    map.table.rows.map(([what, whose, , most, first, windows]) => [what, whose, most, first, windows]),
    [
      ['waiting for a core', 'broker 1 on local', '0.290 cores', '0', '10'],
      ['GC (G1 Young Generation)', 'broker 1 on local', '6 %', '0', '10'],
      ['under-replicated', 'broker 1 on local', '3', '12', '1'],
    ],
  );
});

test('a window is as long as its series says, and shaded by its share of the largest value', () => {
  const [map] = mapsOf(blocksOf(comparison));
  const data = 'data' in map.spec ? map.spec.data : undefined;
  assert.ok(data != null && 'values' in data && Array.isArray(data.values));
  const collections = data.values.filter(
    (cell) => typeof cell === 'object' && 'row' in cell && cell.row.startsWith('GC'),
  );
  const paused = collections.find((cell) => typeof cell === 'object' && 'from' in cell && cell.from === 12);
  assert.deepEqual(paused, {
    row: 'GC (G1 Young Generation), broker 1',
    from: 12,
    to: 14,
    value: '6 %',
    share: 1,
    opacity: 1,
  });
  const [calm] = collections;
  assert.ok(typeof calm === 'object' && calm.share > 0.06 && calm.share < 0.07 && calm.opacity > 0.12);
});

test('state is a row for each quantity, its smallest and largest mean over the brokers', () => {
  const more = withResources((series) =>
    series.flatMap((entry) =>
      entry.resource === 'heap.used'
        ? [entry, { ...entry, broker: 2, values: [1024 ** 2, null, 3 * 1024 ** 2] }]
        : [entry],
    ),
  );
  const table = blocksOf(more).find((block) => block.kind === 'table')?.table;
  const heap = table?.rows.find(([what]) => what === 'heap');
  assert.deepEqual(heap?.slice(0, 5), ['heap', '2 MiB', '192 MiB', 'broker 1 on local', '200 MiB']);
});

test('of a large fleet only the worst rows of a quantity are drawn, and the report says so', () => {
  const fleet = withResources(() =>
    Array.from({ length: 30 }, (_, index) => ({
      host: `broker-${index + 1}`,
      broker: index + 1,
      resource: 'isr.shrinks',
      unit: '/s',
      capacity: null,
      values: [0, index],
    })),
  );
  const blocks = blocksOf(fleet);
  const [map] = mapsOf(blocks);
  assert.deepEqual(
    map.table.rows.map(([, whose]) => whose),
    [30, 29, 28, 27, 26, 25].map((id) => `broker ${id}`),
  );
  assert.ok(blocks.some((block) => block.kind === 'paragraph' && block.text.includes('6 of 29 rows in all')));
});

test('without observation the section says so', () => {
  const [block] = blocksOf(unmeasured);
  assert.deepEqual(block, {
    kind: 'paragraph',
    text: 'Nothing was observed of brokers beyond their use of resources.',
  });
});
