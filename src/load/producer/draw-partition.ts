/** Draws the partitions that keyless records stick to, as Kafka's BuiltInPartitioner does (KIP-794). */
import type { Random } from '../random.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** One of a topic's partitions with a leader; `byLength`: where queues differ in length, by how much shorter than the longest. */
export function drawPartition(queues: readonly PartitionQueue[], byLength: boolean, random: Random): number {
  const available = queues.filter(({ leader }) => leader.broker >= 0);
  if (available.length === 0) {
    return drawEvenly(queues.length, random);
  }
  if (byLength && available.length > 1) {
    const longest = available.reduce((most, { batches }) => Math.max(most, batches.length), 0);
    if (available.some(({ batches }) => batches.length < longest)) {
      const room = available.reduce((sum, { batches }) => sum + longest + 1 - batches.length, 0);
      let left = drawEvenly(room, random);
      for (const { batches, partition } of available) {
        left -= longest + 1 - batches.length;
        if (left < 0) {
          return partition;
        }
      }
    }
  }
  return available[drawEvenly(available.length, random)].partition;
}

/** A number from 0 to before `count`. */
export function drawEvenly(count: number, random: Random): number {
  return Math.floor(random() * count);
}
