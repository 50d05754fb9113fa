/**
 * Bytes of values: cut from a pool of random ones in turn, so that none come again before the whole pool was used, and do not
 * compress, or only as far as they should: then each piece of PIECE_BYTES is random at its beginning and the same
 * letter after. After each round the pool is cut at another place, so that batches differ from those of the last one.
 */
import type { Random } from '../random.ts';

/** More than the windows of all codecs, and than a processor's second cache. */
const POOL_BYTES = 8 * 1024 * 1024;
const WORD = 2 ** 32;
const PIECE_BYTES = 64;
const FILLER = 'x';
const FIRST_LETTER = 65;
const LETTERS = 26;

export class ValuePool {
  readonly #bytes: Buffer;
  readonly #random: Random;
  #at = 0;

  private constructor(bytes: Buffer, random: Random) {
    this.#bytes = bytes;
    this.#random = random;
  }

  /** Of one producer thread; `randomPart`, 0 to 1, of its bytes is random. */
  static ofBytes(random: Random, randomPart: number): ValuePool {
    const words = new Uint32Array(POOL_BYTES / 4);
    for (let i = 0; i < words.length; i++) {
      words[i] = Math.floor(random() * WORD);
    }
    const bytes = Buffer.from(words.buffer);
    const randomBytes = Math.round(PIECE_BYTES * randomPart);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      bytes.fill(FILLER, at + randomBytes, at + PIECE_BYTES);
    }
    return new ValuePool(bytes, random);
  }

  /** Letters from A to Z. */
  static ofLetters(random: Random): ValuePool {
    const bytes = Buffer.allocUnsafeSlow(POOL_BYTES);
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = FIRST_LETTER + Math.floor(random() * LETTERS);
    }
    return new ValuePool(bytes, random);
  }

  /** Fills target[from, to). */
  copy(target: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#at >= this.#bytes.length) {
        this.#at = Math.floor(this.#random() * PIECE_BYTES);
      }
      const copied = this.#bytes.copy(target, at, this.#at, this.#at + to - at);
      at += copied;
      this.#at += copied;
    }
  }
}
