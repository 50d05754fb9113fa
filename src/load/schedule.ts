/**
 * When records are due. A class's records are numbered 0, 1, 2, ... in time; client c of n has the records whose number
 * is c modulo n, so that the clients of a class interleave evenly.
 *
 * Constant rate r (records/s): record k is due at start + k / r.
 * Piecewise: the rate goes in a line from one value to another in each segment and stays at the last; the segments begin
 * at the end of the warm-up, before which the first value holds. Record k is due when the integral of the rate is k.
 * Diurnal: rate(t) = mean + amplitude * cos(2 pi (t - peakAt) / day), t = time since the start, which is midnight;
 * mean = (peak + trough) / 2, amplitude = (peak - trough) / 2. Record k is due when the integral of the rate is k.
 * Poisson: each of n clients has gaps that are exponential with the mean n / r, so that all together have those of rate r.
 */
import type { Rate } from '../scenario/scenario.ts';
import { NS_PER_MS, NS_PER_SECOND } from './clock.ts';
import { randomStream } from './random.ts';

const DAY_NS = 86_400 * NS_PER_SECOND;
/** Halvings of an interval of at most a day down to less than a nanosecond. */
const BISECTIONS = 60;

export interface ScheduleOptions {
  readonly rate: Rate;
  /** Factor on the rate. */
  readonly load: number;
  readonly startNs: number;
  /** From the start. */
  readonly warmupNs: number;
  /** Number of this client inside its class, from 0. */
  readonly client: number;
  readonly clients: number;
  /** Names the random stream of a Poisson rate. */
  readonly stream: string;
  /** Of the whole class: those numbered from here on are never due. */
  readonly recordsMax?: number;
}

/** A cursor over one client's due times; times never decrease. */
export interface Schedule {
  /** Due time of the next record, nanoseconds on the common clock; Infinity when none will ever be due. */
  readonly dueNs: number;
  /** Steps to the following record. */
  advance(): void;
}

/** A cursor at the client's first record. Two cursors made from equal options give equal times. */
export function createSchedule(options: ScheduleOptions): Schedule {
  return new Cursor(options, arrivals(options));
}

/** Time from the start to a record, ns, when the client's record before it was due at `beforeNs`, from the start too. */
type Arrivals = (record: number, beforeNs: number) => number;

class Cursor implements Schedule {
  dueNs: number;
  readonly #options: ScheduleOptions;
  readonly #arrivals: Arrivals;
  #record: number;
  #elapsedNs = 0;

  constructor(options: ScheduleOptions, of: Arrivals) {
    this.#options = options;
    this.#arrivals = of;
    this.#record = options.client;
    this.dueNs = this.#due();
  }

  advance(): void {
    this.#record += this.#options.clients;
    this.dueNs = this.#due();
  }

  #due(): number {
    const { recordsMax = Number.POSITIVE_INFINITY, startNs } = this.#options;
    if (this.#record >= recordsMax) {
      return Number.POSITIVE_INFINITY;
    }
    this.#elapsedNs = this.#arrivals(this.#record, this.#elapsedNs);
    return startNs + this.#elapsedNs;
  }
}

function arrivals(options: ScheduleOptions): Arrivals {
  const { rate, load } = options;
  switch (rate.kind) {
    case 'constant':
      return constant(rate.recordsPerSecond * load);
    case 'poisson':
      return poisson(rate.recordsPerSecond * load, options);
    case 'piecewise':
      return piecewise(rate.segments, options);
    case 'diurnal':
      return diurnal(rate, options);
  }
}

function constant(recordsPerSecond: number): Arrivals {
  const gapNs = NS_PER_SECOND / recordsPerSecond;
  return recordsPerSecond > 0 ? (record) => record * gapNs : () => Number.POSITIVE_INFINITY;
}

function poisson(recordsPerSecond: number, { clients, stream }: ScheduleOptions): Arrivals {
  const random = randomStream(`${stream}/arrivals`);
  const meanNs = (NS_PER_SECOND * clients) / recordsPerSecond;
  return recordsPerSecond > 0
    ? (_, beforeNs) => beforeNs - Math.log(1 - random()) * meanNs
    : () => Number.POSITIVE_INFINITY;
}

/** A stretch of time in which the rate goes in a line. */
interface Stretch {
  readonly beginNs: number;
  readonly lengthNs: number;
  /** Due before it. */
  readonly records: number;
  readonly fromPerNs: number;
  readonly toPerNs: number;
}

function piecewise(
  segments: Extract<Rate, { kind: 'piecewise' }>['segments'],
  { load, warmupNs }: ScheduleOptions,
): Arrivals {
  const perNs = load / NS_PER_SECOND;
  const stretches: Stretch[] = [];
  let beginNs = 0;
  let records = 0;
  const add = (lengthNs: number, fromPerNs: number, toPerNs: number): void => {
    stretches.push({ beginNs, lengthNs, records, fromPerNs, toPerNs });
    beginNs += lengthNs;
    records += (lengthNs * (fromPerNs + toPerNs)) / 2;
  };
  const first = segments[0].fromRecordsPerSecond * perNs;
  const last = segments[segments.length - 1].toRecordsPerSecond * perNs;
  add(warmupNs, first, first);
  for (const { fromRecordsPerSecond, toRecordsPerSecond, durationMs } of segments) {
    add(durationMs * NS_PER_MS, fromRecordsPerSecond * perNs, toRecordsPerSecond * perNs);
  }
  add(Number.POSITIVE_INFINITY, last, last);
  let place = 0;
  return (record) => {
    while (place + 1 < stretches.length && record >= stretches[place + 1].records) {
      place++;
    }
    return timeIn(stretches[place], record);
  };
}

/** When the integral of the rate is `record`: the root of from t + (to - from) t^2 / (2 length) = record - records. */
function timeIn({ beginNs, lengthNs, records, fromPerNs, toPerNs }: Stretch, record: number): number {
  const missing = record - records;
  const growth = lengthNs === Number.POSITIVE_INFINITY ? 0 : (toPerNs - fromPerNs) / lengthNs;
  if (missing <= 0) {
    return beginNs;
  }
  // In the form that does not lose digits when the rate hardly changes, nor fails when it begins at 0.
  return (
    beginNs + (2 * missing) / (fromPerNs + Math.sqrt(Math.max(0, fromPerNs ** 2 + 2 * growth * missing)))
  );
}

function diurnal(rate: Extract<Rate, { kind: 'diurnal' }>, { load, clients }: ScheduleOptions): Arrivals {
  const perNs = load / NS_PER_SECOND;
  const meanPerNs = ((rate.peakRecordsPerSecond + rate.troughRecordsPerSecond) / 2) * perNs;
  const amplitudePerNs = ((rate.peakRecordsPerSecond - rate.troughRecordsPerSecond) / 2) * perNs;
  const peakAtNs = rate.peakAtMs * NS_PER_MS;
  const radians = (2 * Math.PI) / DAY_NS;
  const recordsUntil = (elapsedNs: number): number => {
    const swing = Math.sin((elapsedNs - peakAtNs) * radians) + Math.sin(peakAtNs * radians);
    return meanPerNs * elapsedNs + (amplitudePerNs / radians) * swing;
  };
  return (record, beforeNs) => {
    if (meanPerNs === 0) {
      return Number.POSITIVE_INFINITY;
    }
    let low = beforeNs;
    let stepNs = clients / meanPerNs;
    while (recordsUntil(low + stepNs) < record) {
      stepNs *= 2;
    }
    let high = low + stepNs;
    for (let round = 0; round < BISECTIONS && high - low > 1; round++) {
      const middle = (low + high) / 2;
      if (recordsUntil(middle) < record) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  };
}
