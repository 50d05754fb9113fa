/**
 * One Kafka property: its kind, its default, and how a value from a scenario is read. A value may be written as Kafka
 * has it (`linger.ms: 5`) or with a unit (`linger.ms: 5ms`). What Kafka writes as -1, Int.MAX or Long.MAX to mean
 * "never" or "no limit" is null here; so is a property that is unset, or that a version of Kafka does not have.
 */
import { closest } from './nearest.ts';
import { mapParsed, type Parsed, parseByteRate, parseBytes, parseDurationNs, show } from './units.ts';

/** Release lines with defaults of their own. */
export const KAFKA_LINES = ['3.9', '4.0', '4.1', '4.2', '4.3'] as const;
export type KafkaLine = (typeof KAFKA_LINES)[number];

/** An entry of a list that stands for all. */
const ANY = '*';
export const INT_MAX = '2147483647';
export const LONG_MAX = '9223372036854775807';
export const DOUBLE_MAX = '1.7976931348623157E308';

type NumberKind = 'count' | 'ratio' | 'bytes' | 'bytes/s' | 'ms' | 'seconds' | 'minutes' | 'hours';

export interface Property<Value> {
  readonly kind: NumberKind | 'boolean' | 'choice' | 'text' | 'list';
  readonly value: Value;
  /** What Kafka writes for null; undefined when null cannot be stated. */
  readonly never?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** What each entry of a list has to look like, where it is not ANY alone. */
  readonly entry?: { readonly pattern: RegExp; readonly expected: string };
  /** Other spellings of a choice. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Defaults of release lines that differ. */
  readonly earlier?: Readonly<Partial<Record<KafkaLine, Value>>>;
  readonly absentIn?: readonly KafkaLine[];
}

export type PropertyTable = Readonly<Record<string, Property<unknown>>>;

export type Values<Table extends PropertyTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Property<infer Value> ? Value : never;
};

interface NumberOptions {
  readonly minimum?: number;
  /** Kafka's type is long (or double), not int. */
  readonly long?: true;
}

function numeric<Value extends number | null>(
  kind: NumberKind,
  value: Value,
  options: NumberOptions & { readonly never?: string },
): Property<Value> {
  const { long, ...rest } = options;
  const maximum = long === true ? Number.MAX_SAFE_INTEGER : Number(INT_MAX);
  return { kind, value, minimum: 0, maximum, ...rest };
}

export const count = (value: number, options: NumberOptions = {}) => numeric('count', value, options);
export const bytes = (value: number, options: NumberOptions = {}) => numeric('bytes', value, options);
export const ms = (value: number, options: NumberOptions = {}) => numeric('ms', value, options);
export const seconds = (value: number, options: NumberOptions = {}) => numeric('seconds', value, options);
export const minutes = (value: number, options: NumberOptions = {}) => numeric('minutes', value, options);
export const hours = (value: number, options: NumberOptions = {}) => numeric('hours', value, options);
export const ratio = (value: number): Property<number> => ({ kind: 'ratio', value, minimum: 0, maximum: 1 });

/** A number that may be "never" or "no limit" (null), written `never` in Kafka's properties; null by default. */
export function orNever(
  never: string,
  kind: NumberKind,
  value: number | null = null,
  options: NumberOptions = {},
): Property<number | null> {
  return numeric(kind, value, { ...options, never });
}

/** A number that Kafka leaves unset by default and that cannot be stated as unset. */
export const unset = (kind: NumberKind, options: NumberOptions = {}) =>
  numeric<number | null>(kind, null, options);

export const bool = (value: boolean): Property<boolean> => ({ kind: 'boolean', value });
export const text = (value: string): Property<string> => ({ kind: 'text', value });
export const textOrUnset = (): Property<string | null> => ({ kind: 'text', value: null });

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  value: NoInfer<Choice>,
  aliases: Readonly<Record<string, Choice>> = {},
): Property<Choice> {
  return { kind: 'choice', choices, value, aliases };
}

export const list = (value: readonly string[], choices?: readonly string[]): Property<readonly string[]> => ({
  kind: 'list',
  value,
  ...(choices === undefined ? {} : { choices }),
});

/** Replicas as Kafka lists them: `partition:broker` each. */
export const replicas = (): Property<readonly string[]> => ({
  kind: 'list',
  value: [],
  entry: { pattern: /^\d+:\d+$/, expected: `partition:broker each such as 0:1, or ${ANY} for all` },
});

/** The property with older lines' defaults. */
export const earlier = <Value>(
  lines: Readonly<Partial<Record<KafkaLine, Value>>>,
  property: Property<Value>,
): Property<Value> => ({ ...property, earlier: lines });

/** The property, null in the lines that do not have it. */
export const absentIn = <Value>(
  lines: readonly KafkaLine[],
  property: Property<Value>,
): Property<Value | null> => ({ ...property, absentIn: lines });

/** The default of a property in a release line; null when the line does not have it. */
export function defaultOf(property: Property<unknown>, line: KafkaLine): unknown {
  if (property.absentIn?.includes(line)) return null;
  const older = property.earlier?.[line];
  return older === undefined ? property.value : older;
}

/** Reads a value as written in a scenario. */
export function parseProperty(property: Property<unknown>, input: unknown): Parsed<unknown> {
  switch (property.kind) {
    case 'boolean':
      if (input === true || input === 'true') return { value: true };
      if (input === false || input === 'false') return { value: false };
      return { problem: `expected true or false, found ${show(input)}` };
    case 'choice':
      return parseChoice(property, input);
    case 'list':
      return parseList(property, input);
    case 'text':
      return typeof input === 'string' || typeof input === 'number'
        ? { value: String(input) }
        : { problem: `expected text, found ${show(input)}` };
    default:
      return isNever(property, input) ? { value: null } : parseNumeric(property, property.kind, input);
  }
}

/** The value in the notation of Kafka's properties files. */
export function plainText(property: Property<unknown>, value: unknown): string {
  if (value === null) return property.never ?? '';
  return Array.isArray(value) ? value.join(',') : String(value);
}

function isNever(property: Property<unknown>, input: unknown): boolean {
  if (property.never === undefined) return false;
  if (input === 'never') return true;
  return (typeof input === 'number' || typeof input === 'string') && Number(input) === Number(property.never);
}

function parseNumeric(property: Property<unknown>, kind: NumberKind, input: unknown): Parsed<number> {
  const plain = typeof input === 'string' && /^-?\d+(\.\d+)?$/.test(input) ? Number(input) : input;
  const expected = expectedNumber(property, kind);
  const parsed =
    typeof plain === 'number' ? { value: plain } : (withUnit(kind, plain) ?? { problem: 'no unit applies' });
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = property;
  if (
    'problem' in parsed ||
    !(parsed.value >= minimum && parsed.value <= maximum) ||
    (kind !== 'ratio' && !Number.isInteger(parsed.value))
  ) {
    return { problem: `expected ${expected}, found ${show(input)}` };
  }
  return parsed;
}

const IN_NANOSECONDS = { ms: 1e6, seconds: 1e9, minutes: 60e9, hours: 3600e9 } as const;

function withUnit(kind: NumberKind, input: unknown): Parsed<number> | null {
  switch (kind) {
    case 'bytes':
      return parseBytes(input);
    case 'bytes/s':
      return parseByteRate(input);
    case 'ms':
    case 'seconds':
    case 'minutes':
    case 'hours':
      return mapParsed(parseDurationNs(input), (ns) => ns / IN_NANOSECONDS[kind]);
    default:
      return null;
  }
}

const NUMBER_EXAMPLES: Readonly<Record<NumberKind, string>> = {
  count: 'a whole number',
  ratio: 'a number',
  bytes: 'whole bytes such as 16384 or 16KiB',
  'bytes/s': 'bytes per second such as 10MiB/s',
  ms: 'whole milliseconds such as 5, 5ms or 24h',
  seconds: 'whole seconds such as 30 or 30s',
  minutes: 'whole minutes such as 90 or 90m',
  hours: 'whole hours such as 168 or 7d',
};

function expectedNumber(property: Property<unknown>, kind: NumberKind): string {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = property;
  const upTo =
    maximum === Number.MAX_SAFE_INTEGER ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  return `${NUMBER_EXAMPLES[kind]},${upTo}${property.never === undefined ? '' : ', or never'}`;
}

function parseChoice(property: Property<unknown>, input: unknown): Parsed<string> {
  const choices = property.choices ?? [];
  const written = typeof input === 'string' || typeof input === 'number' ? String(input) : null;
  if (written !== null && choices.includes(written)) return { value: written };
  const alias = written === null ? undefined : property.aliases?.[written];
  if (alias !== undefined) return { value: alias };
  return { problem: notOneOf(choices, input) };
}

function parseList(property: Property<unknown>, input: unknown): Parsed<readonly string[]> {
  const items: readonly unknown[] =
    typeof input === 'string' ? input.split(',').map((item) => item.trim()) : [];
  const entries = Array.isArray(input) ? input : items.filter((item) => item !== '');
  if (typeof input !== 'string' && !Array.isArray(input)) {
    return { problem: `expected a list, or text with commas, found ${show(input)}` };
  }
  const { choices } = property;
  const wrong = entries.find(
    (entry) => typeof entry !== 'string' || (choices !== undefined && !choices.includes(entry)),
  );
  if (wrong !== undefined) {
    return {
      problem: choices === undefined ? `expected text, found ${show(wrong)}` : notOneOf(choices, wrong),
    };
  }
  const { entry: form } = property;
  const isAny = entries.length === 1 && entries[0] === ANY;
  const odd = form === undefined || isAny ? undefined : entries.find((entry) => !form.pattern.test(entry));
  return odd === undefined
    ? { value: entries }
    : { problem: `expected ${form?.expected}, found ${show(odd)}` };
}

/** "expected a, b or c, found x, did you mean b?" */
export function notOneOf(choices: readonly string[], input: unknown): string {
  const nearest = typeof input === 'string' ? closest(input, choices) : null;
  const most = choices.slice(0, -1).join(', ');
  const listed = choices.length > 1 ? `${most} or ${choices.at(-1)}` : String(choices[0]);
  return `expected ${listed}, found ${show(input)}${nearest === null ? '' : `, did you mean ${nearest}?`}`;
}
