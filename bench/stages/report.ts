/** The report of all cases, in Markdown: a summary, what was found about figures that are off, and every figure. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../src/package.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { Case } from './cases.ts';
import { OFF_SHARE, type Row } from './rows.ts';

/** A case, both results, and their figures. */
export interface Compared {
  readonly of: Case;
  readonly predicted: RunResult;
  readonly measured: RunResult;
  readonly rows: readonly Row[];
}

/** What is known of why figures are off. */
const findings = z.array(
  z.strictObject({
    /** Figures that it explains, as a pattern of `case phase figure`. */
    of: z.string(),
    finding: z.string(),
  }),
);

const GIB = 1024 ** 3;
const HEADLINE = ['throughput', 'publish p50', 'publish p99', 'end-to-end p50', 'end-to-end p99'];

export function reportOf(compared: readonly Compared[]): string {
  const cases = compared.map(({ of }) => of);
  const rows = compared.flatMap((of) => of.rows);
  const off = rows.filter((row) => row.off === true);
  const judged = rows.filter((row) => row.off !== null);
  return [
    '# Stage by stage',
    '',
    `Simulated beside real: ${cases.length} cases on clusters that \`npm run stages\` builds, warms up and drives on one machine, the machines of a cluster`,
    `being network namespaces with shaped NICs that share its cores. A figure is *off* when it misses by more than ${OFF_SHARE * 100} % and by more`,
    'than its counter can tell. Made by `npm run stages`; nothing here is written by hand but the findings (`bench/stages/findings.yaml`).',
    '',
    `${judged.length - off.length} of ${judged.length} figures hold, ${off.length} are off. ${provenance(compared)}.`,
    '',
    ...summary(cases, rows),
    '',
    ...foundOut(off),
    ...cases.flatMap((of) => details(of, rows)),
  ].join('\n');
}

/** When, where and with what. */
function provenance(compared: readonly Compared[]): string {
  const every = (text: (of: Compared) => string): string =>
    [...new Set(compared.map(text))].sort().join('; ');
  const measured = every(({ measured: { run } }) => {
    const { cpu, cores, memoryBytes } = run.machine;
    return `${run.startedAt.slice(0, 10)} on ${cores} cores (${cpu}) with ${Math.round(memoryBytes / GIB)} GiB`;
  });
  const kafka = every(({ of }) => of.loaded.scenario.clusters[0].kafka);
  return `Measured ${measured}; Kafka ${kafka}; predicted with profile ${every(({ predicted }) => predicted.profile?.name ?? '')}`;
}

function summary(cases: readonly Case[], rows: readonly Row[]): string[] {
  const table = cases.flatMap(({ name }) =>
    phasesOf(name, rows).map((phase) => {
      const of = rows.filter((row) => row.case === name && row.phase === phase);
      const cells = HEADLINE.map((figure) => errorText(of.find((row) => row.name === figure)));
      const judged = of.filter((row) => row.off !== null);
      const held = judged.filter((row) => row.off === false);
      return `| ${name} | ${phase} | ${cells.join(' | ')} | ${held.length} of ${judged.length} |`;
    }),
  );
  return [
    '## Errors of the predictions',
    '',
    `| case | phase | ${HEADLINE.join(' | ')} | figures that hold |`,
    `|---|---|${HEADLINE.map(() => '---:|').join('')}---:|`,
    ...table,
  ];
}

/** Findings in their order, each with how many figures it explains; then what nothing explains yet. */
function foundOut(off: readonly Row[]): string[] {
  if (off.length === 0) return [];
  const known = findings.parse(
    parse(readFileSync(join(packageRoot, 'bench', 'stages', 'findings.yaml'), 'utf8')) ?? [],
  );
  const matching = known.map(({ of, finding }) => {
    const pattern = RegExp(of);
    return { finding, rows: off.filter((row) => pattern.test(nameOf(row))) };
  });
  const explained = new Set(matching.flatMap(({ rows }) => rows));
  const open = off.filter((row) => !explained.has(row));
  return [
    '## Why figures are off',
    '',
    ...matching
      .filter(({ rows }) => rows.length > 0)
      .map(({ finding, rows }) => `* ${finding.trim()} (${rows.length} figures)`),
    ...(open.length === 0 ? [] : [`* Not found out yet: ${open.length} figures.`]),
    '',
  ];
}

function details({ name, from, set }: Case, rows: readonly Row[]): string[] {
  const changes = set.length === 0 ? '' : `: ${set.map((change) => `\`${change}\``).join(', ')}`;
  return [
    `## ${name}`,
    '',
    `\`bench/stages/${from}.yaml\`${changes}`,
    '',
    ...phasesOf(name, rows).flatMap((phase) => [
      `| ${phase} | unit | simulated | real | error | |`,
      '|---|---|---:|---:|---:|---|',
      ...rows
        .filter((row) => row.case === name && row.phase === phase)
        .map(
          (row) =>
            `| ${row.name} | ${row.unit} | ${numberText(row.predicted)} | ${numberText(row.measured)} | ${errorText(row)} | ${row.off === true ? 'off' : ''} |`,
        ),
      '',
    ]),
  ];
}

export function nameOf({ case: of, phase, name }: Pick<Row, 'case' | 'phase' | 'name'>): string {
  return `${of} ${phase} ${name}`;
}

function phasesOf(name: string, rows: readonly Row[]): string[] {
  return [...new Set(rows.filter((row) => row.case === name).map(({ phase }) => phase))];
}

function errorText(row: Row | undefined): string {
  if (row?.relativeError == null) return '';
  const percent = Math.round(row.relativeError * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

const DIGITS = 3;

function numberText(value: number | null): string {
  if (value === null) return '';
  if (value === 0) return '0';
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
