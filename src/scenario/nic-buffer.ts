/** What a NIC with a limit passes on at once, above its rate: the rule by which shapers are set and simulated. */

const BUFFER_BYTES_MIN = 128 * 1024;
/** A millisecond's worth, so that the kernel's timers do not limit fast NICs. */
const BUFFER_SECONDS = 0.001;

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
