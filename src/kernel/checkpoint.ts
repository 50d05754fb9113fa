/**
 * A checkpoint: the state of a simulation as plain data, which can be cloned, written down and read in another process.
 *
 *   bytes   magic "btcheck\n" │ header length, uint32 │ header, JSON │ column │ column │ ...   each from a multiple of 8
 *
 * The header lists the labels, and each column's name, type and length. Numbers are little-endian, as on every machine
 * that Node runs on.
 */

export type ColumnData = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** A new number whenever the columns of the kernel mean something else. */
export const FORMAT = 'brokertwin.checkpoint/1';

/** Plain data; made by `Columns.checkpoint` or `decodeCheckpoint`. */
export interface Checkpoint {
  readonly format: string;
  /** What was laid out, in its order. */
  readonly labels: readonly string[];
  /** Contents by name, in the order of their making. */
  readonly columns: ReadonlyMap<string, ColumnData>;
}

interface Header {
  readonly format: string;
  readonly labels: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string; readonly length: number }[];
}

const TYPES = { Float64Array, Int32Array, Uint32Array, Uint16Array, Uint8Array };
const MAGIC = new TextEncoder().encode('btcheck\n');
const HEADER_AT = MAGIC.length + 4;
const ALIGNMENT = 8;

/** @throws Error naming both versions, when this one cannot read checkpoints of that format */
export function checkFormat(format: string): void {
  if (format !== FORMAT) failRestore(`it is ${JSON.stringify(format)}, this version reads "${FORMAT}"`);
}

/** The checkpoint as bytes, to be written to a file or sent to another process. */
export function encodeCheckpoint({ format, labels, columns }: Checkpoint): Uint8Array {
  const header: Header = {
    format,
    labels,
    columns: [...columns].map(([name, data]) => ({ name, type: data.constructor.name, length: data.length })),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = aligned(HEADER_AT + text.length);
  const length = [...columns.values()].reduce((sum, data) => sum + aligned(data.byteLength), start);
  const bytes = new Uint8Array(length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, text.length, true);
  bytes.set(text, HEADER_AT);
  let at = start;
  for (const data of columns.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += aligned(data.byteLength);
  }
  return bytes;
}

/**
 * Reads what `encodeCheckpoint` wrote.
 * @throws Error when the bytes are no checkpoint, one of another version, or not all of it
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  if (bytes.length < HEADER_AT || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    failRestore('these bytes do not begin as a checkpoint does');
  }
  const textLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const start = aligned(HEADER_AT + textLength);
  if (bytes.length < start) failRestore(`it ends after ${bytes.length} bytes, in its header`);
  const text = new TextDecoder().decode(bytes.subarray(HEADER_AT, HEADER_AT + textLength));
  const header = JSON.parse(text) as Header;
  checkFormat(header.format);
  const columns = new Map<string, ColumnData>();
  let at = start;
  for (const { name, type, length } of header.columns) {
    const make = TYPES[type as keyof typeof TYPES];
    const byteLength = length * make.BYTES_PER_ELEMENT;
    if (bytes.length < at + byteLength) failRestore(`it ends after ${bytes.length} bytes, in "${name}"`);
    const data = new make(length);
    new Uint8Array(data.buffer).set(bytes.subarray(at, at + byteLength));
    columns.set(name, data);
    at += aligned(byteLength);
  }
  return { format: header.format, labels: header.labels, columns };
}

export function failRestore(found: string): never {
  throw new Error(`restore: the checkpoint is of another model or version: ${found}`);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
