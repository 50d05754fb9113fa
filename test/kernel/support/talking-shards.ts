/** Shards that send each other messages, and each write down everything that happens in them. */
import { type Float64Column, growColumn } from '../../../src/kernel/columns.ts';
import {
  type CreateShard,
  ENTITIES_PER_SHARD,
  type ObserveShard,
} from '../../../src/kernel/parallel/shard.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

export const LOOKAHEAD_NS = 1000;
export const FLOOD_MESSAGES = 3000;

export interface TalkingInput {
  readonly seed: string;
  readonly shards: number;
  /** Mean time between two steps of an entity. */
  readonly stepNs: number;
  /** Whether shards keep to themselves. */
  readonly silent?: boolean;
  /** What shards do beside, mostly wrong. */
  readonly mischief?: readonly Mischief[];
}

export interface Mischief {
  readonly shard: number;
  readonly atNs: number;
  readonly kind:
    | 'throw'
    | 'exit'
    | 'endless'
    | 'tooSoon'
    | 'nobody'
    | 'outside'
    | 'throwWhenMade'
    | 'endlessWhenMade'
    | 'throwAtEnd'
    | 'uncloneable'
    /** Nothing wrong: FLOOD_MESSAGES messages to the next shard at once. */
    | 'flood';
}

export interface TalkingResult {
  /** Messages that came from other shards. */
  readonly received: number;
  readonly sent: number;
  /** Time, kind, target and sender of every event in its order. */
  readonly log: Float64Array;
}

const STEP = 0;
const MESSAGE = 1;
const MISCHIEF = 2;
const WORKERS_PER_SHARD = 3;
const LOG_WORDS = 4;
/** Delays are multiples of this, so that many events fall on one instant and only their order tells them apart. */
const GRAIN_NS = 100;

class TalkingShard {
  readonly kindNames = ['step', 'message', 'mischief'];
  readonly sim: Simulation;
  readonly #input: TalkingInput;
  readonly #shard: number;
  readonly #streams: readonly number[];
  readonly #sent: Float64Column;
  readonly #received: Float64Column;
  readonly #log: Float64Column;
  readonly #logLength: Float64Column;

  constructor(input: TalkingInput, shard: number) {
    this.#input = input;
    this.#shard = shard;
    this.sim = new Simulation({
      seed: `${input.seed}/${shard}`,
      entityBase: shard * ENTITIES_PER_SHARD,
      limits: { eventsPending: 10_000, eventsPerInstant: 10_000 },
    });
    const names = Array.from({ length: WORKERS_PER_SHARD }, (_, index) => `talker ${index}`);
    const entities = names.map((name) => this.sim.entity(name));
    this.#streams = names.map((name) => this.sim.random.stream(name));
    this.#sent = this.sim.columns.float64('sent', 1);
    this.#received = this.sim.columns.float64('received', 1);
    this.#log = this.sim.columns.float64('log', LOG_WORDS, 'grows');
    this.#logLength = this.sim.columns.float64('log-length', 1);
    this.sim.setModel(this);
    for (const entity of entities) this.sim.schedule(this.#delay(0), entity, STEP);
    input.mischief?.forEach(({ shard, atNs, kind }, index) => {
      if (shard !== this.#shard) return;
      this.sim.schedule(atNs, entities[0], MISCHIEF, index);
      if (kind === 'throwWhenMade') throw new Error('no such host');
      if (kind === 'endlessWhenMade') forever();
    });
  }

  handle(kind: number, target: number, from: number): void {
    this.#write(this.sim.nowNs, kind, target, from);
    if (kind === STEP) this.#step(target);
    else if (kind === MESSAGE) this.#take(target, from);
    else this.#misbehave(from);
  }

  result(): TalkingResult | { readonly act: () => void } {
    const atEnd = (this.#input.mischief ?? []).filter(({ shard }) => shard === this.#shard);
    if (atEnd.some(({ kind }) => kind === 'throwAtEnd')) throw new Error('no such file');
    if (atEnd.some(({ kind }) => kind === 'uncloneable')) return { act: () => undefined };
    return {
      received: this.#received.data[0],
      sent: this.#sent.data[0],
      log: this.#log.data.slice(0, this.#logLength.data[0]),
    };
  }

  #write(timeNs: number, kind: number, target: number, from: number): void {
    const length = this.#logLength.data[0];
    if (length === this.#log.data.length) growColumn(this.#log, length * 2);
    this.#log.data.set([timeNs, kind, target, from], length);
    this.#logLength.data[0] = length + LOG_WORDS;
  }

  #step(target: number): void {
    const stream = this.#streams[target % ENTITIES_PER_SHARD];
    this.sim.schedule(this.#delay(target % ENTITIES_PER_SHARD), target, STEP);
    if (this.#input.silent === true) return;
    const other = this.sim.random.integer(stream, this.#input.shards);
    const entity = this.sim.random.integer(stream, WORKERS_PER_SHARD);
    this.#send(stream, other, entity);
  }

  /**
   * What comes in changes what is drawn next, so that one message in another order changes all that follows; half of
   * the messages are answered.
   */
  #take(target: number, from: number): void {
    if (from !== this.#shard) this.#received.data[0] += 1;
    const stream = this.#streams[target % ENTITIES_PER_SHARD];
    const draws = 1 + (from % 3);
    for (let draw = 0; draw < draws; draw += 1) this.sim.random.uniform(stream);
    if (this.sim.random.integer(stream, 2) === 0) this.#send(stream, from, 0);
  }

  #send(stream: number, shard: number, entity: number): void {
    const more = this.sim.random.integer(stream, 4) * GRAIN_NS;
    this.sim.schedule(LOOKAHEAD_NS + more, shard * ENTITIES_PER_SHARD + entity, MESSAGE, this.#shard);
    if (shard !== this.#shard) this.#sent.data[0] += 1;
  }

  #misbehave(index: number): void {
    const next = ((this.#shard + 1) % this.#input.shards) * ENTITIES_PER_SHARD;
    switch (this.#input.mischief?.[index].kind) {
      case 'throw':
        throw new RangeError('the disk is full');
      case 'exit':
        process.exit(3);
        break;
      case 'endless':
        forever();
        break;
      case 'tooSoon':
        this.sim.schedule(LOOKAHEAD_NS - 1, next, MESSAGE);
        break;
      case 'nobody':
        this.sim.schedule(LOOKAHEAD_NS, next + 500, MESSAGE);
        break;
      case 'outside':
        this.sim.schedule(LOOKAHEAD_NS, this.#input.shards * ENTITIES_PER_SHARD, MESSAGE);
        break;
      case 'flood':
        for (let sent = 0; sent < FLOOD_MESSAGES; sent += 1) {
          this.sim.schedule(LOOKAHEAD_NS + (sent % 10), next, MESSAGE, this.#shard);
        }
        this.#sent.data[0] += FLOOD_MESSAGES;
        break;
    }
  }

  #delay(talker: number): number {
    const exact = this.sim.random.exponential(this.#streams[talker], this.#input.stepNs);
    return Math.ceil(exact / GRAIN_NS) * GRAIN_NS;
  }
}

export const createShard: CreateShard = (input, shard) => {
  const model = new TalkingShard(input as TalkingInput, shard);
  return { name: `cluster-${shard}`, simulation: model.sim, finish: () => model.result() };
};

/** Numbers for each shard in what `observeShard` is given: how often it was called, at how many events, and how it ended. */
export const OBSERVED_WORDS = 4;

/** Writes what it sees into memory that it shares with the test. */
export const observeShard: ObserveShard = (simulation, shard, name, input) => {
  const seen = new Int32Array(input as SharedArrayBuffer, shard * OBSERVED_WORDS * 4, OBSERVED_WORDS);
  const expected = name === `cluster-${shard}` && simulation.kindNames.join() === 'step,message,mischief';
  Atomics.add(seen, 0, expected ? 1 : 1000);
  Atomics.store(seen, 1, simulation.events);
  return {
    finish: () => {
      Atomics.add(seen, 2, 1);
      Atomics.store(seen, 3, simulation.events);
    },
  };
};

function forever(): never {
  for (;;);
}
