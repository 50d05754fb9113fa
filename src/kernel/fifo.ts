/** Any number of first-in-first-out queues of numbers over one pool of nodes. */
import type { Columns, Float64Column, Int32Column } from './columns.ts';
import { Table } from './table.ts';

const NONE = -1;
/** What there is of a queue, beside each other. */
const HEAD = 0;
const TAIL = 1;
const LENGTH = 2;
const WORDS = 4;

export class Fifos {
  readonly #name: string;
  readonly #nodes: Table;
  readonly #value: Float64Column;
  readonly #after: Int32Column;
  readonly #queues: Int32Array;

  /**
   * @param queues how many queues, numbered from 0
   * @param limit most values waiting in all queues together
   */
  constructor(columns: Columns, name: string, queues: number, limit: number) {
    this.#name = name;
    this.#nodes = new Table(columns, `${name}/nodes`, 64, limit);
    this.#value = this.#nodes.float64('value');
    this.#after = this.#nodes.int32('after');
    this.#queues = columns.int32(`${name}/queues`, queues * WORDS).data;
    for (let at = 0; at < this.#queues.length; at += WORDS) this.#queues.fill(NONE, at + HEAD, at + TAIL + 1);
  }

  length(queue: number): number {
    return this.#queues[queue * WORDS + LENGTH];
  }

  push(queue: number, value: number): void {
    const node = this.#nodes.take();
    this.#value.data[node] = value;
    this.#after.data[node] = NONE;
    const tail = this.#queues[queue * WORDS + TAIL];
    if (tail === NONE) this.#queues[queue * WORDS + HEAD] = node;
    else this.#after.data[tail] = node;
    this.#queues[queue * WORDS + TAIL] = node;
    this.#queues[queue * WORDS + LENGTH] += 1;
  }

  /**
   * The first value, which stays.
   * @throws Error when the queue is empty
   */
  peek(queue: number): number {
    const node = this.#queues[queue * WORDS + HEAD];
    if (node === NONE) this.#failEmpty(queue);
    return this.#value.data[node];
  }

  /**
   * Takes the first value.
   * @throws Error when the queue is empty
   */
  shift(queue: number): number {
    const node = this.#queues[queue * WORDS + HEAD];
    if (node === NONE) this.#failEmpty(queue);
    const after = this.#after.data[node];
    this.#queues[queue * WORDS + HEAD] = after;
    if (after === NONE) this.#queues[queue * WORDS + TAIL] = NONE;
    this.#queues[queue * WORDS + LENGTH] -= 1;
    this.#nodes.give(node);
    return this.#value.data[node];
  }

  /** Forgets all values of a queue. */
  clear(queue: number): void {
    while (this.#queues[queue * WORDS + LENGTH] > 0) this.shift(queue);
  }

  #failEmpty(queue: number): never {
    throw new Error(`queue ${queue} of "${this.#name}" is empty`);
  }
}
