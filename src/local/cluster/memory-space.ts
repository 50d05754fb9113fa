/** Room in memory for a cluster's nodes. */
import { EXIT, UserError } from '../../errors/errors.ts';

/** What a node's JVM takes beside its heap: code, stacks, buffers. */
export const BEYOND_HEAP_MIB = 256;
/** Heap of a controller that is nothing else. */
export const CONTROLLER_HEAP_MIB = 256;

const MIB = 1024 ** 2;

/**
 * Checks that brokers, and controllers in processes of their own, fit into what is available: to this machine, or to the
 * container or control group that we run in.
 *
 * @param nodes.heapMiB of each broker
 * @throws UserError (exit 3) with what was found.
 */
export function requireMemory(
  { brokers, heapMiB, controllers }: { brokers: number; heapMiB: number; controllers: number },
  availableMiB: number = process.availableMemory() / MIB,
): void {
  const neededMiB =
    brokers * (heapMiB + BEYOND_HEAP_MIB) + controllers * (CONTROLLER_HEAP_MIB + BEYOND_HEAP_MIB);
  if (availableMiB >= neededMiB) return;
  const others =
    controllers === 0
      ? ''
      : ` and ${controllers} ${controllers === 1 ? 'controller' : 'controllers'} (heap ${CONTROLLER_HEAP_MIB} MiB)`;
  throw new UserError(
    `memory of this machine: expected ${neededMiB} MiB available for ${brokers} ${brokers === 1 ? 'broker' : 'brokers'} (heap ${heapMiB} MiB)${others}, each with ${BEYOND_HEAP_MIB} MiB beside its heap, found ${Math.floor(availableMiB)} MiB: end other programs, or start fewer brokers`,
    EXIT.clusterUnreachable,
  );
}
