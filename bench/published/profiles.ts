/** The profiles of the published machines: the reference profile's costs, scaled as the assumptions say. */
import { join } from 'node:path';
import { packageRoot } from '../../src/package.ts';
import type { Cost, CostName, Profile } from '../../src/profile/profile.ts';
import { readProfile, writeProfile } from '../../src/profile/read-profile.ts';
import { type Assumptions, cpuFactor, type Machine, readAssumptions } from './assumptions.ts';

/** The heap for which the simulator leaves room beside a page cache (-Xmx1G of kafka-server-start.sh). */
const SIMULATED_HEAP_BYTES = 1_073_741_824;
const DIGITS = 6;

/** Writes profiles/published-*.json, which the scenarios name. */
export function writeProfiles(): void {
  for (const profile of publishedProfiles()) {
    writeProfile(join(packageRoot, 'profiles', `${profile.name}.json`), profile);
  }
}

export function publishedProfiles(): Profile[] {
  const assumptions = readAssumptions();
  const reference = readProfile(assumptions.reference);
  return Object.entries(assumptions.machines).map(([name, machine]) =>
    profileOf(name, machine, assumptions, reference),
  );
}

function profileOf(name: string, machine: Machine, assumptions: Assumptions, reference: Profile): Profile {
  const costs = Object.entries(reference.costs) as [CostName, Cost][];
  const youngBytes = reference.costs['broker.gc.youngBytes']?.value;
  if (youngBytes === undefined) throw new Error(`profile ${reference.name} lacks broker.gc.youngBytes`);
  const factors = factorsOf(machine, assumptions);
  return {
    format: reference.format,
    name,
    kind: 'catalogue',
    provenance: {
      date: reference.provenance.date,
      machine: machine.what,
      kafka: reference.provenance.kafka,
      note: `Made of ${reference.name} by bench/published/assumptions.yaml; not measured. CPU costs times ${rounded(factors.cpu)}`,
      experiments: [],
    },
    covered: null,
    hardware: {
      cores: machine.cores.value,
      // The simulator takes a heap of 1 GiB off; what is left has to be what the broker's own heap leaves.
      memoryBytes: machine.memoryBytes.value - machine.heapBytes.value + SIMULATED_HEAP_BYTES,
      nicBytesPerSecond: machine.nicBytesPerSecond.value,
      diskWriteBytesPerSecond: null,
      ...diskOf(machine),
    },
    costs: Object.fromEntries(
      costs.map(([cost, { value }]) => {
        const rule = assumptions.costs.find(({ of }) => RegExp(of).test(cost));
        if (rule === undefined) throw new Error(`no assumption says how ${cost} scales`);
        const scaled: Cost =
          rule.scale === 'network'
            ? { ...assumptions.networkLatencyNs, standardError: null }
            : {
                value: rounded(value * factors[rule.scale]),
                source: `${reference.name}, ${rule.scale}: ${rule.source}`,
                standardError: null,
              };
        return [cost, scaled];
      }),
    ),
  };
}

function factorsOf(machine: Machine, assumptions: Assumptions) {
  const cpu = cpuFactor(assumptions, machine);
  const heap = machine.heapBytes.value / assumptions.referenceHeapBytes.value;
  return { same: 1, cpu, heap, collection: cpu / heap };
}

function diskOf({ disk }: Machine): Pick<Profile['hardware'], 'disk'> {
  if (disk === null) return {};
  const { kind, readBytesPerSecond, writeBytesPerSecond } = disk;
  const sources = [readBytesPerSecond?.source, 'src/profile/disk-kinds.ts'];
  return {
    disk: {
      kind,
      source: sources.filter((source) => source !== undefined).join('; '),
      ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond: readBytesPerSecond.value }),
      ...(writeBytesPerSecond === undefined ? {} : { writeBytesPerSecond: writeBytesPerSecond.value }),
    },
  };
}

/** So that the files do not hold sixteen digits of what is known to two. */
function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
