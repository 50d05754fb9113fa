/** What one producer client may still make: bytes in all, and records by their rate. */

import type { ClientCaps } from '../caps.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../clock.ts';

/** A client that could not make records for a moment catches up on so much of it. */
const CATCH_UP_NS = 20 * NS_PER_MS;

export class Allowance {
  readonly #gapNs: number;
  #bytesLeft: number;
  #nextNs = 0;
  #held = false;
  #spent = false;
  #bytesMade = 0;

  constructor({ recordsPerSecond, bytes }: ClientCaps) {
    this.#gapNs = recordsPerSecond === null ? 0 : NS_PER_SECOND / recordsPerSecond;
    this.#bytesLeft = bytes ?? Number.POSITIVE_INFINITY;
  }

  start(startNs: number): void {
    this.#nextNs = startNs;
  }

  /** Whether a record of so many bytes may be made now. */
  allows(bytes: number, nowNs: number): boolean {
    this.#spent ||= bytes > this.#bytesLeft;
    this.#held = this.#gapNs > 0 && nowNs < this.#nextNs;
    return !this.#spent && !this.#held;
  }

  /** It was made. */
  took(bytes: number, nowNs: number): void {
    this.#bytesLeft -= bytes;
    this.#bytesMade += bytes;
    if (this.#gapNs > 0) {
      this.#nextNs = Math.max(this.#nextNs, nowNs - CATCH_UP_NS) + this.#gapNs;
    }
  }

  /** Its bytes are used up: it makes no more records. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Whether it may have to wait although the cluster would take more. */
  get hasRate(): boolean {
    return this.#gapNs > 0;
  }

  /** The last record asked for has to wait for its time, `nextNs`. */
  get held(): boolean {
    return this.#held;
  }

  get nextNs(): number {
    return this.#nextNs;
  }

  get bytesMade(): number {
    return this.#bytesMade;
  }
}
