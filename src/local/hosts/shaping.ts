/**
 * Limits of a machine's NIC: a token bucket (tc tbf) in each direction, sending on the machine's own end, receiving on the
 * bridge's. What exceeds the rate waits in the bucket's queue for up to 50 ms, beyond that it is lost, as in a switch with
 * a buffer of that depth. Latency, where the kernel has netem, is added to what the machine sends, before the bucket.
 */
import { loadPort } from './addresses.ts';
import { runBatch } from './iproute.ts';
import type { Machine, MachineLimits } from './machine.ts';

/** How long a packet may wait in the bucket's queue. */
export const NIC_QUEUE_MS = 50;

const BUFFER_BYTES_MIN = 128 * 1024;
/** A millisecond's worth, so that the kernel's timers do not limit fast NICs. */
const BUFFER_SECONDS = 0.001;
const BITS = 8;
/** Packets that netem may hold: a second's worth of small ones at 1 Gbit/s. */
const NETEM_PACKETS = 100_000;

/** Depth of the bucket: as stated, else 128 KiB or a millisecond's worth, whichever is more. */
export function nicBufferBytes(
  limits: Pick<MachineLimits, 'nicBytesPerSecond' | 'nicBufferBytes'>,
): number | null {
  if (limits.nicBytesPerSecond === null) return null;
  return (
    limits.nicBufferBytes ?? Math.max(BUFFER_BYTES_MIN, Math.ceil(limits.nicBytesPerSecond * BUFFER_SECONDS))
  );
}

/** Commands of `tc` that put a device under the limits, from whatever limits it has now. */
export function shapingCommands(device: string, limits: MachineLimits, latencyMs: number | null): string[] {
  const netem = latencyMs === null ? null : `netem delay ${latencyMs}ms limit ${NETEM_PACKETS}`;
  if (limits.nicBytesPerSecond === null) {
    return netem === null
      ? [`qdisc del dev ${device} root`]
      : [`qdisc replace dev ${device} root handle 1: ${netem}`];
  }
  const rate = Math.round(limits.nicBytesPerSecond * BITS);
  const bucket = `tbf rate ${rate}bit burst ${nicBufferBytes(limits)} latency ${NIC_QUEUE_MS}ms`;
  return [
    `qdisc replace dev ${device} root handle 1: ${bucket}`,
    ...(netem === null ? [] : [`qdisc replace dev ${device} parent 1:1 handle 10: ${netem}`]),
  ];
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
  const { limits, number } = machine;
  const isShaped = (of: MachineLimits | null): boolean => of !== null && of.nicBytesPerSecond !== null;
  const isDelayed = (of: MachineLimits | null): boolean => of !== null && of.latencyMs !== null;
  const out = isShaped(limits) || isDelayed(limits) || isShaped(before) || isDelayed(before);
  const into = isShaped(limits) || isShaped(before);
  await runBatch(
    {
      tool: 'tc',
      namespace: machine.namespace,
      commands: out ? shapingCommands('eth0', limits, limits.latencyMs) : [],
    },
    signal,
  );
  await runBatch(
    { tool: 'tc', namespace: hub, commands: into ? shapingCommands(loadPort(number), limits, null) : [] },
    signal,
  );
}
