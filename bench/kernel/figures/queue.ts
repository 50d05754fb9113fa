/**
 * The bare queue on the hold model: pop the earliest event, insert one that follows it by an exponential gap. The order's
 * whole key is filled and compared; there is no model, hash, or payload.
 */
import { Columns } from '../../../src/kernel/columns.ts';
import { EventQueue } from '../../../src/kernel/event-queue.ts';
import {
  KIND,
  MICROSTEP,
  PRIORITY,
  ROW_HALVES,
  ROW_WORDS,
  SEQUENCE,
  SOURCE,
  TARGET,
  TIME,
} from '../../../src/kernel/event-rows.ts';
import { type Outcome, runProgram, timed } from '../program.ts';
import { GAP_MASK, makeGaps } from './gaps.ts';

class BareHold {
  readonly #queue: EventQueue;
  readonly #gaps = makeGaps();
  #drawn = 0;
  #nowNs = 0;

  constructor(pending: number) {
    this.#queue = new EventQueue(new Columns(), pending + 1);
    for (let target = 0; target < pending; target += 1) this.#add(target);
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  handle(events: number): void {
    const queue = this.#queue;
    for (let event = 0; event < events; event += 1) {
      queue.bringUp();
      const row = queue.pop();
      const { data, halves } = queue.rows.records;
      this.#nowNs = data[row * ROW_WORDS + TIME];
      const target = halves[row * ROW_HALVES + TARGET];
      queue.rows.give(row);
      this.#add(target);
    }
  }

  #add(target: number): void {
    const { rows } = this.#queue;
    const row = rows.take();
    const { data, halves } = rows.records;
    const word = row * ROW_WORDS;
    const half = row * ROW_HALVES;
    data[word + TIME] = this.#nowNs + this.#gaps[this.#drawn & GAP_MASK];
    data[word + SEQUENCE] = this.#drawn;
    halves[half + MICROSTEP] = 0;
    halves[half + PRIORITY] = 0;
    halves[half + TARGET] = target;
    halves[half + SOURCE] = target;
    halves[half + KIND] = 0;
    this.#queue.insert(row);
    this.#drawn += 1;
  }
}

await runProgram(
  ['pending', 'eventsCommon', 'eventsWarmUp', 'events'],
  ({ pending, eventsCommon, eventsWarmUp, events }): Outcome => {
    const hold = new BareHold(pending);
    hold.handle(eventsCommon);
    const common = String(hold.nowNs);
    hold.handle(eventsWarmUp);
    const { seconds } = timed(() => hold.handle(events));
    return { values: { eventsPerSecond: events / seconds }, checksum: String(hold.nowNs), common };
  },
);
