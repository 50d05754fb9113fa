/** What a NIC with a limit passes on at once, above its rate, and what it keeps: the rules by which shapers are set and simulated. */

const BUFFER_BYTES_MIN = 128 * 1024;
/** A millisecond's worth, so that the kernel's timers do not limit fast NICs. */
const BUFFER_SECONDS = 0.001;
/** How long a packet may wait in the queue of a shaper. */
export const NIC_QUEUE_MS = 50;
const MS_PER_SECOND = 1000;

/** Depth of the token bucket: as stated, else 128 KiB or a millisecond's worth, whichever is more; null without a limit. */
export function nicBufferBytes(limits: {
  readonly nicBytesPerSecond: number | null;
  readonly nicBufferBytes: number | null;
}): number | null {
  if (limits.nicBytesPerSecond === null) return null;
  return (
    limits.nicBufferBytes ?? Math.max(BUFFER_BYTES_MIN, Math.ceil(limits.nicBytesPerSecond * BUFFER_SECONDS))
  );
}

/** What a shaper's queue holds; more is lost. As tc-tbf(8) reckons it: its longest wait at the rate, and the bucket. */
export function nicQueueBytes(limits: Parameters<typeof nicBufferBytes>[0]): number | null {
  const burstBytes = nicBufferBytes(limits);
  if (limits.nicBytesPerSecond === null || burstBytes === null) return null;
  return (limits.nicBytesPerSecond * NIC_QUEUE_MS) / MS_PER_SECOND + burstBytes;
}
