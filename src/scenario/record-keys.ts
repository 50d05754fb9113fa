/** The keys of records: numbered, the number at the end of the key. */

const KEY_INDEX_BYTES_MAX = 6;

/** How many different keys fit into that many bytes. */
export function keyRoom(bytes: number): number {
  return 256 ** Math.min(bytes, KEY_INDEX_BYTES_MAX);
}

/** The key of that number. */
export function keyOf(index: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes, 'k');
  writeKeyNumber(key, index);
  return key;
}

/** Makes a key into that of another number. */
export function writeKeyNumber(key: Uint8Array, index: number): void {
  let rest = index;
  for (let at = key.length - 1; at >= 0 && at >= key.length - KEY_INDEX_BYTES_MAX; at--) {
    key[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
