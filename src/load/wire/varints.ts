/**
 * Kafka's variable-length integers: unsigned ones of 7 bits a byte, the lowest first (KIP-482), and signed ones that are
 * zig-zagged first (record format v2). Plain functions on bytes, since records are made of them.
 */

/** Bytes of an unsigned varint, 0 to 2^31 - 1. */
export function uvarintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Bytes of a non-negative number, 0 to 2^30 - 1, as a zig-zag varint. */
export function varintBytes(value: number): number {
  return uvarintBytes(value * 2);
}

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
