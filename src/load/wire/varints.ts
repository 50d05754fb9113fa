/**
 * Kafka's variable-length integers: unsigned ones of 7 bits a byte, the lowest first (KIP-482), and signed ones that are
 * zig-zagged first (record format v2). Plain functions on bytes, since records are made of them.
 */

/** Writes an unsigned varint and returns the place after it. */
export function writeUvarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let place = at;
  while (rest >= 0x80) {
    bytes[place++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[place++] = rest;
  return place;
}

/** Writes a non-negative number, 0 to 2^30 - 1, as a zig-zag varint and returns the place after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  return writeUvarint(bytes, at, value << 1);
}
