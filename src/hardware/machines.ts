/** Machines: cores, and the hosts that share them. */
import type { CpuQuota } from './cpu-quota.ts';

export interface HostCpu {
  readonly entity: number;
  /** Hosts of one number are parts of one machine, which has the cores of the first of them. */
  readonly machine: number;
  /** A whole number. */
  readonly cores: number;
  /** null: all of them at all times. */
  readonly quota: CpuQuota | null;
  /** An idle core polls at most so long for work before it halts (halt-polls.ts). */
  readonly pollNs: number;
  readonly polledWakeUpLatencyNs: number;
  readonly wakeUpLatencyNs: number;
  /** That much more when a core has slept for long. */
  readonly coldWakeUpLatencyNs: number;
  /** Time constant by which what is not used leaves the caches. */
  readonly cacheLifeNs: number;
  readonly idleBalanceNs: number;
}

export interface Machine {
  readonly index: number;
  readonly hosts: readonly number[];
  /** Its cores are numbered from here on. */
  readonly firstCore: number;
  readonly cores: number;
  /** Whether a host of it has a quota. */
  readonly metered: boolean;
}

/** One for each number that hosts have, in the order in which they come. */
export function machinesOf(hosts: readonly HostCpu[]): Machine[] {
  const machines: Machine[] = [];
  let firstCore = 0;
  for (const [, of] of Map.groupBy(hosts.keys(), (host) => hosts[host].machine)) {
    const { cores } = hosts[of[0]];
    machines.push({
      index: machines.length,
      hosts: of,
      firstCore,
      cores,
      metered: of.some((host) => hosts[host].quota !== null),
    });
    firstCore += cores;
  }
  return machines;
}

/** The machine that a host is a part of. */
export function machineWith(machines: readonly Machine[], host: number): Machine {
  const found = machines.find(({ hosts }) => hosts.includes(host));
  if (found === undefined) throw new Error(`host ${host} is on no machine`);
  return found;
}
