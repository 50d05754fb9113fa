/** Finds and checks profiles: a file, the calibrated profile of this machine, or one of the catalogue. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { UserError } from '../errors/errors.ts';
import { writeWhole } from '../errors/write-whole.ts';
import { packageRoot } from '../package.ts';
import { canonicalJson } from '../result/hash.ts';
import { suggestion } from '../scenario/nearest.ts';
import { COST_MEANINGS, type Profile } from './profile.ts';

/** The profile that stands for "this machine" until it is calibrated. */
const LOCAL = 'local';
const LOCAL_UNTIL_CALIBRATED = 'reference-2core';
const NEAR = 4;

const range = z.tuple([z.number(), z.number()]);
const schema = z.strictObject({
  format: z.literal('brokertwin.profile/1'),
  name: z.string(),
  kind: z.enum(['measured', 'catalogue']),
  provenance: z.strictObject({
    date: z.string(),
    machine: z.string(),
    kafka: z.string(),
    note: z.string(),
    experiments: z.array(
      z.strictObject({
        name: z.string(),
        seconds: z.number(),
        recordBytes: z.number(),
        partitions: z.number(),
        recordsPerSecond: z.number(),
        residuals: z.record(z.string(), z.number()),
      }),
    ),
  }),
  covered: z
    .strictObject({ recordBytes: range, recordsPerSecond: range, partitions: range, brokers: range })
    .nullable(),
  hardware: z.strictObject({
    cores: z.number().positive(),
    memoryBytes: z.number().positive(),
    nicBytesPerSecond: z.number().positive().nullable(),
    diskWriteBytesPerSecond: z.number().positive().nullable(),
    disk: z
      .strictObject({
        kind: z.enum(['hdd', 'ssd', 'nvme']).optional(),
        source: z.string().min(1),
        readBytesPerSecond: z.number().positive().optional(),
        writeBytesPerSecond: z.number().positive().optional(),
        operationsPerSecond: z.number().positive().optional(),
        readLatencyUs: z.number().nonnegative().optional(),
        writeLatencyUs: z.number().nonnegative().optional(),
        syncUs: z.number().nonnegative().optional(),
        queueDepth: z.int().positive().optional(),
      })
      .optional(),
  }),
  costs: z.partialRecord(
    z.enum(Object.keys(COST_MEANINGS) as [keyof typeof COST_MEANINGS]),
    z.strictObject({
      value: z.number().nonnegative(),
      source: z.string().min(1),
      standardError: z.number().nonnegative().nullable(),
    }),
  ),
});

/** The names that there are, by place, for those who mistype one. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(schema.shape),
  provenance: Object.keys(schema.shape.provenance.shape),
  covered: Object.keys(schema.shape.covered.unwrap().shape),
  hardware: Object.keys(schema.shape.hardware.shape),
  'hardware.disk': Object.keys(schema.shape.hardware.shape.disk.unwrap().shape),
  costs: Object.keys(COST_MEANINGS),
};

/** Where `calibrate` keeps this machine's profile. */
export function localProfileFile(): string {
  const root = process.env.XDG_DATA_HOME ?? path.join(homedir(), '.local', 'share');
  return path.join(root, 'brokertwin', 'profiles', `${LOCAL}.json`);
}

/**
 * Reads a profile by name ("local", or one of the catalogue) or by file.
 * @throws UserError when there is none, or the file is not a profile
 */
export function readProfile(nameOrFile: string): Profile {
  if (nameOrFile === LOCAL) {
    const file = localProfileFile();
    return existsSync(file) ? readFile(file) : readProfile(LOCAL_UNTIL_CALIBRATED);
  }
  if (nameOrFile.endsWith('.json')) return readFile(nameOrFile);
  const catalogue = path.join(packageRoot, 'profiles');
  const names = readdirSync(catalogue).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
  if (names.includes(nameOrFile)) return readFile(path.join(catalogue, `${nameOrFile}.json`));
  const near = closest(nameOrFile, [...names, LOCAL]);
  const hint = distance(near, nameOrFile) <= NEAR ? `, did you mean "${near}"?` : '';
  throw new UserError(
    `no profile is called "${nameOrFile}"${hint} (expected "local", a file ending in .json, or one of: ${names.join(', ')})`,
  );
}

/** Keeps a profile as this machine's own. */
export function writeLocalProfile(profile: Profile): string {
  const file = localProfileFile();
  writeProfile(file, profile);
  return file;
}

/** Writes a profile whole or not at all. */
export function writeProfile(file: string, profile: Profile): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, `${JSON.stringify(profile, null, 2)}\n`);
}

/** SHA-256 (hex) of what the simulator reads of a profile: its hardware and the values of its costs. */
export function profileHash(profile: Profile): string {
  const costs = Object.fromEntries(Object.entries(profile.costs).map(([name, cost]) => [name, cost.value]));
  return createHash('sha256')
    .update(canonicalJson([profile.hardware, costs]))
    .digest('hex');
}

function readFile(file: string): Profile {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${file}: expected a profile in JSON, found none that can be read: ${why}`,
      undefined,
      {
        cause: error,
      },
    );
  }
  const checked = schema.safeParse(data);
  if (!checked.success) {
    throw new UserError(checked.error.issues.flatMap(problemsOf).map((problem) => `${file}: ${problem}`));
  }
  return checked.data as Profile;
}

/** An issue in words, its place first: one for each name that a profile does not have. */
function problemsOf(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${place || 'the profile'}: ${issue.message}`];
  return issue.keys.map(
    (key) => `${place && `${place}: `}"${key}" is not known${suggestion(key, NAMES[place] ?? [])}`,
  );
}
