/**
 * Memory for record batches. A batch begins in little and moves to twice as much when it is full, so that ten thousand
 * clients with a record each need little; what is given back is used again, since fresh memory costs page faults.
 */

const SMALLEST_BYTES = 1024;
/** Given back beyond that, it is left to the garbage collector. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const TIMES_MIN = 16;

export interface BatchMemory {
  readonly bytes: Buffer;
  /** Of the same bytes: its setters are faster than Buffer's. */
  readonly view: DataView;
  /** By record, when it was due and when it came into the batch; grown by `roomForTimes`. */
  dueNs: Float64Array;
  enteredNs: Float64Array;
}

/** Of one thread. */
export class BatchMemories {
  readonly #free = new Map<number, BatchMemory[]>();
  #keptBytes = 0;

  /** Memory for at least so many bytes; what is in it is of no meaning. */
  take(bytes: number): BatchMemory {
    const size = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const free = this.#free.get(size)?.pop();
    if (free === undefined) {
      const bytes = Buffer.allocUnsafeSlow(size);
      return {
        bytes,
        view: new DataView(bytes.buffer, bytes.byteOffset, size),
        dueNs: new Float64Array(TIMES_MIN),
        enteredNs: new Float64Array(TIMES_MIN),
      };
    }
    this.#keptBytes -= size;
    return free;
  }

  /** More memory with the first `used` bytes and all times of the old one, which is given back. */
  grow(memory: BatchMemory, used: number, bytes: number): BatchMemory {
    const larger = this.take(bytes);
    memory.bytes.copy(larger.bytes, 0, 0, used);
    const { dueNs, enteredNs } = larger;
    larger.dueNs = memory.dueNs;
    larger.enteredNs = memory.enteredNs;
    memory.dueNs = dueNs;
    memory.enteredNs = enteredNs;
    this.give(memory);
    return larger;
  }

  give(memory: BatchMemory): void {
    const size = memory.bytes.length;
    if (this.#keptBytes + size > KEPT_BYTES_MAX) {
      return;
    }
    this.#keptBytes += size;
    const free = this.#free.get(size);
    if (free === undefined) {
      this.#free.set(size, [memory]);
    } else {
      free.push(memory);
    }
  }
}

/** Makes room for the times of one more record after `count`. */
export function roomForTimes(memory: BatchMemory, count: number): void {
  if (count >= memory.dueNs.length) {
    memory.dueNs = doubled(memory.dueNs);
    memory.enteredNs = doubled(memory.enteredNs);
  }
}

function doubled(times: Float64Array): Float64Array {
  const larger = new Float64Array(times.length * 2);
  larger.set(times);
  return larger;
}
