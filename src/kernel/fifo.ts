/** Any number of first-in-first-out queues of numbers over one pool of nodes. */
import type { Columns, Float64Column, Int32Column } from './columns.ts';
import { Table } from './table.ts';

const NONE = -1;

export class Fifos {
  readonly #name: string;
  readonly #nodes: Table;
  readonly #value: Float64Column;
  readonly #after: Int32Column;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #length: Int32Array;

  /**
   * @param queues how many queues, numbered from 0
   * @param limit most values waiting in all queues together
   */
  constructor(columns: Columns, name: string, queues: number, limit: number) {
    this.#name = name;
    this.#nodes = new Table(columns, `${name}/nodes`, 64, limit);
    this.#value = this.#nodes.float64('value');
    this.#after = this.#nodes.int32('after');
    this.#head = columns.int32(`${name}/head`, queues).data;
    this.#tail = columns.int32(`${name}/tail`, queues).data;
    this.#length = columns.int32(`${name}/length`, queues).data;
    this.#head.fill(NONE);
    this.#tail.fill(NONE);
  }

  length(queue: number): number {
    return this.#length[queue];
  }

  push(queue: number, value: number): void {
    const node = this.#nodes.take();
    this.#value.data[node] = value;
    this.#after.data[node] = NONE;
    const tail = this.#tail[queue];
    if (tail === NONE) this.#head[queue] = node;
    else this.#after.data[tail] = node;
    this.#tail[queue] = node;
    this.#length[queue] += 1;
  }

  /**
   * The first value, which stays.
   * @throws Error when the queue is empty
   */
  peek(queue: number): number {
    const node = this.#head[queue];
    if (node === NONE) this.#failEmpty(queue);
    return this.#value.data[node];
  }

  /**
   * Takes the first value.
   * @throws Error when the queue is empty
   */
  shift(queue: number): number {
    const node = this.#head[queue];
    if (node === NONE) this.#failEmpty(queue);
    const after = this.#after.data[node];
    this.#head[queue] = after;
    if (after === NONE) this.#tail[queue] = NONE;
    this.#length[queue] -= 1;
    this.#nodes.give(node);
    return this.#value.data[node];
  }

  /** Forgets all values of a queue. */
  clear(queue: number): void {
    while (this.#length[queue] > 0) this.shift(queue);
  }

  #failEmpty(queue: number): never {
    throw new Error(`queue ${queue} of "${this.#name}" is empty`);
  }
}
