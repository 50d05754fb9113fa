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
  #model: Model | null = null;
  /** The entity whose event is being handled; null while the model is built. */
  #current = -1;
  #outbox: number[] = [];

  constructor(options: SimulationOptions) {
    this.#limits = options.limits;
    this.#entityBase = options.entityBase;
    this.random = new Random(this.columns, options.seed);
    this.#queue = new EventQueue(this.columns, options.limits.eventsPending);
    this.#hash = new TraceHash(this.columns);
    this.#sequence = this.columns.float64('entities/sequence', 0);
    this.#clock = this.columns.float64('clock', 4);
  }

  /** Now, in nanoseconds since the start. */
  get nowNs(): number {
    return this.#clock.data[NOW];
  }

  /** Events handled so far. */
  get events(): number {
    return this.#clock.data[EVENTS];
  }

  get entityNames(): readonly string[] {
    return this.#entityNames;
  }

  /** Time of the earliest pending event; Infinity when there is none. */
  get earliestNs(): number {
    return this.#queue.earliestNs;
  }

  /** Makes an entity; its number is its place in the total order. */
  entity(name: string): number {
    const local = this.#entityNames.length;
    this.#entityNames.push(name);
    growColumn(this.#sequence, local + 1);
    this.#hash.addEntity(local);
    return this.#entityBase + local;
  }

  /** Sets the receiver of the events, once, before `run`. */
  setModel(model: Model): void {
    this.#model = model;
  }

  /**
   * Schedules an event `delayNs` from now; 0 lands in the next microstep.
   * @param delayNs nanoseconds, rounded by the one rule
   * @param target an entity of this shard or of another (then the delay must be at least the lookahead)
   * @returns a handle for `cancel` (0 for another shard's entity: those can't be cancelled)
   */
  schedule(delayNs: number, target: number, kind: number, a = 0, b = 0, c = 0, d = 0, priority = 0): number {
    const delay = delayNs === 0 ? 0 : roundNs(delayNs);
    const time = this.#clock.data[NOW] + delay;
    if (!(time <= TIME_NS_MAX)) this.#failTime(time, target, kind);
    const microstep = delay === 0 ? this.#clock.data[MICROSTEP] + 1 : 0;
    const source = this.#current === -1 ? target : this.#current;
    const local = source - this.#entityBase;
    const sequence = this.#sequence.data[local] + 1;
    this.#sequence.data[local] = sequence;
    if (this.#isForeign(target)) {
      this.#outbox.push(time, priority, target, source, sequence, kind, a, b, c, d);
      return 0;
    }
    return this.#insert(time, microstep, priority, target, source, sequence, kind, a, b, c, d);
  }

  /** Takes back a pending event; false when it has fired or was cancelled before. */
  cancel(handle: number): boolean {
    return this.#queue.cancel(handle);
  }

  /**
   * Handles every event up to and including `untilNs`, then sets the clock there.
   * @throws Error with the entity and kinds involved when time stands still or a limit is passed
   */
  run(untilNs: number): void {
    const model = this.#model;
    if (model === null) throw new Error('the simulation has no model');
    const queue = this.#queue;
    const clock = this.#clock.data;
    const base = this.#entityBase;
    while (queue.size > 0 && queue.earliestNs <= untilNs) {
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
        clock[EVENTS_THIS_INSTANT] = 0;
      }
      clock[MICROSTEP] = queue.microstep.data[row];
      queue.giveRow(row);
      this.#hash.fold(target - base, time, kind, a, b, c, d);
      clock[EVENTS] += 1;
      this.#current = target;
      model.handle(kind, target, a, b, c, d);
    }
    this.#current = -1;
    if (clock[NOW] < untilNs) {
      clock[NOW] = untilNs;
      clock[EVENTS_THIS_INSTANT] = 0;
      clock[MICROSTEP] = 0;
    }
  }

  /** Takes the events that entities of other shards are to receive, `MESSAGE_WORDS` numbers each. */
  takeOutbox(): Float64Array {
    const messages = Float64Array.from(this.#outbox);
    this.#outbox = [];
    return messages;
  }

  /** Puts in the events that another shard sent. */
  deliver(messages: Float64Array): void {
    for (let at = 0; at < messages.length; at += MESSAGE_WORDS) {
      const [time, priority, target, source, sequence, kind, a, b, c, d] = messages.subarray(
        at,
        at + MESSAGE_WORDS,
      );
      if (time < this.#clock.data[NOW]) {
        throw new Error(
          `an event for ${this.#name(target)} at ${time} ns came when the shard was at ${this.nowNs} ns: the lookahead is too long`,
        );
      }
      this.#insert(time, 0, priority, target, source, sequence, kind, a, b, c, d);
    }
  }

  /** The hash chains of the shard's entities, for `foldChains`. */
  hashChains(): Uint32Array {
    return this.#hash.chains();
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

  #isForeign(entity: number): boolean {
    const local = entity - this.#entityBase;
    return local < 0 || local >= this.#entityNames.length;
  }

  #name(entity: number): string {
    return this.#entityNames[entity - this.#entityBase] ?? `entity ${entity}`;
  }

  #failTime(time: number, target: number, kind: number): never {
    throw new RangeError(
      `schedule(${this.#kindName(kind)}) for ${this.#name(target)} at ${time} ns: simulated time ends at 2^53 - 1 ns`,
    );
  }

  #failStandstill(target: number, kind: number): never {
    throw new Error(
      `${this.#limits.eventsPerInstant} events passed at ${this.nowNs} ns without time moving on; ` +
        `the last was ${this.#kindName(kind)} for ${this.#name(target)}`,
    );
  }

  #kindName(kind: number): string {
    return this.#model?.kindNames[kind] ?? `kind ${kind}`;
  }
}
