/** Java's String.hashCode, and how Kafka makes a number below a count of it. */

export function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
}

/** As Utils.abs has it, the one integer without an absolute value gives 0. */
export function partitionOfHash(hash: number, count: number): number {
  return hash === -2_147_483_648 ? 0 : Math.abs(hash) % count;
}
