/**
 * One shard of a simulation: entities that send each other events in simulated time.
 *
 *   schedule ─► EventQueue ─► run: pop, fold into the target's hash chain, model.handle(kind, target, a, b, c, d)
 *   schedule to an entity of another shard ─► outbox ─► delivered between windows
 *
 * An event that takes no time lands in the next microstep of the same instant. Entities are numbered over all shards;
 * a shard's own are `entityBase`, `entityBase + 1`, ...
 */
import { Columns, type Float64Column, growColumn, type RecordColumn } from './columns.ts';
import { Complaints, STANDSTILL_SAMPLE } from './complaints.ts';
import { EventQueue } from './event-queue.ts';
import {
  A,
  B,
  C,
  D,
  type EventRecords,
  KIND,
  PRIORITY,
  ROW_HALVES,
  MICROSTEP as ROW_MICROSTEP,
  ROW_WORDS,
  SEQUENCE,
  SOURCE,
  TARGET,
  TIME,
} from './event-rows.ts';
import { Random } from './random.ts';
import { nearestNs, TIME_NS_MAX } from './time.ts';
import { TraceHash } from './trace-hash.ts';
import type { TraceSink } from './trace-sink.ts';

/** Receives a shard's events. One integer `switch` on the kind. */
export interface Model {
  handle(kind: number, target: number, a: number, b: number, c: number, d: number): void;
  /** Cold: the names of the kinds, for messages. */
  readonly kindNames: readonly string[];
}

export interface SimulationOptions {
  readonly seed: string;
  /** Number of the shard's first entity; shards must not overlap. */
  readonly entityBase: number;
  readonly limits: Limits;
}

export interface Limits {
  /** Most events pending at once. */
  readonly eventsPending: number;
  /** Most events handled without time passing. */
  readonly eventsPerInstant: number;
}

const NO_EVENTS: EventRecords = { data: new Float64Array(0), halves: new Uint32Array(0) };
const OUTBOX_AT_START = 16;

const NOW = 0;
const MICROSTEP = 1;
const EVENTS = 2;
const EVENTS_THIS_INSTANT = 3;
const OUTBOX_LENGTH = 4;
/** The delay of the event that is being scheduled. */
const DELAY = 5;
const CLOCK_LENGTH = 6;
/** Entities sit in columns of 32 bits. */
const ENTITIES_MAX = 4_294_967_296;
const ENTITIES_AT_START = 64;
const NOBODY = -1;
const NO_ROW = -1;

export class Simulation {
  readonly columns = new Columns();
  readonly random: Random;
  readonly #queue: EventQueue;
  readonly #hash: TraceHash;
  readonly #limits: Limits;
  readonly #complaints = new Complaints(this);
  readonly #entityBase: number;
  readonly #entityNames: string[] = [];
  readonly #sequence: Float64Column;
  readonly #clock: Float64Array;
  readonly #outbox: RecordColumn;
  #model: Model | null = null;
  #trace: TraceSink | null = null;
  #kinds = 0;
  /** The entity whose event is being handled; NOBODY between events and while the model is built. */
  #current = NOBODY;
  /** The row that the event being scheduled is to take; NO_ROW for a new one. */
  #reused = NO_ROW;
  /** Least delay of an event for another shard; Infinity when there is none. */
  #lookaheadNs = Number.POSITIVE_INFINITY;

  constructor(options: SimulationOptions) {
    this.#limits = options.limits;
    this.#entityBase = options.entityBase;
    this.random = new Random(this.columns, options.seed);
    this.#queue = new EventQueue(this.columns, options.limits.eventsPending);
    this.#hash = new TraceHash(this.columns);
    this.#sequence = this.columns.float64('entities/sequence', ENTITIES_AT_START, 'grows');
    this.#clock = this.columns.float64('clock', CLOCK_LENGTH).data;
    this.#outbox = this.columns.records('outbox', ROW_WORDS, OUTBOX_AT_START);
  }

  /** Now, in nanoseconds since the start. */
  get nowNs(): number {
    return this.#clock[NOW];
  }

  /** Events handled so far. */
  get events(): number {
    return this.#clock[EVENTS];
  }

  /** Number of the shard's first entity. */
  get entityBase(): number {
    return this.#entityBase;
  }

  get entityNames(): readonly string[] {
    return this.#entityNames;
  }

  /** The model's names of the kinds, none before it is set. */
  get kindNames(): readonly string[] {
    return this.#model?.kindNames ?? [];
  }

  /** Time of the earliest pending event; Infinity when there is none. */
  get earliestNs(): number {
    return this.#queue.earliestNs;
  }

  /**
   * Makes an entity; its number is its place in the total order.
   * @throws Error when the shard has an entity of that name, or no number is left
   */
  entity(name: string): number {
    const local = this.#entityNames.length;
    if (!(this.#entityBase + local < ENTITIES_MAX)) {
      throw new RangeError(`entity(${name}): entities are numbered below 2^32`);
    }
    this.columns.label(`entity/${name}`);
    this.#entityNames.push(name);
    if (local === this.#sequence.data.length) growColumn(this.#sequence, local * 2);
    this.#hash.addEntity(local);
    return this.#entityBase + local;
  }

  /** Sets the receiver of the events, once, before `run`. */
  setModel(model: Model): void {
    this.#model = model;
    this.#kinds = model.kindNames.length;
  }

  /**
   * Lets what happens in the same microstep happen in another legal order from here on: between events.
   * What one entity sends another still arrives in the order of sending.
   * @param seed a whole number below 2^32; 0 for the plain order
   */
  exploreTies(seed: number): void {
    if (!(Number.isInteger(seed) && seed >= 0 && seed < ENTITIES_MAX)) {
      throw new RangeError(`exploreTies(${seed}): expected a whole number from 0 to 2^32 - 1`);
    }
    this.#queue.tieSeed = seed;
  }

  /** Tells `sink` every event that is handled from here on. */
  traceTo(sink: TraceSink): void {
    this.#trace = sink;
  }

  /** Lets events go to other shards, no sooner than `lookaheadNs` after they are sent. */
  joinShards(lookaheadNs: number): void {
    this.#lookaheadNs = lookaheadNs;
  }

  /**
   * Schedules an event `delayNs` from now; 0 lands in the next microstep.
   * @param delayNs nanoseconds, rounded by the one rule
   * @param target an entity of this shard or of another (then the delay must be at least the lookahead)
   * @param priority a whole number from 0; of two events of one microstep the lower comes first
   * @throws RangeError, naming the kind and the target, for a delay that is negative, not a number or ends beyond
   *   2^53 ns, an unknown kind or target, or a delay below the lookahead
   */
  schedule(delayNs: number, target: number, kind: number, a = 0, b = 0, c = 0, d = 0, priority = 0): void {
    // A double that functions hand to each other is allocated: this one is small enough to be inlined where it is
    // called, and what lies behind it takes the delay from the clock's column.
    this.#clock[DELAY] = delayNs;
    this.#schedule(target, kind, a, b, c, d, priority);
  }

  /**
   * Schedules an event that can be taken back, otherwise as `schedule` does.
   * @returns a handle for `cancel`; 0 for another shard's entity, whose events can't be taken back
   */
  scheduleTimer(
    delayNs: number,
    target: number,
    kind: number,
    a = 0,
    b = 0,
    c = 0,
    d = 0,
    priority = 0,
  ): number {
    this.#clock[DELAY] = delayNs;
    const row = this.#schedule(target, kind, a, b, c, d, priority);
    return row === NO_ROW ? 0 : this.#queue.rows.handle(row);
  }

  /**
   * Sets a timer anew: takes back the event of `handle` if it is pending, then does as `scheduleTimer`. A timer that is
   * taken back and set again and again, each time for later, costs no new row in this way.
   * @param handle of the timer's last event; 0 for none
   */
  resetTimer(
    handle: number,
    delayNs: number,
    target: number,
    kind: number,
    a = 0,
    b = 0,
    c = 0,
    d = 0,
    priority = 0,
  ): number {
    this.#queue.cancel(handle);
    this.#clock[DELAY] = delayNs;
    this.#reused = this.#queue.reusable(handle, this.#clock[NOW] + nearestNs(delayNs));
    const row = this.#schedule(target, kind, a, b, c, d, priority);
    this.#reused = NO_ROW;
    return row === NO_ROW ? 0 : this.#queue.rows.handle(row);
  }

  /** Takes back an event by its handle; false when it has fired or was taken back before. */
  cancel(handle: number): boolean {
    return this.#queue.cancel(handle);
  }

  /**
   * Handles every event up to and including `untilNs`, then sets the clock there.
   * @param untilNs a whole number of ns, not before now
   * @param eventsMax most events handled by this call, so that a caller can look after other things in between
   * @returns whether all is done; false when `eventsMax` came first (the clock is at the last event then)
   * @throws Error with the entity and kind involved when time stands still
   */
  run(untilNs: number, eventsMax = Number.POSITIVE_INFINITY): boolean {
    const model = this.#model;
    if (model === null) throw new Error('run: the simulation has no model');
    if (!(Number.isSafeInteger(untilNs) && untilNs >= this.nowNs)) {
      throw new RangeError(
        `run(${untilNs}): expected a whole number of ns from ${this.nowNs} (now) to 2^53 - 1`,
      );
    }
    const queue = this.#queue;
    const clock = this.#clock;
    const base = this.#entityBase;
    const standstillFrom = this.#limits.eventsPerInstant - STANDSTILL_SAMPLE;
    const eventsEnd = clock[EVENTS] + eventsMax;
    while (queue.bringUp() && queue.firstNs <= untilNs) {
      if (clock[EVENTS] >= eventsEnd) {
        this.#current = NOBODY;
        return false;
      }
      const row = queue.pop();
      const { data, halves } = queue.rows.records;
      const word = row * ROW_WORDS;
      const half = row * ROW_HALVES;
      const time = data[word + TIME];
      const kind = halves[half + KIND];
      const target = halves[half + TARGET];
      const a = data[word + A];
      const b = data[word + B];
      const c = data[word + C];
      const d = data[word + D];
      if (time === clock[NOW]) {
        clock[EVENTS_THIS_INSTANT] += 1;
        if (clock[EVENTS_THIS_INSTANT] > standstillFrom) this.#watchStandstill(target, kind);
      } else {
        clock[NOW] = time;
        clock[EVENTS_THIS_INSTANT] = 1;
      }
      clock[MICROSTEP] = halves[half + ROW_MICROSTEP];
      if (this.#trace !== null) this.#tell(this.#trace, row);
      this.#hash.fold(target - base, halves, half);
      queue.rows.give(row);
      clock[EVENTS] += 1;
      this.#current = target;
      model.handle(kind, target, a, b, c, d);
    }
    this.#current = NOBODY;
    if (clock[NOW] < untilNs) {
      clock[NOW] = untilNs;
      clock[EVENTS_THIS_INSTANT] = 0;
      clock[MICROSTEP] = 0;
    }
    return true;
  }

  /**
   * Takes the events that entities of other shards are to receive.
   * @returns a view, good until the next event for another shard is scheduled
   */
  takeOutbox(): EventRecords {
    const length = this.#clock[OUTBOX_LENGTH];
    if (length === 0) return NO_EVENTS;
    this.#clock[OUTBOX_LENGTH] = 0;
    const { data, halves } = this.#outbox;
    return { data: data.subarray(0, length * ROW_WORDS), halves: halves.subarray(0, length * ROW_HALVES) };
  }

  /**
   * Puts in events that other shards sent: those in `events` from number `from` up to number `to`, exclusive.
   * @throws Error when one is for nobody here, or for a time that the shard has run through
   */
  deliver(events: EventRecords, from = 0, to = events.data.length / ROW_WORDS): void {
    const { rows } = this.#queue;
    for (let event = from; event < to; event += 1) {
      const target = events.halves[event * ROW_HALVES + TARGET];
      const kind = events.halves[event * ROW_HALVES + KIND];
      const timeNs = events.data[event * ROW_WORDS + TIME];
      if (this.#isForeign(target)) throw this.#complaints.stranger(target, kind);
      if (!(timeNs > this.#clock[NOW])) throw this.#complaints.late(target, kind, timeNs);
      const row = this.#takeRow(target, kind);
      rows.copy(events, event, row);
      this.#queue.insert(row);
    }
  }

  /** The hash chains of the shard's entities, for `foldChains`. */
  hashChains(): Uint32Array {
    return this.#hash.chains();
  }

  /** The row of the new event; NO_ROW when it goes to another shard. */
  #schedule(
    target: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
    priority: number,
  ): number {
    const clock = this.#clock;
    const delay = nearestNs(clock[DELAY]);
    const time = clock[NOW] + delay;
    if (!(time <= TIME_NS_MAX)) throw this.#complaints.delay(clock[DELAY], target, kind);
    if (kind >>> 0 !== kind || kind >= this.#kinds) throw this.#complaints.unknownKind(target, kind);
    if (priority >>> 0 !== priority) throw this.#complaints.priority(priority, target, kind);
    const foreign = this.#isForeign(target);
    if (foreign && !(this.#current !== NOBODY && target >= 0 && delay >= this.#lookaheadNs)) {
      const running = this.#current === NOBODY ? null : this.#current;
      throw this.#complaints.foreign(delay, target, kind, running, this.#lookaheadNs);
    }
    const source = this.#current === NOBODY ? target : this.#current;
    const local = source - this.#entityBase;
    const sequence = this.#sequence.data[local] + 1;
    this.#sequence.data[local] = sequence;
    const reused = foreign ? NO_ROW : this.#reused;
    const row = foreign ? this.#outboxPlace() : reused === NO_ROW ? this.#takeRow(target, kind) : reused;
    const { data, halves } = foreign ? this.#outbox : this.#queue.rows.records;
    const word = row * ROW_WORDS;
    const half = row * ROW_HALVES;
    data[word + TIME] = time;
    data[word + SEQUENCE] = sequence;
    data[word + A] = a;
    data[word + B] = b;
    data[word + C] = c;
    data[word + D] = d;
    halves[half + TARGET] = target;
    halves[half + KIND] = kind;
    halves[half + SOURCE] = source;
    halves[half + PRIORITY] = priority;
    halves[half + ROW_MICROSTEP] = delay === 0 ? clock[MICROSTEP] + 1 : 0;
    if (foreign) return NO_ROW;
    if (reused === NO_ROW) this.#queue.insert(row);
    else this.#queue.reinsert(row);
    return row;
  }

  #takeRow(target: number, kind: number): number {
    const queue = this.#queue;
    if (queue.size >= this.#limits.eventsPending) {
      throw this.#complaints.pending(this.#limits.eventsPending, target, kind, queue.rows);
    }
    return queue.rows.take();
  }

  #outboxPlace(): number {
    const place = this.#clock[OUTBOX_LENGTH];
    this.#clock[OUTBOX_LENGTH] = place + 1;
    const words = place * ROW_WORDS;
    if (words === this.#outbox.data.length) growColumn(this.#outbox, words * 2);
    return place;
  }

  #tell(sink: TraceSink, row: number): void {
    const { data, halves } = this.#queue.rows.records;
    const word = row * ROW_WORDS;
    const half = row * ROW_HALVES;
    const target = halves[half + TARGET];
    sink.event(
      data[word + TIME],
      halves[half + ROW_MICROSTEP],
      halves[half + PRIORITY],
      target,
      halves[half + SOURCE],
      data[word + SEQUENCE],
      halves[half + KIND],
      data[word + A],
      data[word + B],
      data[word + C],
      data[word + D],
      this.#sequence.data[target - this.#entityBase],
    );
  }

  /** Near the limit of events without time passing, and at it. */
  #watchStandstill(target: number, kind: number): void {
    const { eventsPerInstant } = this.#limits;
    if (this.#clock[EVENTS_THIS_INSTANT] > eventsPerInstant) {
      throw this.#complaints.standstill(eventsPerInstant);
    }
    this.#complaints.noteStandstill(target, kind);
  }

  #isForeign(entity: number): boolean {
    const local = entity - this.#entityBase;
    return !(local >= 0 && local < this.#entityNames.length);
  }
}
