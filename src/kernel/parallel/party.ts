/**
 * One of the workers of a run, or the only thread, on its way from window to window:
 *
 *   ┌─► run the shards to the window's end, a slice of events at a time
 *   │   post what they send ─► mailboxes
 *   │   meet the others: the earliest pending event, whether a shard failed, how much is in each mailbox
 *   │   take in what was sent to these shards ◄─ mailboxes
 *   └── the next window, from what everybody brought
 *
 * What a shard takes in is ordered by the total order alone, so that the result does not depend on who ran where.
 */
import { Barrier } from './barrier.ts';
import { Heartbeat, NOBODY } from './heartbeats.ts';
import { Mailboxes } from './mailboxes.ts';
import type { FromWorker, WorkerStart } from './shard.ts';
import { type Modules, ShardGroup } from './shard-group.ts';
import { windowEndNs } from './windows.ts';

/** Events between two looks at whether to stop: some milliseconds. */
export const SLICE_EVENTS = 65_536;

const EARLIEST = 0;
const FAILED = 1;
const MAIL = 2;

/** Numbers that a worker brings to the barrier. */
export function numbersBrought(workers: number): number {
  return MAIL + workers;
}

export class Party {
  readonly #start: WorkerStart;
  readonly #group: ShardGroup;
  readonly #barrier: Barrier;
  readonly #mailboxes: Mailboxes;
  readonly #heartbeat: Heartbeat;
  /** End of the window at hand; before the first one, where it will begin at the soonest. */
  #endNs: number;
  #begun = false;
  #stopped = false;

  constructor(start: WorkerStart) {
    const { barrier, heartbeats, mailboxes, spins, worker, workers } = start.place;
    this.#start = start;
    this.#endNs = start.plan.startNs;
    this.#barrier = new Barrier(barrier, { worker, workers, numbers: numbersBrought(workers), spins });
    this.#mailboxes = new Mailboxes(mailboxes, worker, workers);
    this.#heartbeat = new Heartbeat(heartbeats, worker);
    this.#group = new ShardGroup(start, this.#heartbeat);
  }

  /** All before this time is over. */
  get nowNs(): number {
    return this.#heartbeat.nowNs;
  }

  /** Makes the shards, from modules or from the error with which they could not be loaded. */
  make(load: Modules | Error): void {
    const { shards } = this.#start;
    if (load instanceof Error) this.#group.failAt(shards[0], `shards ${shards.join(', ')}`, load);
    else this.#group.make(load);
  }

  /**
   * Goes on by a slice of events, and to the next window when this one is done.
   * @param eventsMax most events handled
   * @returns false when the run has ended, well or badly
   */
  step(eventsMax: number): boolean {
    if (this.#barrier.stopped) this.#stopped = true;
    if (this.#stopped) return false;
    if (this.#begun && !this.#group.run(this.#endNs - 1, eventsMax)) return true;
    this.#begun = true;
    return this.#exchange();
  }

  /** Gives the run up. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends the party: the observers, then the shards. To be called once, after the last step. */
  end(): FromWorker {
    const { plan } = this.#start;
    const whole = !this.#stopped && this.#endNs > plan.untilNs && this.#group.failure === null;
    const outcomes = whole ? this.#group.outcomes() : [];
    this.#group.close();
    const { failure } = this.#group;
    if (failure !== null) return { kind: 'failed', failure };
    return whole ? { kind: 'finished', outcomes } : { kind: 'stopped' };
  }

  #exchange(): boolean {
    const barrier = this.#barrier;
    const group = this.#group;
    const { plan, place } = this.#start;
    const { mine, parity } = barrier;
    const boxes = this.#mailboxes.outgoing(parity);
    for (const box of boxes) box.clear();
    mine[EARLIEST] = Math.min(group.post(boxes), group.earliestNs);
    mine[FAILED] = group.failure === null ? 0 : 1;
    for (let to = 0; to < place.workers; to += 1) mine[MAIL + to] = boxes[to].length;
    this.#heartbeat.beat(NOBODY);
    if (!barrier.meet()) {
      this.#stopped = true;
      return false;
    }
    let earliestNs = Number.POSITIVE_INFINITY;
    let failed = 0;
    for (let from = 0; from < place.workers; from += 1) {
      earliestNs = Math.min(earliestNs, barrier.brought(from, EARLIEST));
      failed += barrier.brought(from, FAILED);
    }
    if (failed > 0) {
      this.#stopped = true;
      return false;
    }
    this.#takeIn(parity);
    this.#heartbeat.advance(this.#endNs);
    if (this.#endNs > plan.untilNs) return false;
    this.#endNs = windowEndNs(plan, this.#endNs, earliestNs);
    return true;
  }

  #takeIn(parity: number): void {
    const { worker, workers } = this.#start.place;
    const boxes = this.#mailboxes.incoming(parity);
    for (let from = 0; from < workers; from += 1) {
      const length = this.#barrier.brought(from, MAIL + worker);
      if (length > 0) this.#group.take(boxes[from].read(length), length);
    }
  }
}
