/**
 * What real clusters showed, case by case, kept in measured/: a change of the model is held against them at once, without a
 * cluster. A case that says something else than when it was measured has no measurement any more.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/errors/write-whole.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { type Case, DIRECTORY } from './cases.ts';

interface Measurement {
  /** SHA-256 of what the case said. */
  readonly saying: string;
  readonly measured: RunResult;
}

const MEASURED = join(DIRECTORY, 'measured');

export function keepMeasurement(of: Case, measured: RunResult, directory = MEASURED): void {
  mkdirSync(directory, { recursive: true });
  const kept: Measurement = { saying: sayingOf(of), measured };
  writeWhole(fileOf(of, directory), `${JSON.stringify(kept)}\n`);
}

/** Null for a case that was not measured, or said something else then. */
export function keptMeasurement(of: Case, directory = MEASURED): RunResult | null {
  const file = fileOf(of, directory);
  if (!existsSync(file)) return null;
  const { saying, measured }: Measurement = JSON.parse(readFileSync(file, 'utf8'));
  return saying === sayingOf(of) ? measured : null;
}

function fileOf({ name }: Case, directory: string): string {
  return join(directory, `${name}.json`);
}

function sayingOf({ from, set }: Case): string {
  const text = readFileSync(join(DIRECTORY, `${from}.yaml`), 'utf8');
  return createHash('sha256')
    .update(JSON.stringify([text, set]))
    .digest('hex');
}
