/**
 * `npm run stages`: every stage of a request, simulated beside real, over all cases. The figures go to stdout, progress to stderr; what
 * was measured is kept, a run of all cases writes reports/validation/stages.md, one that measured them is appended to bench/history/stages.ndjson. Exit code: 0 measured (figures off
 * or not), 1 our fault, 2 bad options, 3 no cluster, 130 interrupted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { listenForInterrupts } from '../../src/cli/interrupt.ts';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { runDirectory, writeJson } from '../../src/jobs/run-directory.ts';
import { packageRoot } from '../../src/package.ts';
import { compareResults } from '../../src/result/comparison.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { appendHistory } from '../history.ts';
import { runBench, say } from '../run-bench.ts';
import { type Case, readCases } from './cases.ts';
import { keepMeasurement, keptMeasurement } from './measurements.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Compared, nameOf, reportOf } from './report.ts';
import { OFF_SHARE, type Row, rowsOf } from './rows.ts';
import { measureCase, predictCase } from './run-case.ts';

const REPORT = join(packageRoot, 'reports', 'validation', 'stages.md');

const interrupts = listenForInterrupts();
const exitCode = await runBench({ name: 'stages', usage: USAGE, read: readOptions, bench });
process.exitCode = interrupts.signal.aborted ? EXIT.interrupted : exitCode;
interrupts.stop();

async function bench({ only, kept, profile, json }: Options): Promise<void> {
  const cases: readonly CaseToHold[] = kept
    ? measuredCases(only)
    : readCases(only).map((of) => ({ of, before: null }));
  const [loadBefore] = loadavg();
  const { signal } = interrupts;
  const compared: Compared[] = [];
  // Both results of each case, whole, to look into what is off.
  const directory = runDirectory(undefined, 'stages');
  for (const [index, { of, before }] of cases.entries()) {
    const progress = (message: string) =>
      say('stages', `${of.name} (${index + 1} of ${cases.length}): ${message}`);
    const predicted = await predictCase(of, {
      profile,
      sharedCores: before?.run.machine.cores ?? availableParallelism(),
      signal,
    });
    const measured = before ?? (await measureCase(of, { progress, signal }));
    signal.throwIfAborted();
    if (before === null) keepMeasurement(of, measured);
    writeJson(directory, `${of.name}.json`, { predicted, measured });
    const rows = rowsOf(of.name, compareResults({ predicted, measured }));
    compared.push({ of, predicted, measured, rows });
    const lines = rows.map((row) => (json ? JSON.stringify(lineOf(row)) : textOf(row)));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (only === null) await keep(compared, { loadBefore, kept });
}

interface CaseToHold {
  readonly of: Case;
  /** What was measured before; null: it is to be measured. */
  readonly before: RunResult | null;
}

/** @throws UserError when none was measured */
function measuredCases(only: readonly string[] | null): CaseToHold[] {
  const all = readCases(only).map((of) => ({ of, before: keptMeasurement(of) }));
  const measured = all.filter(({ before }) => before !== null);
  const names = all.flatMap(({ of, before }) => (before === null ? [of.name] : [])).join(',');
  if (names === '') return measured;
  const line = `no measurement of ${names} as said now; measure with --only ${names}`;
  if (measured.length === 0) throw new UserError(`stages: --kept: ${line}`);
  say('stages', line);
  return measured;
}

async function keep(
  compared: readonly Compared[],
  { loadBefore, kept }: { readonly loadBefore: number; readonly kept: boolean },
): Promise<void> {
  mkdirSync(join(REPORT, '..'), { recursive: true });
  writeFileSync(REPORT, reportOf(compared));
  say('stages', `report ${REPORT}`);
  const figures = compared.flatMap(({ rows }) => rows).map(lineOf);
  if (!kept) await appendHistory('stages', { loadBefore, figures });
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
