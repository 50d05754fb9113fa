/**
 * The one grammar of quantities: a number, then its unit, a blank between them or not.
 *
 *     durations   ns us ms s m h d                        5ms, 1.5 h
 *     sizes       B, KiB MiB GiB TiB, kB MB GB TB         64KiB, 1 MB
 *     counts      a plain number, or k M G T              5M
 *     rates       a count per s, m, h or d                60k/s, 7T/d
 *     byte rates  a size per second, or bits per second   10MiB/s, 200Mbit/s
 *
 * A bare number has no meaning where a unit is missing, so it is refused except for counts.
 */

export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

const NANOSECONDS = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86400e9,
} as const;

const BYTES = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  TiB: 1_099_511_627_776,
} as const;

const COUNTS = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const;

const BITS = { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9, Tbit: 1e12 } as const;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 } as const;

type Units = Readonly<Record<string, number>>;

const RATES = crossed(COUNTS, SECONDS);

const BYTE_RATES: Units = Object.fromEntries([
  ...Object.entries(BYTES).map(([unit, bytes]) => [`${unit}/s`, bytes]),
  ...Object.entries(BITS).map(([unit, bits]) => [`${unit}/s`, bits / 8]),
]);

/** How a value from the file is shown in a message. */
export function show(input: unknown): string {
  if (input === undefined || input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map';
  const text = typeof input === 'string' ? JSON.stringify(input) : String(input);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A duration in whole nanoseconds. */
export function parseDurationNs(input: unknown): Parsed<number> {
  return quantity(input, {
    expected: 'a duration such as 50us, 5ms, 30s or 24h',
    units: NANOSECONDS,
    unitNames: 'ns us ms s m h d',
    whole: 'nanoseconds',
  });
}

/** A duration in milliseconds. */
export function parseDurationMs(input: unknown): Parsed<number> {
  return mapParsed(parseDurationNs(input), (ns) => ns / 1e6);
}

/** A size in whole bytes. */
export function parseBytes(input: unknown): Parsed<number> {
  return quantity(input, {
    expected: 'a size such as 200B, 64KiB or 1MB',
    units: BYTES,
    unitNames: Object.keys(BYTES).join(' '),
    whole: 'bytes',
  });
}

/** A rate of records, per second. */
export function parseRate(input: unknown): Parsed<number> {
  return quantity(input, {
    expected: 'a rate such as 500/s or 60k/s',
    units: RATES,
    unitNames: '/s, k/s, M/s; per m, h or d too',
    whole: null,
  });
}

/** A rate of bytes, per second. */
export function parseByteRate(input: unknown): Parsed<number> {
  return quantity(input, {
    expected: 'a byte rate such as 10MiB/s, 200Mbit/s or 1Gbit/s',
    units: BYTE_RATES,
    unitNames: 'B/s KiB/s MiB/s GiB/s MB/s GB/s Mbit/s Gbit/s',
    whole: null,
  });
}

/** A whole count, plain or with k, M, G, T. */
export function parseCount(input: unknown): Parsed<number> {
  return quantity(input, {
    expected: 'a whole number such as 12, 200k or 5M',
    units: COUNTS,
    unitNames: 'none, k M G T',
    whole: 'things',
  });
}

/** A plain number, zero or more, of no unit: a factor, a share, an exponent. */
export function parseNumber(input: unknown): Parsed<number> {
  return quantity(input, { expected: 'a plain number', units: { '': 1 }, unitNames: 'none', whole: null });
}

/** A time of day `HH:MM`, in milliseconds after midnight. */
export function parseTimeOfDayMs(input: unknown): Parsed<number> {
  const match = typeof input === 'string' ? /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(input) : null;
  if (match === null) return { problem: `expected a time of day such as "20:00", found ${show(input)}` };
  return { value: (Number(match[1]) * 60 + Number(match[2])) * 60_000 };
}

export function mapParsed<From, To>(parsed: Parsed<From>, change: (value: From) => To): Parsed<To> {
  return 'problem' in parsed ? parsed : { value: change(parsed.value) };
}

interface Grammar {
  readonly expected: string;
  readonly units: Units;
  readonly unitNames: string;
  /** What there can only be a whole number of, or null. */
  readonly whole: string | null;
}

function quantity(input: unknown, grammar: Grammar): Parsed<number> {
  const { expected, units, unitNames, whole } = grammar;
  const match =
    typeof input === 'number' || typeof input === 'string'
      ? /^(\d+(?:\.\d+)?)(?:\s*([A-Za-z/]+))?$/.exec(String(input).trim())
      : null;
  if (match === null) return { problem: `expected ${expected}, found ${show(input)}` };
  const unit = match[2] ?? '';
  if (!Object.hasOwn(units, unit)) {
    const advice = unit === '' ? 'add a unit' : `unknown unit "${unit}"`;
    return { problem: `expected ${expected}, found ${show(input)}: ${advice} (${unitNames})` };
  }
  const value = Number(match[1]) * units[unit];
  if (whole === null) return { value };
  const rounded = Math.round(value);
  // The tolerance is for 1.1MB, which is not exact in binary; 1.1KiB is a mistake.
  if (Math.abs(value - rounded) > 1e-12 * value) {
    return { problem: `expected ${expected}, found ${show(input)}: not a whole number of ${whole}` };
  }
  if (rounded > Number.MAX_SAFE_INTEGER && whole !== 'nanoseconds') {
    return { problem: `expected ${expected}, found ${show(input)}: too large` };
  }
  return { value: rounded };
}

function crossed(counts: Units, seconds: Units): Units {
  return Object.fromEntries(
    Object.entries(counts).flatMap(([count, factor]) =>
      Object.entries(seconds).map(([per, length]) => [`${count}/${per}`, factor / length]),
    ),
  );
}
