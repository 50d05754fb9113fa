/** The kinds of events of a cluster's shard. */
export const KIND = {
  cpuTimer: 0,
  cpuBalance: 1,
  requestArrives: 2,
  responseArrives: 3,
  producerTick: 4,
  fetchTimesOut: 5,
  backgroundTick: 6,
  windowEnds: 7,
  mirroredBatch: 8,
  fetchStarts: 9,
  cpuUsedUp: 10,
  cpuPeriod: 11,
  flowGoesOn: 12,
  storageDone: 13,
  written: 14,
  flusherWakes: 15,
  logManagerRuns: 16,
  segmentsDeleted: 17,
  javaWakes: 18,
  javaLingers: 19,
  cpuTick: 20,
} as const;

export const KIND_NAMES: readonly string[] = Object.keys(KIND);
