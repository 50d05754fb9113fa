/**
 * Disks by kind, for scenarios and profiles that state a kind and not its figures: one data sheet each, 4 KiB accesses.
 * Flushes: an SSD and an NVMe with power-loss protection answer as fast as they write; an HDD waits for a revolution.
 */
import type { DiskFigures, DiskKind } from './profile.ts';

export const DISK_KINDS = {
  hdd: {
    source:
      'Seagate Constellation ES.3 manual: 83 to 175 MB/s over the platter, here their mean, and 4.16 ms to half a revolution; HGST Ultrastar 7K4000 specification: 8.2 ms mean seek',
    readBytesPerSecond: 129_000_000,
    writeBytesPerSecond: 129_000_000,
    operationsPerSecond: 81,
    readLatencyUs: 0,
    writeLatencyUs: 0,
    syncUs: 8333,
    queueDepth: 32,
  },
  ssd: {
    source:
      'Intel SSD DC S4500 product specification: 500 and 490 MB/s, 72,000 IOPS at depth 32, 110 and 52 us',
    readBytesPerSecond: 500_000_000,
    writeBytesPerSecond: 490_000_000,
    operationsPerSecond: 72_000,
    readLatencyUs: 110,
    writeLatencyUs: 52,
    syncUs: 52,
    queueDepth: 32,
  },
  nvme: {
    source:
      'Samsung 970 Pro 512 GB specification: 3,500 and 2,300 MB/s, 370,000 IOPS; Samsung PM983 data sheet: 85 and 50 us',
    readBytesPerSecond: 3_500_000_000,
    writeBytesPerSecond: 2_300_000_000,
    operationsPerSecond: 370_000,
    readLatencyUs: 85,
    writeLatencyUs: 50,
    syncUs: 50,
    queueDepth: 128,
  },
} as const satisfies Record<DiskKind, Required<DiskFigures> & { readonly source: string }>;
