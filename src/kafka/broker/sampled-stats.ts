/**
 * Amounts of the last windows of time, as Kafka's quotas count what they limit.
 *
 * What:    a sample gathers what comes from its begin on for a window; the next amount after that begins the next sample, so that
 *          quiet times have none. A sample that has had nothing for n windows is emptied. There are n + 1, one of which
 *          overlaps the begin of the n windows.
 * Formula: sum = what all samples have; span = now - begin of the oldest
 * Units:   ns; amounts in units of the user.
 * Source:  SampledStat.java, Kafka 4.3.
 * Range:   Kafka's clock has whole ms.
 * Error:   none known.
 * Test:    test/kafka/sampled-stats.test.ts.
 */
import type { Columns, Float64Column, Int32Column } from '../../kernel/columns.ts';

export interface SampleWindows {
  /** quota.window.num, or replication.quota.window.num. */
  readonly windows: number;
  /** quota.window.size.seconds, or replication.quota.window.size.seconds. */
  readonly windowNs: number;
}

export class SampledStats {
  readonly #rows: readonly SampleWindows[];
  /** Samples of row r are numbered #first[r] .. #first[r + 1] - 1, of which those up to #used are there. */
  readonly #first: Int32Array;
  readonly #used: Int32Column;
  readonly #current: Int32Column;
  /** Per sample. */
  readonly #beginNs: Float64Column;
  readonly #lastNs: Float64Column;
  readonly #amount: Float64Column;

  constructor(columns: Columns, name: string, rows: readonly SampleWindows[]) {
    this.#rows = rows;
    this.#first = new Int32Array(rows.length + 1);
    rows.forEach(({ windows }, row) => {
      this.#first[row + 1] = this.#first[row] + windows + 1;
    });
    const samples = this.#first[rows.length];
    this.#used = columns.int32(`${name}/used`, rows.length);
    this.#current = columns.int32(`${name}/current`, rows.length);
    this.#beginNs = columns.float64(`${name}/begin`, samples);
    this.#lastNs = columns.float64(`${name}/last`, samples);
    this.#amount = columns.float64(`${name}/amount`, samples);
  }

  record(row: number, amount: number, nowNs: number): void {
    if (this.#used.data[row] === 0) this.#begin(row, 0, nowNs);
    let sample = this.#first[row] + this.#current.data[row];
    const { windows, windowNs } = this.#rows[row];
    if (nowNs - this.#beginNs.data[sample] >= windowNs) {
      const next = (this.#current.data[row] + 1) % (windows + 1);
      this.#begin(row, next, nowNs);
      sample = this.#first[row] + next;
    }
    this.#amount.data[sample] += amount;
    this.#lastNs.data[sample] = nowNs;
  }

  /** What all samples have that still count. */
  sum(row: number, nowNs: number): number {
    this.#purge(row, nowNs);
    let sum = 0;
    for (let sample = this.#first[row]; sample < this.#end(row); sample += 1) {
      sum += this.#amount.data[sample];
    }
    return sum;
  }

  /** Time since the oldest sample began, ns; 0 without any. */
  spanNs(row: number, nowNs: number): number {
    this.#purge(row, nowNs);
    let oldestNs = nowNs;
    for (let sample = this.#first[row]; sample < this.#end(row); sample += 1) {
      oldestNs = Math.min(oldestNs, this.#beginNs.data[sample]);
    }
    return nowNs - oldestNs;
  }

  /** All that was counted is forgotten. */
  clear(row: number): void {
    this.#used.data[row] = 0;
    this.#current.data[row] = 0;
  }

  #end(row: number): number {
    return this.#first[row] + this.#used.data[row];
  }

  #begin(row: number, sample: number, nowNs: number): void {
    this.#current.data[row] = sample;
    this.#used.data[row] = Math.max(this.#used.data[row], sample + 1);
    this.#empty(this.#first[row] + sample, nowNs);
  }

  #purge(row: number, nowNs: number): void {
    const { windows, windowNs } = this.#rows[row];
    for (let sample = this.#first[row]; sample < this.#end(row); sample += 1) {
      if (nowNs - this.#lastNs.data[sample] >= windows * windowNs) this.#empty(sample, nowNs);
    }
  }

  #empty(sample: number, nowNs: number): void {
    this.#beginNs.data[sample] = nowNs;
    this.#lastNs.data[sample] = nowNs;
    this.#amount.data[sample] = 0;
  }
}
