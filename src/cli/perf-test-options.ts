/** Options of kafka-producer-perf-test, which `load` takes in place of a scenario. */
import { UserError } from '../errors/errors.ts';
import type { PerfTestOptions } from '../jobs/perf-test.ts';
import { wholeNumber } from './options.ts';

const word = (describe: string) => ({ describe, type: 'string', requiresArg: true }) as const;
const words = (describe: string) =>
  ({ describe, type: 'string', array: true, requiresArg: true, default: [] as string[] }) as const;
const flag = (describe: string) => ({ describe, type: 'boolean', default: false }) as const;

export const perfTestOptions = {
  topic: word('as kafka-producer-perf-test: produce to this topic, without a scenario'),
  'num-records': word('with --topic: how many records'),
  'record-size': word('with --topic: bytes of a record'),
  'payload-file': word('with --topic: a text file with records, one of which is drawn each time'),
  'payload-delimiter': word('with --payload-file: what is between its records; a new line if not given'),
  'payload-monotonic': flag('with --topic: each record is its number'),
  throughput: word('with --topic: records a second; -1 for as many as possible'),
  'command-property': words('with --topic: settings of the producer, name=value; may be repeated'),
  'producer-props': words('older name of --command-property'),
  'producer.config': word('older name of --command-config'),
  'print-metrics': flag("with --topic: in the end, what the producer measured of itself, by Kafka's names"),
  'transactional-id': word('with --topic: send in transactions, as this producer'),
  'transaction-duration-ms': word(
    'with --topic: send in transactions of so many milliseconds; 3000 if only an id is given',
  ),
  'warmup-records': word('with --topic: so many records come before the steady state, which gets a line too'),
  'reporting-interval': word('with --topic: milliseconds between lines; 5000 if not given'),
} as const;

type Word = string | undefined;

interface PerfTestArguments {
  readonly topic: Word;
  readonly 'num-records': Word;
  readonly 'record-size': Word;
  readonly 'payload-file': Word;
  readonly 'payload-delimiter': Word;
  readonly 'payload-monotonic': boolean;
  readonly throughput: Word;
  readonly 'command-config': Word;
  readonly 'command-property': readonly string[];
  readonly 'producer-props': readonly string[];
  readonly 'producer.config': Word;
  readonly 'print-metrics': boolean;
  readonly 'transactional-id': Word;
  readonly 'transaction-duration-ms': Word;
  readonly 'warmup-records': Word;
  readonly 'reporting-interval': Word;
}

type PerfTest = Pick<
  PerfTestOptions,
  | 'topic'
  | 'records'
  | 'payload'
  | 'throughput'
  | 'properties'
  | 'transactionalId'
  | 'transactionMs'
  | 'printMetrics'
  | 'warmupRecords'
  | 'reportingIntervalMs'
>;

/**
 * What a command line asks of the perf test.
 *
 * @throws UserError with a line for each option that is missing or cannot be read
 */
export function readPerfTest(args: PerfTestArguments): PerfTest {
  const problems: string[] = [];
  const optional = (option: keyof PerfTestArguments & string, min = 1): number | null => {
    try {
      return wholeNumber(`--${option}`, min)(args[option]) ?? null;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.lines);
      return null;
    }
  };
  const needed = (option: 'num-records' | 'record-size'): number => {
    if (args[option] === undefined) {
      problems.push(`--${option}: expected a whole number of at least 1, found nothing`);
    }
    return optional(option) ?? Number.POSITIVE_INFINITY;
  };
  const records = needed('num-records');
  const warmupRecords = optional('warmup-records', 0) ?? 0;
  if (warmupRecords >= records) {
    problems.push(
      `--warmup-records: expected fewer than --num-records (${records}), found ${warmupRecords}; without records after the warm-up there is no steady state`,
    );
  }
  const transactionMs = optional('transaction-duration-ms');
  const found = {
    topic: args.topic ?? '',
    records,
    payload: payloadOf(args, needed, problems),
    throughput: throughputOf(args.throughput, problems),
    properties: [...args['producer-props'], ...args['command-property']],
    transactionalId: args['transactional-id'] ?? null,
    transactionMs,
    printMetrics: args['print-metrics'],
    warmupRecords,
    reportingIntervalMs: optional('reporting-interval') ?? 5000,
  };
  problems.push(...doubleNames(args));
  if (problems.length > 0) throw new UserError(problems.map((problem) => `brokertwin load: ${problem}`));
  return found;
}

/** A command line of `load` with `--command-property a=1 b=2`, as Kafka's tool takes it, as one option for each of them. */
export function spreadProperties(args: readonly string[]): readonly string[] {
  if (args[0] !== 'load') return args;
  let option: string | null = null;
  return args.flatMap((arg) => {
    if (arg.startsWith('-')) {
      option = arg === '--command-property' || arg === '--producer-props' ? arg : null;
      return option === null ? [arg] : [];
    }
    return option === null ? [arg] : [option, arg];
  });
}

/** Kafka's tool takes an option by its older name or by its newer one. */
function doubleNames(args: PerfTestArguments): string[] {
  const isGiven = (value: Word | readonly string[]): boolean => value !== undefined && value.length > 0;
  return (
    [
      ['command-property', 'producer-props'],
      ['command-config', 'producer.config'],
    ] as const
  )
    .filter(([name, older]) => isGiven(args[name]) && isGiven(args[older]))
    .map(([name, older]) => `--${older} is the older name of --${name}: expected one of them, found both`);
}

function payloadOf(
  args: PerfTestArguments,
  number: (option: 'record-size') => number,
  problems: string[],
): PerfTest['payload'] {
  const { 'record-size': size, 'payload-file': path, 'payload-monotonic': isMonotonic } = args;
  if (args['payload-delimiter'] !== undefined && path === undefined) {
    problems.push('--payload-delimiter: expected with --payload-file, found without');
  }
  const given = [size, path, isMonotonic ? true : undefined].filter((one) => one !== undefined);
  if (given.length !== 1) {
    problems.push(
      `expected one of --record-size, --payload-file and --payload-monotonic, found ${given.length} of them`,
    );
    return { kind: 'monotonic' };
  }
  if (size !== undefined) return { kind: 'letters', bytes: number('record-size') };
  if (path === undefined) return { kind: 'monotonic' };
  return { kind: 'file', path, delimiter: args['payload-delimiter'] ?? '\n' };
}

/** Any negative number is none, as for Kafka's tool. */
function throughputOf(text: Word, problems: string[]): number {
  const throughput = Number(text);
  if (text !== undefined && text !== '' && throughput !== 0 && !Number.isNaN(throughput)) {
    return Math.max(-1, throughput);
  }
  problems.push(
    `--throughput: expected records a second, or -1, found ${text === undefined ? 'nothing' : `"${text}"`}`,
  );
  return -1;
}
