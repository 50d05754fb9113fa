/**
 * What real clusters showed, case by case, kept in measured/: a change of the model is held against them at once, without a
 * cluster. A case that says something else than when it was measured has no measurement any more. With each goes what
 * things cost when it was measured: the speed of a machine with other tenants changes from hour to hour.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../src/errors/write-whole.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { readProfile, writeProfile } from '../../src/profile/read-profile.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { type Case, DIRECTORY } from './cases.ts';

interface Measurement {
  /** SHA-256 of what the case said. */
  readonly saying: string;
  readonly measured: RunResult;
  /** File of the profile that was calibrated before it, beside it. */
  readonly calibration?: string;
}

export interface Kept {
  readonly measured: RunResult;
  /** Null when none was calibrated for it. */
  readonly profile: Profile | null;
}

const MEASURED = join(DIRECTORY, 'measured');

/** @param calibration what `keepCalibration` returned; null when the predictions were told what to use */
export function keepMeasurement(
  of: Case,
  measured: RunResult,
  calibration: string | null,
  directory = MEASURED,
): void {
  mkdirSync(directory, { recursive: true });
  const kept: Measurement = {
    saying: sayingOf(of),
    ...(calibration === null ? {} : { calibration }),
    measured,
  };
  writeWhole(fileOf(of, directory), `${JSON.stringify(kept)}\n`);
}

/** Returns the name of its file. */
export function keepCalibration(profile: Profile, directory = MEASURED): string {
  mkdirSync(directory, { recursive: true });
  const file = `${profile.name}.profile.json`;
  writeProfile(join(directory, file), profile);
  return file;
}

/** Null for a case that was not measured, or said something else then. */
export function keptMeasurement(of: Case, directory = MEASURED): Kept | null {
  const file = fileOf(of, directory);
  if (!existsSync(file)) return null;
  const { saying, measured, calibration }: Measurement = JSON.parse(readFileSync(file, 'utf8'));
  if (saying !== sayingOf(of)) return null;
  return {
    measured,
    profile: calibration === undefined ? null : readProfile(join(directory, calibration)),
  };
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
