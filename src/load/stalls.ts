/** When a thread's event loop stood still: ticks that came later than a tick should. */
import { NS_PER_MS } from './clock.ts';

/** A tick later than that after the one before is a stall. */
const STALL_NS = 10 * NS_PER_MS;

export interface StallSummary {
  readonly count: number;
  /** Longest, and all together. */
  readonly maxMs: number;
  readonly totalMs: number;
}

export class Stalls {
  #lastNs: number | null = null;
  #count = 0;
  #maxNs = 0;
  #totalNs = 0;

  tick(nowNs: number): void {
    const gapNs = this.#lastNs === null ? 0 : nowNs - this.#lastNs;
    this.#lastNs = nowNs;
    if (gapNs > STALL_NS) {
      this.#count++;
      this.#totalNs += gapNs;
      this.#maxNs = Math.max(this.#maxNs, gapNs);
    }
  }

  get summary(): StallSummary {
    return {
      count: this.#count,
      maxMs: this.#maxNs / NS_PER_MS,
      totalMs: this.#totalNs / NS_PER_MS,
    };
  }
}
