import { partitionForKey } from '../../../src/scenario/murmur2.ts';

/** One key of each partition, 8 bytes long. */
export function keysOfPartitions(partitions: number): readonly Buffer[] {
  const keys: Buffer[] = [];
  for (let number = 0, found = 0; found < partitions; number++) {
    const key = Buffer.from(`k${number}`.padEnd(8));
    const partition = partitionForKey(key, partitions);
    if (keys[partition] === undefined) {
      keys[partition] = key;
      found++;
    }
  }
  return keys;
}
