/**
 * Cuts what a socket receives into Kafka's frames (an int32 length, then so many bytes). Bytes are read to where they stay:
 * a frame is handed over as a stretch of this buffer, valid during the call only.
 */

import { MalformedResponse } from './response-reader.ts';

const INITIAL_BYTES = 16 * 1024;
const LENGTH_BYTES = 4;
/** More than any broker sends: fetch.max.bytes and a batch beyond it; a length above is no Kafka broker's. */
const FRAME_BYTES_MAX = 512 * 1024 * 1024;

export class FrameReader {
  readonly #onFrame: (bytes: Buffer, start: number, end: number) => void;
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #filled = 0;

  /** `onFrame` gets the frames without their lengths. */
  constructor(onFrame: (bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame;
  }

  /** Where the next bytes go; never empty. Valid until the next call of `received` or `push`. */
  space(): Buffer {
    return this.#bytes.subarray(this.#filled);
  }

  /** So many bytes were put into `space`. Throws a MalformedResponse when they cannot be of a Kafka broker. */
  received(bytes: number): void {
    this.#filled += bytes;
    let at = 0;
    let missing = 0;
    while (this.#filled - at >= LENGTH_BYTES) {
      const length = this.#bytes.readInt32BE(at);
      if (length < 0 || length > FRAME_BYTES_MAX) {
        throw new MalformedResponse(`a frame of ${length} bytes, which no Kafka broker sends`);
      }
      const end = at + LENGTH_BYTES + length;
      if (end > this.#filled) {
        missing = end - this.#filled;
        break;
      }
      this.#onFrame(this.#bytes, at + LENGTH_BYTES, end);
      at = end;
    }
    this.#makeRoom(at, missing);
  }

  /** Bytes that came in a buffer of their own. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.space(), 0, at);
      at += copied;
      this.received(copied);
    }
  }

  /** Drops the first `done` bytes, and grows when the frame that has begun needs more than there is. */
  #makeRoom(done: number, missing: number): void {
    const kept = this.#filled - done;
    const needed = Math.max(kept + missing, kept + LENGTH_BYTES);
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(needed)));
      this.#bytes.copy(larger, 0, done, this.#filled);
      this.#bytes = larger;
    } else if (done > 0) {
      this.#bytes.copyWithin(0, done, this.#filled);
    }
    this.#filled = kept;
  }
}
