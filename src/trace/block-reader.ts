/** Finds the blocks of a trace and reads them one at a time, checking versions, lengths and checksums. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { UserError } from '../errors/errors.ts';
import { CHECKSUM_AT, FIELDS, HEADER_BYTES, MAGIC, VERSION } from './format.ts';

/** Where a block is, and what its header says of it. */
export interface StoredBlock {
  readonly type: number;
  readonly part: number;
  readonly events: number;
  /** Of the header, from the file's start. */
  readonly offset: number;
  readonly payloadBytes: number;
  readonly checksum: number;
  readonly headerChecksum: number;
}

export class BlockReader {
  readonly #file: string;
  readonly #descriptor: number;
  /** The whole blocks; never none. */
  readonly blocks: readonly StoredBlock[];
  /** Where something follows that is less than a block; null when nothing does. */
  readonly cutOffAt: number | null;

  /**
   * Reads the headers alone.
   * @throws UserError, with one line, for a file that cannot be read, is no trace, is of another version or is damaged
   */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = this.#readable(() => openSync(file, 'r'));
    try {
      const { blocks, end, fileBytes } = this.#readable(() => this.#headers());
      this.blocks = blocks;
      this.cutOffAt = end === fileBytes ? null : end;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws UserError when the block is damaged */
  json(block: StoredBlock): unknown {
    return this.#readable(() => JSON.parse(this.#payload(block).toString()) as unknown);
  }

  /** The columns of FIELDS, one after the other. @throws UserError when the block is damaged */
  columns(block: StoredBlock): Float64Array {
    const bytes = block.events * FIELDS.length * 8;
    const unpacked = this.#readable(() =>
      zstdDecompressSync(this.#payload(block), { maxOutputLength: Math.max(1, bytes) }),
    );
    if (unpacked.length !== bytes) throw this.damaged(block.offset);
    return new Float64Array(new Uint8Array(unpacked).buffer);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  damaged(offset: number): UserError {
    return new UserError(`${this.#file}: the trace is damaged at byte ${offset}; trace the run again`);
  }

  noTrace(): UserError {
    return new UserError(
      `${this.#file}: expected a trace as brokertwin simulate --trace writes it, found another file`,
    );
  }

  #headers(): { blocks: StoredBlock[]; end: number; fileBytes: number } {
    const fileBytes = fstatSync(this.#descriptor).size;
    const blocks: StoredBlock[] = [];
    let offset = 0;
    while (offset + HEADER_BYTES <= fileBytes) {
      const block = this.#header(offset);
      const next = offset + HEADER_BYTES + block.payloadBytes;
      if (next > fileBytes) break;
      blocks.push(block);
      offset = next;
    }
    if (blocks.length > 0) return { blocks, end: offset, fileBytes };
    if (fileBytes < HEADER_BYTES) throw this.noTrace();
    throw new UserError(`${this.#file}: the trace is cut off in its first block; trace the run again`);
  }

  #header(offset: number): StoredBlock {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.#descriptor, header, 0, HEADER_BYTES, offset);
    if (header.readUInt32LE(0) !== MAGIC) throw offset === 0 ? this.noTrace() : this.damaged(offset);
    const version = header.readUInt16LE(4);
    if (version !== VERSION) {
      throw new UserError(
        `${this.#file}: expected a trace of format ${VERSION}, found ${version}; trace the run again`,
      );
    }
    return {
      type: header.readUInt16LE(6),
      part: header.readUInt32LE(8),
      events: header.readUInt32LE(12),
      offset,
      payloadBytes: header.readUInt32LE(16),
      checksum: header.readUInt32LE(CHECKSUM_AT),
      headerChecksum: crc32(header.subarray(0, CHECKSUM_AT)),
    };
  }

  #payload(block: StoredBlock): Buffer {
    const payload = Buffer.alloc(block.payloadBytes);
    readSync(this.#descriptor, payload, 0, payload.length, block.offset + HEADER_BYTES);
    if (crc32(payload, block.headerChecksum) !== block.checksum) throw this.damaged(block.offset);
    return payload;
  }

  #readable<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UserError(`${this.#file}: expected a trace that can be read, found: ${why}`, undefined, {
        cause,
      });
    }
  }
}
