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
import type { Columns, Float64Column, Int32Column } from '../kernel/columns.ts';
import { exp } from '../kernel/math.ts';

export class WorkingSets {
  readonly #setOf: Int32Array;
  /** Per set: its threads that have a job; when the last of them was done. */
  readonly #active: Int32Column;
  readonly #leftNs: Float64Column;

  /** @param setOf the set of every thread, from 0 */
  constructor(columns: Columns, setOf: readonly number[]) {
    this.#setOf = Int32Array.from(setOf);
    const sets = setOf.reduce((most, set) => Math.max(most, set + 1), 0);
    this.#active = columns.int32('working-sets/active', sets);
    this.#leftNs = columns.float64('working-sets/left', sets);
    this.#leftNs.data.fill(Number.NEGATIVE_INFINITY);
  }

  /** A thread has a job. */
  begin(thread: number): void {
    this.#active.data[this.#setOf[thread]] += 1;
  }

  /** It has none any more. */
  end(thread: number, nowNs: number): void {
    const set = this.#setOf[thread];
    this.#active.data[set] -= 1;
    this.#leftNs.data[set] = nowNs;
  }

  /** Share of its working set that a thread finds lost. */
  lost(thread: number, nowNs: number, cacheLifeNs: number): number {
    const set = this.#setOf[thread];
    return this.#active.data[set] > 0 ? 0 : lostAfter(nowNs - this.#leftNs.data[set], cacheLifeNs);
  }
}

/** Share of what lay in caches that is lost after some time without use. */
export function lostAfter(unusedNs: number, cacheLifeNs: number): number {
  const lives = unusedNs / cacheLifeNs;
  return cacheLifeNs === 0 ? 1 : 1 - exp(-lives);
}
