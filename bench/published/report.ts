/** The report of the published runs, in Markdown: the same commit gives the same text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../src/package.ts';
import type { RequestStages } from '../../src/result/run-result.ts';
import { type Assumptions, cpuFactor, type Machine } from './assumptions.ts';
import { MISS_SHARE, type Row } from './rows.ts';
import type { FigureName, PublishedRun } from './runs.ts';
import { limitText, type Use } from './uses.ts';
import type { Effect } from './variations.ts';

/** A published run and what came out of it. */
export interface Outcome {
  readonly run: PublishedRun;
  readonly rows: readonly Row[];
  /** Null where the run is not predicted. */
  readonly predicted: {
    readonly question: string;
    readonly uses: readonly Use[];
    readonly stages: readonly RequestStages[];
    readonly keyFigures: readonly FigureName[];
    readonly effects: readonly Effect[];
    /** What the simulator says that it assumed or left out. */
    readonly remarks: readonly string[];
  } | null;
}

/** What is known of why figures miss, by patterns of `run figure`. */
const findings = z.array(z.strictObject({ of: z.string(), finding: z.string() }));
export type Findings = z.output<typeof findings>;

/** Uses told of each run. */
const USES_TOLD = 6;
const DIGITS = 3;

export function readFindings(): Findings {
  const file = join(packageRoot, 'bench', 'published', 'findings.yaml');
  return findings.parse(parse(readFileSync(file, 'utf8')));
}

export function reportOf(outcomes: readonly Outcome[], known: Findings, assumptions: Assumptions): string {
  const rows = outcomes.flatMap((outcome) => outcome.rows);
  const judged = rows.filter(({ goal, predicted }) => goal !== null && predicted !== null);
  const met = judged.filter(({ relativeError, goal }) => Math.abs(relativeError ?? 0) <= (goal ?? 0));
  return [
    '# Published runs',
    '',
    'Measurements of real clusters that others published, predicted from their hardware and settings alone, as they come out: one set of',
    'assumptions for all of them (below), no value of one run alone. Made by `npm run published`; nothing here is written by hand but the findings',
    '(`bench/published/findings.yaml`). The assumptions were written with the published figures known, and no value was changed after the first prediction;',
    'which of them decides a figure that meets its goal, they say themselves.',
    '',
    `${met.length} of ${judged.length} figures with a goal reach it (throughput 15 %, p50 and p99 30 %).`,
    '',
    ...summary(outcomes),
    '',
    ...foundOut(rows, known),
    ...outcomes.flatMap(details),
    ...assumed(assumptions),
  ].join('\n');
}

function summary(outcomes: readonly Outcome[]): string[] {
  return [
    '| run | figure | unit | published | predicted | error | goal |',
    '|---|---|---|---:|---:|---:|---|',
    ...outcomes.flatMap(({ run, rows }) =>
      rows.map((row) => {
        const predicted =
          run.notPredicted === null ? numberText(row.predicted) : `not predicted: ${run.notPredicted}`;
        return `| ${row.run} | ${row.name} | ${row.unit} | ${numberText(row.published)} | ${predicted} | ${percentText(row.relativeError)} | ${goalText(row)} |`;
      }),
    ),
  ];
}

function goalText({ goal, relativeError }: Row): string {
  if (goal === null || relativeError === null) return '';
  return Math.abs(relativeError) <= goal ? 'met' : 'missed';
}

/** Findings in their order, each with the misses that it explains; then what nothing explains. */
function foundOut(rows: readonly Row[], known: Findings): string[] {
  const misses = rows.filter(isMiss);
  const matching = known.map(({ of, finding }) => {
    const pattern = RegExp(of);
    return { finding, misses: misses.filter(({ run, name }) => pattern.test(`${run} ${name}`)) };
  });
  const explained = new Set(matching.flatMap((of) => of.misses));
  const open = misses.filter((row) => !explained.has(row));
  const told = (of: readonly Row[]): string => of.map(({ run, name }) => `${run} ${name}`).join(', ');
  return [
    `## Why figures miss their goal, or by more than ${MISS_SHARE * 100} %`,
    '',
    ...matching
      .filter((of) => of.misses.length > 0)
      .map((of) => `* ${of.finding.trim()} (${told(of.misses)})`),
    ...(open.length === 0 ? [] : [`* Not found out yet: ${told(open)}.`]),
    '',
  ];
}

function isMiss({ relativeError, goal }: Row): boolean {
  return Math.abs(relativeError ?? 0) > Math.min(goal ?? MISS_SHARE, MISS_SHARE);
}

function details({ run, predicted }: Outcome): string[] {
  const head = [`## ${run.name}`, '', `${run.source}.`];
  if (predicted === null) return [...head, `Not predicted: ${run.notPredicted}.`, ''];
  return [
    ...head,
    `\`scenarios/published/${run.name}.yaml\`: ${predicted.question} Shortened: ${run.shortened}.`,
    ...(run.wholeMs
      ? [
          'The tool cut its latencies to whole milliseconds: a prediction up to one above the published figure has no error.',
        ]
      : []),
    '',
    `What limits: ${limitText(predicted.uses)}.`,
    '',
    '| most used | of its capacity |',
    '|---|---:|',
    ...predicted.uses
      .slice(0, USES_TOLD)
      .map(({ what, share }) => `| ${what} | ${Math.round(share * 100)} % |`),
    '',
    ...stageTable(predicted.stages),
    ...effectTable(predicted),
    ...predicted.remarks.map((remark) => `* ${remark}`),
    '',
  ];
}

function stageTable(stages: readonly RequestStages[]): string[] {
  if (stages.length === 0) return [];
  const types = [...new Set(stages.map(({ request }) => request))];
  const names = Object.keys(stages[0].meanMs) as (keyof RequestStages['meanMs'])[];
  return [
    `| requests, mean ms over all brokers | ${names.map((name) => name.replace('TimeMs', '')).join(' | ')} |`,
    `|---|${names.map(() => '---:|').join('')}`,
    ...types.map((type) => {
      const of = stages.filter(({ request }) => request === type);
      const count = of.reduce((sum, stage) => sum + stage.count, 0);
      const mean = (name: (typeof names)[number]): number =>
        of.reduce((sum, stage) => sum + stage.meanMs[name] * stage.count, 0) / count;
      return `| ${type} | ${names.map((name) => mean(name).toFixed(2)).join(' | ')} |`;
    }),
    '',
  ];
}

/** What the figures hang on, the strongest first. */
function effectTable({ keyFigures, effects }: NonNullable<Outcome['predicted']>): string[] {
  const strength = ({ changes }: Effect): number =>
    Math.max(...changes.map((change) => Math.abs(change ?? 0)));
  const sorted = [...effects].sort((one, other) => strength(other) - strength(one));
  if (sorted.length === 0) return [];
  return [
    `Of what was varied, hangs most on: ${sorted[0].variation}.`,
    '',
    `| a quarter less of | ${keyFigures.join(' | ')} |`,
    `|---|${keyFigures.map(() => '---:|').join('')}`,
    ...sorted.map(({ variation, changes }) => `| ${variation} | ${changes.map(percentText).join(' | ')} |`),
    '',
  ];
}

function assumed(assumptions: Assumptions): string[] {
  const { machines, costs, besides, networkLatencyNs, referenceHeapBytes, referenceCore } = assumptions;
  const row = (of: string, what: string, { value, source }: { value: number; source: string }): string =>
    `| ${of} | ${what} | ${numberText(value)} | ${source} |`;
  return [
    '## What is assumed',
    '',
    `All costs are those of the profile ${assumptions.reference}, scaled for each machine by \`bench/published/assumptions.yaml\`:`,
    '',
    '| costs | scaled | source |',
    '|---|---|---|',
    ...costs.map(({ of, scale, source }) => `| \`${of.replaceAll('|', '\\|')}\` | ${scale} | ${source} |`),
    '',
    '| of | assumption | value | source |',
    '|---|---|---:|---|',
    row('all', 'networkLatencyNs', networkLatencyNs),
    row('reference', 'heapBytes', referenceHeapBytes),
    row('reference', 'specPerGhz', referenceCore.specPerGhz),
    row('reference', 'ghz', referenceCore.ghz),
    ...Object.entries(machines).flatMap(([name, machine]) => [
      row(name, 'CPU costs, times', {
        value: cpuFactor(assumptions, machine),
        source: 'points of a reference core / points of a core here',
      }),
      ...(['specPerGhz', 'ghz', 'cores', 'memoryBytes', 'heapBytes', 'nicBytesPerSecond'] as const).map(
        (key) => row(name, key, machine[key]),
      ),
      ...(machine.disk === null
        ? []
        : [`| ${name} | disk | ${machine.disk.kind} | ${diskSource(machine.disk)} |`]),
    ]),
    '',
    ...besides.map(({ says, source }) => `* ${says} (${source})`),
    '',
  ];
}

function diskSource({ writeBytesPerSecond }: NonNullable<Machine['disk']>): string {
  const kind = 'src/profile/disk-kinds.ts';
  return writeBytesPerSecond === undefined
    ? kind
    : `${kind}; reads and writes ${numberText(writeBytesPerSecond.value)} bytes/s (${writeBytesPerSecond.source})`;
}

function percentText(share: number | null): string {
  if (share === null) return '';
  const percent = Math.round(share * 100);
  return `${percent > 0 ? '+' : ''}${percent === 0 ? 0 : percent} %`;
}

function numberText(value: number | null): string {
  if (value === null) return '';
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
