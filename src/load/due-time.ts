/** What a value carries at its front: the time at which its record was due. */

export const DUE_TIME_BYTES = 8;
const WORD = 2 ** 32;

/** Writes the due time, nanoseconds on the common clock, into a value that has room for it. */
export function writeDueTime(data: DataView, at: number, valueBytes: number, dueNs: number): void {
  if (valueBytes < DUE_TIME_BYTES) {
    return;
  }
  const high = Math.floor(dueNs / WORD);
  data.setUint32(at, high);
  data.setUint32(at + 4, dueNs - high * WORD);
}

/** The due time at the front of a value; null when the value has no room for one. */
export function readDueTime(bytes: Buffer, at: number, valueBytes: number): number | null {
  return valueBytes < DUE_TIME_BYTES ? null : bytes.readUInt32BE(at) * WORD + bytes.readUInt32BE(at + 4);
}
