/** What the published runs are predicted with beyond what the publications state; every value has a source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../src/package.ts';

const source = z.string().min(1);
const stated = z.strictObject({ value: z.number().positive(), source });

const machine = z.strictObject({
  what: z.string().min(1),
  /** Published points of a core for each GHz of its clock, and the clock of a core that one thread has to itself. */
  specPerGhz: stated,
  ghz: stated,
  cores: stated,
  memoryBytes: stated,
  heapBytes: stated,
  nicBytesPerSecond: stated,
  /** Null: nothing is written there. */
  disk: z
    .strictObject({
      kind: z.enum(['hdd', 'ssd', 'nvme']),
      readBytesPerSecond: stated.optional(),
      writeBytesPerSecond: stated.optional(),
    })
    .nullable(),
});

const assumptions = z.strictObject({
  /** Name of the profile that all costs come from. */
  reference: z.string(),
  costs: z.array(
    z.strictObject({
      /** Pattern of costs' names. */
      of: z.string(),
      scale: z.enum(['same', 'cpu', 'network', 'heap', 'collection']),
      source,
    }),
  ),
  networkLatencyNs: stated,
  referenceHeapBytes: stated,
  referenceCore: z.strictObject({ specPerGhz: stated, ghz: stated }),
  machines: z.record(z.string(), machine),
  besides: z.array(z.strictObject({ says: z.string().min(1), source })),
});

export type Assumptions = z.output<typeof assumptions>;
export type Machine = Assumptions['machines'][string];

const FILE = join(packageRoot, 'bench', 'published', 'assumptions.yaml');

export function readAssumptions(): Assumptions {
  return assumptions.parse(parse(readFileSync(FILE, 'utf8')));
}

/** How many times as much CPU time the same work takes as on the reference. */
export function cpuFactor({ referenceCore }: Assumptions, { specPerGhz, ghz }: Machine): number {
  return (referenceCore.specPerGhz.value * referenceCore.ghz.value) / (specPerGhz.value * ghz.value);
}
