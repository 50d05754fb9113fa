/**
 * When records are due. A class's records are numbered 0, 1, 2, ... in time; client c of n has the records whose number
 * is c modulo n, so that the clients of a class interleave evenly.
 *
 * Constant rate r (records/s): record k is due at start + k / r.
 * Diurnal: rate(t) = mean + amplitude * cos(2 pi (t - peakAt) / day), t = time since the start, which is midnight;
 * mean = (peak + trough) / 2, amplitude = (peak - trough) / 2. Record k is due when the integral of the rate is k.
 */
import type { Rate } from '../scenario/scenario.ts';
import { NS_PER_MS, NS_PER_SECOND } from './clock.ts';

const DAY_NS = 86_400 * NS_PER_SECOND;
/** Halvings of an interval of at most a day down to less than a nanosecond. */
const BISECTIONS = 60;

export interface ScheduleOptions {
  readonly rate: Rate;
  /** Factor on the rate. */
  readonly load: number;
  readonly startNs: number;
  /** Number of this client inside its class, from 0. */
  readonly client: number;
  readonly clients: number;
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
  return options.rate.kind === 'constant'
    ? new ConstantSchedule(options, options.rate.recordsPerSecond * options.load)
    : new DiurnalSchedule(options, options.rate);
}

class ConstantSchedule implements Schedule {
  dueNs: number;
  readonly #startNs: number;
  readonly #nsPerRecord: number;
  readonly #clients: number;
  #record: number;

  constructor(options: ScheduleOptions, recordsPerSecond: number) {
    this.#startNs = options.startNs;
    this.#nsPerRecord = recordsPerSecond > 0 ? NS_PER_SECOND / recordsPerSecond : Number.POSITIVE_INFINITY;
    this.#clients = options.clients;
    this.#record = options.client;
    this.dueNs = this.#due();
  }

  advance(): void {
    this.#record += this.#clients;
    this.dueNs = this.#due();
  }

  #due(): number {
    return this.#nsPerRecord === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : this.#startNs + this.#record * this.#nsPerRecord;
  }
}

class DiurnalSchedule implements Schedule {
  dueNs: number;
  readonly #startNs: number;
  readonly #meanPerNs: number;
  readonly #amplitudePerNs: number;
  readonly #peakAtNs: number;
  readonly #clients: number;
  #record: number;

  constructor(options: ScheduleOptions, rate: Extract<Rate, { kind: 'diurnal' }>) {
    const perNs = options.load / NS_PER_SECOND;
    this.#startNs = options.startNs;
    this.#meanPerNs = ((rate.peakRecordsPerSecond + rate.troughRecordsPerSecond) / 2) * perNs;
    this.#amplitudePerNs = ((rate.peakRecordsPerSecond - rate.troughRecordsPerSecond) / 2) * perNs;
    this.#peakAtNs = rate.peakAtMs * NS_PER_MS;
    this.#clients = options.clients;
    this.#record = options.client;
    this.dueNs = this.#due(options.startNs);
  }

  advance(): void {
    this.#record += this.#clients;
    this.dueNs = this.#due(this.dueNs);
  }

  #due(fromNs: number): number {
    if (this.#meanPerNs === 0) {
      return Number.POSITIVE_INFINITY;
    }
    let low = fromNs - this.#startNs;
    let stepNs = this.#clients / this.#meanPerNs;
    while (this.#recordsUntil(low + stepNs) < this.#record) {
      stepNs *= 2;
    }
    let high = low + stepNs;
    for (let round = 0; round < BISECTIONS && high - low > 1; round++) {
      const middle = (low + high) / 2;
      if (this.#recordsUntil(middle) < this.#record) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return this.#startNs + high;
  }

  #recordsUntil(elapsedNs: number): number {
    const radians = (2 * Math.PI) / DAY_NS;
    const swing = Math.sin((elapsedNs - this.#peakAtNs) * radians) + Math.sin(this.#peakAtNs * radians);
    return this.#meanPerNs * elapsedNs + (this.#amplitudePerNs / radians) * swing;
  }
}
