/**
 * Idle cores that poll for work before they halt.
 *
 * What:    waking a core that polls is quick and free; once it has halted, it has to be woken. How long a core polls follows from how
 *          long it slept before: a long sleep ends polling, short ones in a row bring it back.
 * Formula: after a sleep of s: poll = 0 if s > max; else if s > poll: poll = min(max, 2 * poll), at least GROW_START
 * Units:   ns.
 * Source:  virt/kvm/kvm_main.c (kvm_vcpu_halt, grow_halt_poll_ns, shrink_halt_poll_ns: start 10 us, grow 2, shrink to 0); the max
 *          by bench/sched/bench-sleeps.ts.
 * Range:   a core of bare metal polls in the same way with cpuidle's haltpoll alone; others have max 0.
 * Error:   unvalidated alone.
 * Test:    test/hardware/halt-polls.test.ts.
 */
import type { Field, Rows } from '../kernel/rows.ts';

const GROW = 2;
const GROW_START_NS = 10_000;

export class HaltPolls {
  /** Per core: how long it polls when it falls idle. */
  readonly #pollNs: Field;

  constructor(coreRows: Rows) {
    this.#pollNs = coreRows.field();
  }

  /** A core is woken after a sleep; whether it still polled. */
  wakes(core: number, asleepNs: number, maxNs: number): boolean {
    const pollNs = this.#pollNs.get(core);
    if (asleepNs > maxNs) this.#pollNs.set(core, 0);
    else if (asleepNs > pollNs) {
      this.#pollNs.set(core, Math.min(maxNs, Math.max(GROW_START_NS, pollNs * GROW)));
    }
    return pollNs > 0 && asleepNs <= pollNs;
  }
}
