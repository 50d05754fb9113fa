/**
 * One shard of a simulation: entities that send each other events in simulated time.
 *
 *   schedule ─► EventQueue ─► run: pop, fold into the target's hash chain, model.handle(kind, target, a, b, c, d)
 *   schedule to an entity of another shard ─► outbox ─► delivered between windows
 *
 * An event that takes no time lands in the next microstep of the same instant. Entities are numbered over all shards;
 * a shard's own are `entityBase`, `entityBase + 1`, ...
 */
import { Columns, type Float64Column, growColumn } from './columns.ts';
import { EventQueue } from './event-queue.ts';
import { Random } from './random.ts';
import { roundNs, TIME_NS_MAX } from './time.ts';
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

/** Columns of an event on its way to another shard, `MESSAGE_WORDS` numbers each. */
export const MESSAGE_WORDS = 10;

const NOW = 0;
const MICROSTEP = 1;
const EVENTS = 2;
const EVENTS_THIS_INSTANT = 3;
const OUTBOX_LENGTH = 4;
const CLOCK_LENGTH = 5;
/** Entities sit in columns of 32 bits. */
const ENTITIES_MAX = 4_294_967_296;
const NOBODY = -1;

export class Simulation {
  readonly columns = new Columns();
  readonly random: Random;
  readonly #queue: EventQueue;
  readonly #hash: TraceHash;
  readonly #limits: Limits;
  readonly #entityBase: number;
  readonly #entityNames: string[] = [];
  readonly #sequence: Float64Column;
  readonly #clock: Float64Column;
  readonly #outbox: Float64Column;
  #model: Model | null = null;
  #trace: TraceSink | null = null;
  #kinds = 0;
  /** The entity whose event is being handled; NOBODY between events and while the model is built. */
  #current = NOBODY;
  /** Least delay of an event for another shard; Infinity when there is none. */
  #lookaheadNs = Number.POSITIVE_INFINITY;

  constructor(options: SimulationOptions) {
    this.#limits = options.limits;
    this.#entityBase = options.entityBase;
    this.random = new Random(this.columns, options.seed);
    this.#queue = new EventQueue(this.columns, options.limits.eventsPending);
    this.#hash = new TraceHash(this.columns);
    this.#sequence = this.columns.float64('entities/sequence', 0);
    this.#clock = this.columns.float64('clock', CLOCK_LENGTH);
    this.#outbox = this.columns.float64('outbox', MESSAGE_WORDS, 'grows');
  }

  /** Now, in nanoseconds since the start. */
  get nowNs(): number {
    return this.#clock.data[NOW];
  }

  /** Events handled so far. */
  get events(): number {
    return this.#clock.data[EVENTS];
  }

  /** Number of the shard's first entity. */
  get entityBase(): number {
    return this.#entityBase;
  }

  get entityNames(): readonly string[] {
    return this.#entityNames;
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
    this.columns.mark(`entity/${name}`);
    this.#entityNames.push(name);
    growColumn(this.#sequence, local + 1);
    this.#hash.addEntity(local);
    return this.#entityBase + local;
  }

  /** Sets the receiver of the events, once, before `run`. */
  setModel(model: Model): void {
    this.#model = model;
    this.#kinds = model.kindNames.length;
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
   * @returns a handle for `cancel` (0 for another shard's entity: those can't be cancelled)
   * @throws RangeError, naming the kind and the target, for a delay that is negative, not a number or ends beyond
   *   2^53 ns, an unknown kind or target, or a delay below the lookahead
   */
  schedule(delayNs: number, target: number, kind: number, a = 0, b = 0, c = 0, d = 0, priority = 0): number {
    const now = this.#clock.data[NOW];
    if (!(delayNs >= 0 && now + delayNs <= TIME_NS_MAX)) this.#failDelay(delayNs, target, kind);
    if (!(kind >= 0 && kind < this.#kinds)) this.#failKind(target, kind);
    const delay = roundNs(delayNs);
    const foreign = this.#isForeign(target);
    if (foreign && !(this.#current !== NOBODY && target >= 0 && delay >= this.#lookaheadNs)) {
      this.#failForeign(delay, target, kind);
    }
    const time = now + delay;
    const source = this.#current === NOBODY ? target : this.#current;
    const local = source - this.#entityBase;
    const sequence = this.#sequence.data[local] + 1;
    this.#sequence.data[local] = sequence;
    if (foreign) {
      this.#send(time, priority, target, source, sequence, kind, a, b, c, d);
      return 0;
    }
    const microstep = delay === 0 ? this.#clock.data[MICROSTEP] + 1 : 0;
    return this.#insert(time, microstep, priority, target, source, sequence, kind, a, b, c, d);
  }

  /** Takes back a pending event; false when it has fired or was cancelled before. */
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
    const clock = this.#clock.data;
    const base = this.#entityBase;
    let left = eventsMax;
    while (queue.size > 0 && queue.earliestNs <= untilNs) {
      if (left === 0) {
        this.#current = NOBODY;
        return false;
      }
      left -= 1;
      const row = queue.pop();
      const time = queue.time.data[row];
      const kind = queue.kind.data[row];
      const target = queue.target.data[row];
      const a = queue.a.data[row];
      const b = queue.b.data[row];
      const c = queue.c.data[row];
      const d = queue.d.data[row];
      if (time === clock[NOW]) {
        clock[EVENTS_THIS_INSTANT] += 1;
        if (clock[EVENTS_THIS_INSTANT] > this.#limits.eventsPerInstant) this.#failStandstill(target, kind);
      } else {
        clock[NOW] = time;
        clock[EVENTS_THIS_INSTANT] = 1;
      }
      clock[MICROSTEP] = queue.microstep.data[row];
      if (this.#trace !== null) this.#tell(this.#trace, row);
      queue.giveRow(row);
      this.#hash.fold(target - base, time, kind, a, b, c, d);
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

  /** Takes the events that entities of other shards are to receive, `MESSAGE_WORDS` numbers each. */
  takeOutbox(): Float64Array {
    const messages = this.#outbox.data.slice(0, this.#clock.data[OUTBOX_LENGTH]);
    this.#clock.data[OUTBOX_LENGTH] = 0;
    return messages;
  }

  /**
   * Puts in the events that other shards sent.
   * @throws Error when one is for nobody here, or for a time that the shard has run through
   */
  deliver(messages: Float64Array): void {
    for (let at = 0; at < messages.length; at += MESSAGE_WORDS) {
      const [time, priority, target, source, sequence, kind, a, b, c, d] = messages.subarray(
        at,
        at + MESSAGE_WORDS,
      );
      if (this.#isForeign(target)) {
        throw new RangeError(`deliver(${this.#kindName(kind)}): the shard has no ${this.#name(target)}`);
      }
      if (time <= this.#clock.data[NOW]) {
        throw new RangeError(
          `deliver(${this.#kindName(kind)}) for ${this.#name(target)} at ${time} ns: the shard has run to ${this.nowNs} ns`,
        );
      }
      this.#insert(time, 0, priority, target, source, sequence, kind, a, b, c, d);
    }
  }

  /** The hash chains of the shard's entities, for `foldChains`. */
  hashChains(): Uint32Array {
    return this.#hash.chains();
  }

  #tell(sink: TraceSink, row: number): void {
    const { time, microstep, priority, target, source, sequence, kind, a, b, c, d } = this.#queue;
    const scheduled = this.#sequence.data[target.data[row] - this.#entityBase];
    sink.event(
      time.data[row],
      microstep.data[row],
      priority.data[row],
      target.data[row],
      source.data[row],
      sequence.data[row],
      kind.data[row],
      a.data[row],
      b.data[row],
      c.data[row],
      d.data[row],
      scheduled,
    );
  }

  #insert(
    time: number,
    microstep: number,
    priority: number,
    target: number,
    source: number,
    sequence: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): number {
    const queue = this.#queue;
    const row = queue.takeRow();
    queue.time.data[row] = time;
    queue.microstep.data[row] = microstep;
    queue.priority.data[row] = priority;
    queue.target.data[row] = target;
    queue.source.data[row] = source;
    queue.sequence.data[row] = sequence;
    queue.kind.data[row] = kind;
    queue.a.data[row] = a;
    queue.b.data[row] = b;
    queue.c.data[row] = c;
    queue.d.data[row] = d;
    return queue.insert(row);
  }

  #send(
    time: number,
    priority: number,
    target: number,
    source: number,
    sequence: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): void {
    const at = this.#clock.data[OUTBOX_LENGTH];
    if (at === this.#outbox.data.length) growColumn(this.#outbox, at * 2);
    const outbox = this.#outbox.data;
    outbox[at] = time;
    outbox[at + 1] = priority;
    outbox[at + 2] = target;
    outbox[at + 3] = source;
    outbox[at + 4] = sequence;
    outbox[at + 5] = kind;
    outbox[at + 6] = a;
    outbox[at + 7] = b;
    outbox[at + 8] = c;
    outbox[at + 9] = d;
    this.#clock.data[OUTBOX_LENGTH] = at + MESSAGE_WORDS;
  }

  #isForeign(entity: number): boolean {
    const local = entity - this.#entityBase;
    return !(local >= 0 && local < this.#entityNames.length);
  }

  #name(entity: number): string {
    return this.#entityNames[entity - this.#entityBase] ?? `entity ${entity}`;
  }

  #failDelay(delayNs: number, target: number, kind: number): never {
    throw new RangeError(
      `schedule(${this.#kindName(kind)}) for ${this.#name(target)} in ${delayNs} ns, at ${this.nowNs} ns: ` +
        'expected a delay from 0 to the end of simulated time at 2^53 - 1 ns',
    );
  }

  #failKind(target: number, kind: number): never {
    throw new RangeError(
      `schedule(${this.#kindName(kind)}) for ${this.#name(target)}: ` +
        (this.#model === null
          ? 'the simulation has no model yet'
          : `the model knows kinds 0 to ${this.#kinds - 1}`),
    );
  }

  #failForeign(delayNs: number, target: number, kind: number): never {
    const call = `schedule(${this.#kindName(kind)}) for ${this.#name(target)} in ${delayNs} ns`;
    if (!(target >= 0) || this.#lookaheadNs === Number.POSITIVE_INFINITY) {
      throw new RangeError(`${call}: there is no such entity, and no other shard to have it`);
    }
    if (this.#current === NOBODY)
      throw new RangeError(`${call}: only a running entity can reach another shard`);
    throw new RangeError(
      `${call} from ${this.#name(this.#current)}: another shard is ${this.#lookaheadNs} ns away (lookahead)`,
    );
  }

  #failStandstill(target: number, kind: number): never {
    throw new Error(
      `${this.#limits.eventsPerInstant} events passed at ${this.nowNs} ns without time moving on; ` +
        `the last was ${this.#kindName(kind)} for ${this.#name(target)}`,
    );
  }

  #kindName(kind: number): string {
    return this.#model?.kindNames[kind] ?? `unknown kind ${kind}`;
  }
}
