/** Any number of first-in-first-out queues of numbers over one pool of nodes. */
import type { Columns, Float64Column, Int32Column } from './columns.ts';
import { Table } from './table.ts';

const NONE = -1;

export class Fifos {
  readonly #name: string;
  readonly #nodes: Table;
  readonly #value: Float64Column;
  readonly #after: Int32Column;
  readonly #head: Int32Column;
  readonly #tail: Int32Column;
  readonly #length: Int32Column;

  /**
   * @param queues how many queues, numbered from 0
   * @param limit most values waiting in all queues together
   */
  constructor(columns: Columns, name: string, queues: number, limit: number) {
    this.#name = name;
    this.#nodes = new Table(columns, `${name}/nodes`, 64, limit);
    this.#value = this.#nodes.float64('value');
    this.#after = this.#nodes.int32('after');
    this.#head = columns.int32(`${name}/head`, queues);
    this.#tail = columns.int32(`${name}/tail`, queues);
    this.#length = columns.int32(`${name}/length`, queues);
    this.#head.data.fill(NONE);
    this.#tail.data.fill(NONE);
  }

  length(queue: number): number {
    return this.#length.data[queue];
  }

  push(queue: number, value: number): void {
    const node = this.#nodes.take();
    this.#value.data[node] = value;
    this.#after.data[node] = NONE;
    const tail = this.#tail.data[queue];
    if (tail === NONE) this.#head.data[queue] = node;
    else this.#after.data[tail] = node;
    this.#tail.data[queue] = node;
    this.#length.data[queue] += 1;
  }

  /**
   * The first value, which stays.
   * @throws Error when the queue is empty
   */
  peek(queue: number): number {
    const node = this.#head.data[queue];
    if (node === NONE) this.#failEmpty(queue);
    return this.#value.data[node];
  }

  /**
   * Takes the first value.
   * @throws Error when the queue is empty
   */
  shift(queue: number): number {
    const node = this.#head.data[queue];
    if (node === NONE) this.#failEmpty(queue);
    const after = this.#after.data[node];
    this.#head.data[queue] = after;
    if (after === NONE) this.#tail.data[queue] = NONE;
    this.#length.data[queue] -= 1;
    this.#nodes.give(node);
    return this.#value.data[node];
  }

  #failEmpty(queue: number): never {
    throw new Error(`queue ${queue} of "${this.#name}" is empty`);
  }
}
