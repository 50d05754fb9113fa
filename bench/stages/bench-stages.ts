/**
 * `npm run stages`: every stage of a request, simulated beside real, over all cases. The figures go to stdout, progress to stderr; a
 * full run writes reports/validation/stages.md and is appended to bench/history/stages.ndjson. Exit code: 0 measured (figures off
 * or not), 1 our fault, 2 bad options, 3 no cluster, 130 interrupted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { listenForInterrupts } from '../../src/cli/interrupt.ts';
import { EXIT } from '../../src/errors/errors.ts';
import { runDirectory, writeJson } from '../../src/jobs/run-directory.ts';
import { machineFacts } from '../../src/local/observe/machine.ts';
import { packageRoot } from '../../src/package.ts';
import { appendHistory } from '../history.ts';
import { runBench, say } from '../run-bench.ts';
import { type Case, readCases } from './cases.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { nameOf, reportOf } from './report.ts';
import { OFF_SHARE, type Row, rowsOf } from './rows.ts';
import { runCase } from './run-case.ts';

const REPORT = join(packageRoot, 'reports', 'validation', 'stages.md');
const GIB = 1024 ** 3;

const interrupts = listenForInterrupts();
const exitCode = await runBench({ name: 'stages', usage: USAGE, read: readOptions, bench });
process.exitCode = interrupts.signal.aborted ? EXIT.interrupted : exitCode;
interrupts.stop();

async function bench({ only, profile, json }: Options): Promise<void> {
  const cases = readCases(only);
  const [loadBefore] = loadavg();
  const rows: Row[] = [];
  const profiles = new Set<string>();
  // Both results of each case, whole, to look into what is off.
  const directory = runDirectory(undefined, 'stages');
  for (const [index, of] of cases.entries()) {
    const comparison = await runCase(of, {
      profile,
      signal: interrupts.signal,
      progress: (message) => say('stages', `${of.name} (${index + 1} of ${cases.length}): ${message}`),
    });
    interrupts.signal.throwIfAborted();
    writeJson(directory, `${of.name}.json`, {
      predicted: comparison.predicted,
      measured: comparison.measured,
    });
    profiles.add(comparison.predicted.profile?.name ?? '');
    const found = rowsOf(of.name, comparison);
    rows.push(...found);
    const lines = found.map((row) => (json ? JSON.stringify(lineOf(row)) : textOf(row)));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (only === null) await keep(cases, rows, { loadBefore, profile: [...profiles].join(', ') });
}

async function keep(
  cases: readonly Case[],
  rows: readonly Row[],
  { loadBefore, profile }: { readonly loadBefore: number; readonly profile: string },
): Promise<void> {
  const { cpu, cores, memoryBytes } = machineFacts();
  const report = reportOf(cases, rows, {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cores} cores (${cpu}), ${Math.round(memoryBytes / GIB)} GiB`,
    kafka: [...new Set(cases.map(({ loaded }) => loaded.scenario.clusters[0].kafka))].join(', '),
    profile,
  });
  mkdirSync(join(REPORT, '..'), { recursive: true });
  writeFileSync(REPORT, report);
  say('stages', `report ${REPORT}`);
  await appendHistory('stages', { loadBefore, figures: rows.map(lineOf) });
}

/** The simulated value, held against the real one. */
function lineOf(row: Row) {
  return {
    name: nameOf(row).replaceAll(' ', '/'),
    value: row.predicted,
    unit: row.unit,
    goal: row.off === null ? null : OFF_SHARE,
    goalMet: row.off === null ? null : !row.off,
    ratio: row.predicted === null || !row.measured ? null : row.predicted / row.measured,
    spread: null,
    against: row.measured === null ? null : `real ${row.measured}`,
  };
}

function textOf(row: Row): string {
  const value = (of: number | null): string => (of === null ? '-' : Number(of.toPrecision(4)).toString());
  const error = row.relativeError === null ? '' : ` ${Math.round(row.relativeError * 100)} %`;
  return `${nameOf(row)}: simulated ${value(row.predicted)}, real ${value(row.measured)} ${row.unit}${error}${row.off === true ? '  OFF' : ''}`;
}
