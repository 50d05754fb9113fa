/** Gathers a shard's events in columns and writes a block when they are full. */
import type { TraceSink } from '../kernel/trace-sink.ts';
import type { BlockWriter } from './block-writer.ts';
import { BLOCK, BLOCK_EVENTS, FIELDS, type PartEnd, type TraceWindow } from './format.ts';

export class ShardRecorder implements TraceSink {
  readonly #writer: BlockWriter;
  readonly #part: number;
  readonly #fromNs: number;
  readonly #untilNs: number;
  readonly #columns = new Float64Array(FIELDS.length * BLOCK_EVENTS);
  #count = 0;
  #events = 0;
  #lastNs = 0;

  constructor(writer: BlockWriter, part: number, { fromNs, untilNs }: TraceWindow) {
    this.#writer = writer;
    this.#part = part;
    this.#fromNs = fromNs;
    this.#untilNs = untilNs ?? Number.POSITIVE_INFINITY;
  }

  event(
    timeNs: number,
    microstep: number,
    priority: number,
    target: number,
    source: number,
    sequence: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
    scheduled: number,
  ): void {
    if (!(timeNs >= this.#fromNs && timeNs < this.#untilNs)) return;
    const columns = this.#columns;
    const at = this.#count;
    columns[at] = timeNs - this.#lastNs;
    columns[at + BLOCK_EVENTS] = microstep;
    columns[at + 2 * BLOCK_EVENTS] = priority;
    columns[at + 3 * BLOCK_EVENTS] = target;
    columns[at + 4 * BLOCK_EVENTS] = source;
    columns[at + 5 * BLOCK_EVENTS] = sequence;
    columns[at + 6 * BLOCK_EVENTS] = kind;
    columns[at + 7 * BLOCK_EVENTS] = a;
    columns[at + 8 * BLOCK_EVENTS] = b;
    columns[at + 9 * BLOCK_EVENTS] = c;
    columns[at + 10 * BLOCK_EVENTS] = d;
    columns[at + 11 * BLOCK_EVENTS] = scheduled;
    this.#lastNs = timeNs;
    this.#count += 1;
    if (this.#count === BLOCK_EVENTS) this.#flush();
  }

  /**
   * Writes what is left, and the part's end.
   * @param complete whether the shard came to the end of its run
   */
  finish(complete: boolean): void {
    if (this.#count > 0) this.#flush();
    const end: PartEnd = { events: this.#events, complete };
    this.#writer.writeJson(BLOCK.end, this.#part, end);
  }

  #flush(): void {
    const count = this.#count;
    for (let column = 1; column < FIELDS.length && count < BLOCK_EVENTS; column += 1) {
      const start = column * BLOCK_EVENTS;
      this.#columns.copyWithin(column * count, start, start + count);
    }
    this.#writer.writeEvents(this.#part, count, this.#columns);
    this.#events += count;
    this.#count = 0;
    this.#lastNs = 0;
  }
}
