/** Options of kafka-producer-perf-test, which `load` takes in place of a scenario. */
import { UserError } from '../errors/errors.ts';
import type { PerfTestOptions } from '../jobs/perf-test.ts';
import { wholeNumber } from './options.ts';

const word = (describe: string) => ({ describe, type: 'string', requiresArg: true }) as const;
const words = (describe: string) =>
  ({ describe, type: 'string', array: true, requiresArg: true, default: [] as string[] }) as const;

export const perfTestOptions = {
  topic: word('as kafka-producer-perf-test: produce to this topic, without a scenario'),
  'num-records': word('with --topic: how many records'),
  'record-size': word('with --topic: bytes of a record'),
  'payload-file': word('with --topic: a text file with records, one of which is drawn each time'),
  'payload-delimiter': word('with --payload-file: what is between its records; a new line if not given'),
  'payload-monotonic': {
    describe: 'with --topic: each record is its number',
    type: 'boolean',
    default: false,
  },
  throughput: word('with --topic: records a second; -1 for as many as possible'),
  'command-property': words('with --topic: settings of the producer, name=value; may be repeated'),
  'producer-props': words('older name of --command-property'),
  'producer.config': word('older name of --command-config'),
  'reporting-interval': word('with --topic: milliseconds between lines; 5000 if not given'),
} as const;

interface PerfTestArguments {
  readonly topic: string | undefined;
  readonly 'num-records': string | undefined;
  readonly 'record-size': string | undefined;
  readonly 'payload-file': string | undefined;
  readonly 'payload-delimiter': string | undefined;
  readonly 'payload-monotonic': boolean;
  readonly throughput: string | undefined;
  readonly 'command-property': readonly string[];
  readonly 'producer-props': readonly string[];
  readonly 'reporting-interval': string | undefined;
}

type PerfTest = Pick<
  PerfTestOptions,
  'topic' | 'records' | 'payload' | 'throughput' | 'properties' | 'reportingIntervalMs'
>;

/**
 * What a command line asks of the perf test.
 *
 * @throws UserError with a line for each option that is missing or cannot be read
 */
export function readPerfTest(args: PerfTestArguments): PerfTest {
  const problems: string[] = [];
  const number = (option: keyof PerfTestArguments & string, fallback?: number): number => {
    try {
      const value = wholeNumber(`--${option}`, 1)(args[option]) ?? fallback;
      if (value !== undefined) return value;
      problems.push(`--${option}: expected a whole number of at least 1, found nothing`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.lines);
    }
    return 1;
  };
  const found = {
    topic: args.topic ?? '',
    records: number('num-records'),
    payload: payloadOf(args, number, problems),
    throughput: throughputOf(args.throughput, problems),
    properties: [...args['producer-props'], ...args['command-property']],
    reportingIntervalMs: number('reporting-interval', 5000),
  };
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

function payloadOf(
  args: PerfTestArguments,
  number: (option: 'record-size') => number,
  problems: string[],
): PerfTest['payload'] {
  const { 'record-size': size, 'payload-file': path, 'payload-monotonic': isMonotonic } = args;
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

function throughputOf(text: string | undefined, problems: string[]): number {
  const throughput = Number(text);
  if (text !== undefined && text !== '' && (throughput > 0 || throughput === -1)) return throughput;
  problems.push(
    `--throughput: expected records a second, or -1, found ${text === undefined ? 'nothing' : `"${text}"`}`,
  );
  return -1;
}
