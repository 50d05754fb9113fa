/** Sizes of Kafka's record batch format v2 (clients, DefaultRecordBatch and DefaultRecord), in bytes. */

export const BATCH_OVERHEAD_BYTES = 61;
const RECORD_OVERHEAD_BYTES_MAX = 21;

export interface RecordShape {
  /** null: the record has no key. */
  readonly keyBytes: number | null;
  readonly valueBytes: number;
  /** Bytes of the encoded headers, their count included. */
  readonly headersBytes: number;
}

/** Size of one record inside a batch, made less than 64 ms after the batch's first (its timestamp delta takes a byte). */
export function recordBytes(shape: RecordShape, offsetDelta: number): number {
  const body =
    1 + // attributes
    1 + // timestamp delta
    varintBytes(offsetDelta) +
    fieldBytes(shape.keyBytes) +
    fieldBytes(shape.valueBytes) +
    shape.headersBytes;
  return varintBytes(body) + body;
}

/** What Kafka's producer reserves at least for a batch that shall hold this record. */
export function batchBytesUpperBound(shape: RecordShape): number {
  return (
    BATCH_OVERHEAD_BYTES +
    RECORD_OVERHEAD_BYTES_MAX +
    fieldBytes(shape.keyBytes) +
    fieldBytes(shape.valueBytes) +
    shape.headersBytes
  );
}

/** Encoded size of one header (or of none, when both are 0 bytes), with the count in front. */
export function headersBytes(keyBytes: number, valueBytes: number): number {
  return keyBytes + valueBytes === 0 ? 1 : 1 + fieldBytes(keyBytes) + fieldBytes(valueBytes);
}

function fieldBytes(bytes: number | null): number {
  return bytes === null ? 1 : varintBytes(bytes) + bytes;
}

/** Bytes of a non-negative number, 0 to 2^30 - 1, as a zig-zag varint. */
export function varintBytes(value: number): number {
  if (value < 64) return 1;
  if (value < 8_192) return 2;
  if (value < 1_048_576) return 3;
  return value < 134_217_728 ? 4 : 5;
}
