/**
 * What is left in the caches of what threads work with, when they are woken.
 *
 * What:    threads that do the same task of one process work with the same code and data, their working set. While none of them
 *          runs, others displace it from the caches, those of the physical machine's other tenants too: a core's own
 *          sleep matters less than the set's (docs/model.md has the measurements).
 * Formula: lost = 1 - exp(-(now - when the last of its threads fell asleep) / cacheLife); 0 while one of them runs
 * Units:   ns; lost is a share of the set.
 * Source:  lines that are displaced at random, each at the same rate. Measured by bench/sched/bench-sleeps.ts: CPU of a walk through
 *          256 KiB and 1 MiB after sleeps of 0.05 to 30 ms; and CPU of request handlers by the time between their requests.
 * Range:   one life for all levels of cache and all sizes of sets. A set is not smaller on another core: here cores share what is large.
 * Error:   up to 0.4 of the set for 256 KiB, whose life is 3 ms; 0.2 for what request handlers need.
 * Test:    test/hardware/working-sets.test.ts, cpu.test.ts.
 */
import type { Columns } from '../kernel/columns.ts';
import { exp } from '../kernel/math.ts';
import type { Field, Rows } from '../kernel/rows.ts';

/** Of a set: its threads that have a job; when the last of them was done. */
const ACTIVE = 0;
const LEFT_NS = 1;
const SET_WORDS = 2;

export class WorkingSets {
  /** Per thread: where its set begins. */
  readonly #set: Field;
  readonly #sets: Float64Array;

  /** @param setOf the set of every thread, from 0 */
  constructor(columns: Columns, threadRows: Rows, setOf: readonly number[]) {
    this.#set = threadRows.field();
    setOf.forEach((set, thread) => {
      this.#set.set(thread, set * SET_WORDS);
    });
    const sets = setOf.reduce((most, set) => Math.max(most, set + 1), 0);
    this.#sets = columns.float64('working-sets', sets * SET_WORDS).data;
    for (let set = 0; set < sets; set += 1) {
      this.#sets[set * SET_WORDS + LEFT_NS] = Number.NEGATIVE_INFINITY;
    }
  }

  /** A thread has a job. */
  begin(thread: number): void {
    this.#sets[this.#set.get(thread) + ACTIVE] += 1;
  }

  /** It has none any more. */
  end(thread: number, nowNs: number): void {
    const set = this.#set.get(thread);
    this.#sets[set + ACTIVE] -= 1;
    this.#sets[set + LEFT_NS] = nowNs;
  }

  /** Share of its working set that a thread finds lost. */
  lost(thread: number, nowNs: number, cacheLifeNs: number): number {
    const set = this.#set.get(thread);
    return this.#sets[set + ACTIVE] > 0 ? 0 : lostAfter(nowNs - this.#sets[set + LEFT_NS], cacheLifeNs);
  }
}

/** Share of what lay in caches that is lost after some time without use. */
export function lostAfter(unusedNs: number, cacheLifeNs: number): number {
  const lives = unusedNs / cacheLifeNs;
  return cacheLifeNs === 0 ? 1 : 1 - exp(-lives);
}
