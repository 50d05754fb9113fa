/** Kafka's primitive types, written into a buffer that grows: heads of requests, never their records. */
import { writeUvarint } from './varints.ts';

const INITIAL_BYTES = 256;
const UVARINT_BYTES_MAX = 5;
const TWO_TO_32 = 2 ** 32;

export class RequestWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;

  /** What was written so far. The writer must not be used after it. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  get length(): number {
    return this.#at;
  }

  int8(value: number): this {
    this.#room(1);
    this.#at = this.#bytes.writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#room(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#room(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  /** A whole number from -2^53 to 2^53. */
  int64(value: number): this {
    this.#room(8);
    const high = Math.floor(value / TWO_TO_32);
    this.#at = this.#bytes.writeInt32BE(high, this.#at);
    this.#at = this.#bytes.writeUInt32BE(value - high * TWO_TO_32, this.#at);
    return this;
  }

  uvarint(value: number): this {
    this.#room(UVARINT_BYTES_MAX);
    this.#at = writeUvarint(this.#bytes, this.#at, value);
    return this;
  }

  /** A string of the time before KIP-482, as request headers still have it. */
  string(text: Uint8Array): this {
    return this.int16(text.length).raw(text);
  }

  compactString(text: Uint8Array): this {
    return this.uvarint(text.length + 1).raw(text);
  }

  compactNull(): this {
    return this.uvarint(0);
  }

  /** The length of a compact array; its items follow. */
  compactArray(length: number): this {
    return this.uvarint(length + 1);
  }

  noTags(): this {
    return this.uvarint(0);
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** Overwrites an int32 that was written before. */
  patchInt32(at: number, value: number): void {
    this.#bytes.writeInt32BE(value, at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at + bytes, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#at);
      this.#bytes = larger;
    }
  }
}
