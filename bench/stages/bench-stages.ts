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
import { calibrateMachine } from '../../src/jobs/calibrate.ts';
import type { Progress } from '../../src/jobs/progress.ts';
import { runDirectory, writeJson } from '../../src/jobs/run-directory.ts';
import { packageRoot } from '../../src/package.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { compareResults } from '../../src/result/comparison.ts';
import { appendHistory } from '../history.ts';
import { runBench, say } from '../run-bench.ts';
import { type Case, readCases } from './cases.ts';
import { type Kept, keepCalibration, keepMeasurement, keptMeasurement } from './measurements.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Compared, nameOf, reportOf } from './report.ts';
import { OFF_SHARE, type Row, rowsOf } from './rows.ts';
import { measureCase, predictCase } from './run-case.ts';

const REPORT = join(packageRoot, 'reports', 'validation', 'stages.md');

const CALIBRATION_ROUNDS = 2;

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
  const calibrated = kept || profile !== null ? null : await calibrate(signal);
  const calibration = calibrated === null ? null : keepCalibration(calibrated);
  const compared: Compared[] = [];
  // Both results of each case, whole, to look into what is off.
  const directory = runDirectory(undefined, 'stages');
  for (const [index, { of, before }] of cases.entries()) {
    const progress = (message: string) =>
      say('stages', `${of.name} (${index + 1} of ${cases.length}): ${message}`);
    const predicted = await predictCase(of, {
      profile: profile ?? calibrated ?? before?.profile ?? null,
      sharedCores: before?.measured.run.machine.cores ?? availableParallelism(),
      signal,
    });
    const measured = before?.measured ?? (await measureCase(of, { progress, signal }));
    signal.throwIfAborted();
    if (before === null) keepMeasurement(of, measured, calibration);
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
  readonly before: Kept | null;
}

/** What things cost on this machine now. */
async function calibrate(signal: AbortSignal): Promise<Profile> {
  const [{ loaded }] = readCases(null);
  const stages: Progress = {
    stage: (name) => say('stages', name),
    update: (_fraction, detail) => say('stages', `calibration: ${detail}`),
    note: (line) => say('stages', line),
    done: () => undefined,
    fail: () => undefined,
  };
  return calibrateMachine({
    name: `stages-${new Date().toISOString().slice(0, 16).replace(':', '')}`,
    kafka: loaded.scenario.clusters[0].kafka,
    rounds: CALIBRATION_ROUNDS,
    progress: stages,
    signal,
  });
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
