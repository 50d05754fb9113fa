/** The keys of records: numbered, the number at the end of the key. */

const KEY_INDEX_BYTES_MAX = 6;

/** How many different keys fit into that many bytes. */
export function keyRoom(bytes: number): number {
  return 256 ** Math.min(bytes, KEY_INDEX_BYTES_MAX);
}

/** The key of that number. */
export function keyOf(index: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes, 'k');
  const indexBytes = Math.min(bytes, KEY_INDEX_BYTES_MAX);
  if (indexBytes > 0) {
    key.writeUIntBE(index, bytes - indexBytes, indexBytes);
  }
  return key;
}
