/** Who is to be woken next, of a fixed number of clients, each with one time: a binary heap that knows where each is. */

export class WakeHeap {
  readonly #timeNs: Float64Array;
  /** Clients by place in the heap, and the other way round. */
  readonly #heap: Int32Array;
  readonly #place: Int32Array;

  /** Nobody is to be woken. */
  constructor(clients: number) {
    this.#timeNs = new Float64Array(clients).fill(Number.POSITIVE_INFINITY);
    this.#heap = Int32Array.from({ length: clients }, (_, client) => client);
    this.#place = this.#heap.slice();
  }

  /** The earliest time: infinite when nobody is to be woken. */
  get nextNs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#timeNs[this.#heap[0]];
  }

  /** Who has the earliest time. */
  get next(): number {
    return this.#heap[0];
  }

  /** Sets a client's time, in place of the one that it had. */
  set(client: number, timeNs: number): void {
    const before = this.#timeNs[client];
    this.#timeNs[client] = timeNs;
    if (timeNs < before) {
      this.#rise(this.#place[client]);
    } else if (timeNs > before) {
      this.#sink(this.#place[client]);
    }
  }

  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#timeNs[this.#heap[parent]] <= this.#timeNs[this.#heap[place]]) {
        return;
      }
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.#heap.length && this.#timeNs[this.#heap[child]] < this.#timeNs[this.#heap[least]]) {
          least = child;
        }
      }
      if (least === place) {
        return;
      }
      this.#swap(place, least);
      place = least;
    }
  }

  #swap(a: number, b: number): void {
    const client = this.#heap[a];
    this.#heap[a] = this.#heap[b];
    this.#heap[b] = client;
    this.#place[this.#heap[a]] = a;
    this.#place[this.#heap[b]] = b;
  }
}
