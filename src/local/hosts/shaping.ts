/**
 * Limits of a machine's NIC: a token bucket (tc tbf) in each direction, sending on the machine's own end, receiving on the
 * bridge's. What exceeds the rate waits in the bucket's queue for up to 50 ms, beyond that it is lost, as in a switch with
 * a buffer of that depth. Latency, where the kernel has netem, is added to what the machine sends, before the bucket.
 */
import { NIC_QUEUE_MS, nicBufferBytes } from '../../scenario/nic-buffer.ts';
import { loadPort } from './addresses.ts';
import { runBatch } from './iproute.ts';
import type { Machine, MachineLimits } from './machine.ts';

const BITS = 8;
/** Packets that netem may hold: a second's worth of small ones at 1 Gbit/s. */
const NETEM_PACKETS = 100_000;

/**
 * Commands of `tc` that put a device under the limits. Latency is outside and the bucket in it: inside, it would take the
 * place of the queue that the bucket loses packets from.
 *
 * @param latencyMs the same as before, if the device has had limits before
 * @param wasShaped whether it has a bucket now
 */
export function shapingCommands(
  device: string,
  limits: MachineLimits,
  latencyMs: number | null,
  wasShaped: boolean,
): string[] {
  const delay =
    latencyMs === null
      ? []
      : [`qdisc replace dev ${device} root handle 2: netem delay ${latencyMs}ms limit ${NETEM_PACKETS}`];
  const place = latencyMs === null ? 'root' : 'parent 2:1';
  if (limits.nicBytesPerSecond === null) {
    return [...delay, ...(wasShaped ? [`qdisc del dev ${device} ${place}`] : [])];
  }
  const rate = Math.round(limits.nicBytesPerSecond * BITS);
  const bucket = `tbf rate ${rate}bit burst ${nicBufferBytes(limits)} latency ${NIC_QUEUE_MS}ms`;
  return [...delay, `qdisc replace dev ${device} ${place} handle 1: ${bucket}`];
}

/**
 * Puts a machine's NIC under its limits, or frees it of them.
 *
 * @param hub the namespace of the bridges
 * @param before the limits that it has now
 */
export async function shape(
  machine: Machine,
  hub: string,
  signal?: AbortSignal,
  before: MachineLimits | null = null,
): Promise<void> {
  const { limits, number, namespace } = machine;
  const wasShaped = before !== null && before.nicBytesPerSecond !== null;
  const sending = shapingCommands('eth0', limits, limits.latencyMs, wasShaped);
  await runBatch({ tool: 'tc', namespace, commands: sending }, signal);
  const receiving = shapingCommands(loadPort(number), limits, null, wasShaped);
  await runBatch({ tool: 'tc', namespace: hub, commands: receiving }, signal);
}
