import { availableParallelism } from 'node:os';
import { UserError } from '../errors/errors.ts';
import { type Parsed, parseBytes, parseCount, parseRate } from '../scenario/units.ts';

/** Options that several commands share, in yargs's form. */

export const scenarioFile = {
  describe: 'the scenario, a YAML file',
  type: 'string',
  demandOption: true,
} as const;

export const set = {
  describe: 'change one value of the scenario, such as topics.orders.partitions=12; may be repeated',
  type: 'string',
  array: true,
  requiresArg: true,
  default: [] as string[],
} as const;

export const seed = {
  describe: "seed of every random stream; the scenario's own if not given",
  type: 'string',
  requiresArg: true,
  coerce: wholeNumber('--seed', 0),
} as const;

export const tieSeed = {
  describe: 'seed of another legal order of what happens at the same moment; 0 for the usual one',
  type: 'string',
  requiresArg: true,
  coerce: wholeNumber('--tie-seed', 0, 4_294_967_295),
} as const;

export const sharedCores = {
  describe: 'the hosts are parts of one machine with so many cores, as on a cluster that is built on one',
  type: 'string',
  requiresArg: true,
  coerce: wholeNumber('--shared-cores', 1),
} as const;

export const workers = {
  describe: 'threads to simulate on, one cluster each at most; the result does not depend on it',
  type: 'string',
  requiresArg: true,
  defaultDescription: "the machine's cores",
  coerce: (value: unknown): number => wholeNumber('--workers', 1)(value) ?? availableParallelism(),
  default: String(availableParallelism()),
} as const;

export const profile = {
  describe: "what things cost: a profile's name or file, in place of the one that the scenario's hosts name",
  type: 'string',
  requiresArg: true,
} as const;

export const bootstrapServer = {
  describe: 'host:port of a running cluster; without it a cluster is started on this machine',
  type: 'string',
  requiresArg: true,
} as const;

export const commandConfig = {
  describe: "a Java client's properties file: bootstrap.servers and how to get into the cluster",
  type: 'string',
  requiresArg: true,
} as const;

export const maxRate = {
  describe: 'records/s that all producers together may send at most, such as 50k/s or 50000',
  type: 'string',
  requiresArg: true,
  coerce: quantityOf('--max-rate', (input) =>
    String(input).includes('/') ? parseRate(input) : parseCount(input),
  ),
} as const;

export const maxBytes = {
  describe: 'bytes that producers may make in the whole run, such as 10GiB; then it ends early (exit 130)',
  type: 'string',
  requiresArg: true,
  coerce: quantityOf('--max-bytes', parseBytes),
} as const;

export const out = {
  describe: 'folder for the reports',
  type: 'string',
  requiresArg: true,
} as const;

/**
 * Reads an option's value as a whole number not below `min`.
 *
 * @throws UserError when it is something else.
 */
export function wholeNumber(
  option: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): (value: unknown) => number | undefined {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (value) => {
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
    const found = Array.isArray(value) ? `${value.length} values (give it once)` : `"${String(value)}"`;
    throw new UserError(`${option}: expected a whole number ${range}, found ${found}`);
  };
}

/**
 * Reads an option's value as a quantity of more than 0, by the grammar of scenarios.
 *
 * @throws UserError when it is something else.
 */
export function quantityOf(
  option: string,
  parse: (input: unknown) => Parsed<number>,
): (value: unknown) => number | undefined {
  return (value) => {
    if (value === undefined) return undefined;
    const parsed = parse(value);
    if ('problem' in parsed) throw new UserError(`${option}: ${parsed.problem}`);
    if (parsed.value > 0) return parsed.value;
    throw new UserError(`${option}: expected more than 0, found ${String(value)}`);
  };
}

/** Words with commas between them. */
export function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `values` without those that were not given, for functions whose options are optional. */
export function stated<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
