/** Kafka's primitive types, read from one response. Reading past its end throws a MalformedResponse. */

const TWO_TO_32 = 2 ** 32;
const UVARINT_SHIFT_MAX = 28;

/** A broker's answer that is not what its protocol says. */
export class MalformedResponse extends Error {}

export class ResponseReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The place of the next byte in the buffer. */
  get at(): number {
    return this.#at;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** As a float64, exact up to 2^53. */
  int64(): number {
    const at = this.#take(8);
    return this.#bytes.readInt32BE(at) * TWO_TO_32 + this.#bytes.readUInt32BE(at + 4);
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#take(1)];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
      if (shift >= UVARINT_SHIFT_MAX) {
        throw new MalformedResponse('a varint of more than 5 bytes');
      }
    }
  }

  compactString(): string | null {
    const length = this.uvarint() - 1;
    if (length < 0) {
      return null;
    }
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** A topic's id, 16 bytes, as text for a key. */
  uuid(): string {
    const at = this.#take(16);
    return this.#bytes.toString('hex', at, at + 16);
  }

  /** Length of a compact array, 0 for null. */
  compactArray(): number {
    return Math.max(0, this.uvarint() - 1);
  }

  /** Length of compact bytes, which `skip` passes over; 0 for null. */
  compactBytes(): number {
    return Math.max(0, this.uvarint() - 1);
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  /** Reads tagged fields; `known` is called at the beginning of each, and need not read any of it. */
  tags(known?: (tag: number) => void): void {
    const count = this.uvarint();
    for (let index = 0; index < count; index++) {
      const tag = this.uvarint();
      const end = this.uvarint() + this.#at;
      if (end > this.#end) {
        throw new MalformedResponse('a tagged field that ends after its response');
      }
      known?.(tag);
      this.#at = end;
    }
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#end) {
      throw new MalformedResponse(`${bytes} bytes at ${at} of a response that ends at ${this.#end}`);
    }
    this.#at = at + bytes;
    return at;
  }
}
