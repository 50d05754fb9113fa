/** Appends blocks to a trace: each with one write, so that the blocks of several workers never mix. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32, constants as zlib, zstdCompressSync } from 'node:zlib';
import { BLOCK, CHECKSUM_AT, FIELDS, HEADER_BYTES, MAGIC, VERSION } from './format.ts';

/** Begins the message of what went wrong in writing: an error from a worker keeps no more of what it was. */
export const UNWRITTEN = 'the trace cannot be written';
/** Level 3 packs a tenth better for a tenth more time, level 6 takes three times as long. */
const PACKING = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } };

export class BlockWriter {
  readonly #file: string;
  readonly #descriptor: number;
  #isBroken = false;

  /**
   * @param file made when it is not there
   * @throws Error when it cannot be opened
   */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a');
  }

  /** @throws Error when it cannot be written whole */
  writeJson(type: number, part: number, value: unknown): void {
    this.#write(type, part, 0, Buffer.from(JSON.stringify(value)));
  }

  /**
   * Writes `events` events.
   * @param columns FIELDS.length columns of `events` numbers, one after the other
   * @throws Error when they cannot be written whole
   */
  writeEvents(part: number, events: number, columns: Float64Array): void {
    const bytes = Buffer.from(columns.buffer, columns.byteOffset, events * FIELDS.length * 8);
    this.#write(BLOCK.events, part, events, zstdCompressSync(bytes, PACKING));
  }

  /** Whether a block could not be written: nothing may follow it then. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(type: number, part: number, events: number, payload: Buffer): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt16LE(VERSION, 4);
    header.writeUInt16LE(type, 6);
    header.writeUInt32LE(part, 8);
    header.writeUInt32LE(events, 12);
    header.writeUInt32LE(payload.length, 16);
    header.writeUInt32LE(crc32(payload, crc32(header.subarray(0, CHECKSUM_AT))), CHECKSUM_AT);
    const block = Buffer.concat([header, payload]);
    this.#isBroken = true;
    const written = this.#append(block);
    if (written !== block.length) {
      throw new Error(`${UNWRITTEN}: ${this.#file}: only ${written} of ${block.length} bytes were taken`);
    }
    this.#isBroken = false;
  }

  #append(block: Buffer): number {
    try {
      return writeSync(this.#descriptor, block);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${UNWRITTEN}: ${this.#file}: ${why}`, { cause });
    }
  }
}
