/** The shards that one worker (or the only thread) runs, window by window. */
import { type EventRecords, ROW_HALVES, ROW_WORDS, TARGET, TIME } from '../event-rows.ts';
import { earlier, named, type ShardFailure } from './failure.ts';
import type { Heartbeat } from './heartbeats.ts';
import type { Mailbox } from './mailboxes.ts';
import {
  type CreateShard,
  ENTITIES_PER_SHARD,
  type ObserveShard,
  type Shard,
  type ShardCheckpoint,
  type ShardObserver,
  type ShardOutcome,
  type WorkerStart,
} from './shard.ts';

interface Member extends Shard {
  readonly number: number;
  failed: boolean;
}

/** The imported modules of a run. */
export interface Modules {
  readonly createShard: CreateShard;
  readonly observeShard: ObserveShard | null;
}

export class ShardGroup {
  readonly #start: WorkerStart;
  readonly #heartbeat: Heartbeat;
  readonly #members: Member[] = [];
  readonly #observers: ShardObserver[] = [];
  /** The member whose turn it is in the window. */
  #turn = 0;
  #failure: ShardFailure | null = null;

  constructor(start: WorkerStart, heartbeat: Heartbeat) {
    this.#start = start;
    this.#heartbeat = heartbeat;
  }

  /** The earliest failure of a shard so far. Others go on to the window's end, so that it is the earliest of all. */
  get failure(): ShardFailure | null {
    return this.#failure;
  }

  /** Time of the earliest pending event of these shards; Infinity when there is none. */
  get earliestNs(): number {
    let earliestNs = Number.POSITIVE_INFINITY;
    for (const { simulation } of this.#members) earliestNs = Math.min(earliestNs, simulation.earliestNs);
    return earliestNs;
  }

  /** Makes the shards; what goes wrong is the group's failure. */
  make(load: Modules): void {
    for (const [index, number] of this.#start.shards.entries()) {
      this.#heartbeat.beat(number);
      try {
        this.#members.push(this.#made(load, number, this.#start.from?.[index]));
      } catch (thrown) {
        this.failAt(number, `shard ${number}`, thrown);
        return;
      }
    }
  }

  /** Notes that the run cannot begin. */
  failAt(shard: number, who: string, thrown: unknown): void {
    this.#note({ atNs: this.#start.plan.startNs, shard, error: named(who, thrown) });
  }

  /**
   * Runs the shards to `untilNs`, in turn.
   * @param eventsMax most events handled by this call
   * @returns whether all is done; false when `eventsMax` came first, and the next call goes on from there
   */
  run(untilNs: number, eventsMax: number): boolean {
    let left = eventsMax;
    while (this.#turn < this.#members.length) {
      if (left <= 0) return false;
      const member = this.#members[this.#turn];
      const { simulation } = member;
      const before = simulation.events;
      this.#heartbeat.beat(member.number);
      try {
        if (!member.failed && !simulation.run(untilNs, left)) return false;
      } catch (thrown) {
        this.#fail(member, thrown);
      }
      left -= simulation.events - before;
      this.#turn += 1;
    }
    this.#turn = 0;
    return true;
  }

  /**
   * Puts the events for other shards, and for these, into the boxes.
   * @param boxes by worker
   * @returns time of the earliest; Infinity when there is none
   */
  post(boxes: readonly Mailbox[]): number {
    let earliestNs = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      const events = member.simulation.takeOutbox();
      const { data, halves } = events;
      try {
        for (let event = 0; event * ROW_WORDS < data.length; event += 1) {
          const target = halves[event * ROW_HALVES + TARGET];
          const shard = Math.floor(target / ENTITIES_PER_SHARD);
          if (!(shard < this.#start.shardsAll)) this.#failAddress(target, shard);
          if (!boxes[shard % boxes.length].put(events, event)) this.#failFull(boxes, shard % boxes.length);
          earliestNs = Math.min(earliestNs, data[event * ROW_WORDS + TIME]);
        }
      } catch (thrown) {
        this.#fail(member, thrown);
      }
    }
    return earliestNs;
  }

  /** Takes in the first `length` events that a worker sent to these shards. */
  take(events: EventRecords, length: number): void {
    const { workers } = this.#start.place;
    for (let event = 0; event < length; event += 1) {
      const shard = Math.floor(events.halves[event * ROW_HALVES + TARGET] / ENTITIES_PER_SHARD);
      const member = this.#members[Math.floor(shard / workers)];
      try {
        if (!member.failed) member.simulation.deliver(events, event, event + 1);
      } catch (thrown) {
        this.#fail(member, thrown);
      }
    }
  }

  /** What the shards leave; what goes wrong is the group's failure. */
  outcomes(): ShardOutcome[] {
    return this.#members.flatMap((member) => {
      this.#heartbeat.beat(member.number);
      try {
        return [this.#outcome(member)];
      } catch (thrown) {
        this.#fail(member, thrown);
        return [];
      }
    });
  }

  /** Ends the observers, whatever became of the run; what goes wrong is the group's failure. */
  close(): void {
    this.#observers.forEach((observer, index) => {
      try {
        observer.finish();
      } catch (thrown) {
        this.#fail(this.#members[index], thrown);
      }
    });
  }

  #made({ createShard, observeShard }: Modules, number: number, from?: ShardCheckpoint): Member {
    const { factory, observer, plan } = this.#start;
    const shard = createShard(factory.input, number);
    const { name, simulation } = shard;
    const { entityBase, entityNames } = simulation;
    if (entityBase !== number * ENTITIES_PER_SHARD || entityNames.length > ENTITIES_PER_SHARD) {
      throw new Error(
        `${name} numbers ${entityNames.length} entities from ${entityBase}: ` +
          `expected at most ${ENTITIES_PER_SHARD} from ${number * ENTITIES_PER_SHARD}`,
      );
    }
    if (plan.lookaheadNs !== null) simulation.joinShards(plan.lookaheadNs);
    if (from !== undefined) {
      if (from.name !== name) throw new Error(`${name} cannot go on from a checkpoint of ${from.name}`);
      simulation.columns.restore(from.columns);
    }
    if (observeShard !== null) {
      this.#observers.push(observeShard(simulation, number, name, observer?.input));
    }
    return { name, simulation, finish: () => shard.finish(), number, failed: false };
  }

  #outcome({ name, simulation, finish }: Member): ShardOutcome {
    // Before the result is read out, which may change the state.
    const checkpoint = this.#start.checkpoint
      ? { checkpoint: { name, atNs: simulation.nowNs, columns: simulation.columns.checkpoint() } }
      : {};
    return {
      name,
      events: simulation.events,
      hashChains: simulation.hashChains(),
      result: finish(),
      ...checkpoint,
    };
  }

  #fail(member: Member, thrown: unknown): void {
    member.failed = true;
    const { name, number, simulation } = member;
    const atNs = simulation.nowNs;
    this.#note({ atNs, shard: number, error: named(`${name} at ${atNs} ns`, thrown) });
  }

  #note(failure: ShardFailure): void {
    this.#failure = this.#failure === null ? failure : earlier(this.#failure, failure);
  }

  #failAddress(target: number, shard: number): never {
    const { shardsAll } = this.#start;
    throw new RangeError(`an event for entity ${target} of shard ${shard}: there are ${shardsAll} shards`);
  }

  #failFull(boxes: readonly Mailbox[], worker: number): never {
    const shards = Array.from({ length: this.#start.shardsAll }, (_, shard) => shard);
    const receivers = shards.filter((shard) => shard % boxes.length === worker);
    throw new RangeError(
      `more than ${boxes[worker].length} events for shards ${receivers.join(', ')} in one window`,
    );
  }
}
