/** Cores and network of the hosts of a cluster, from what a scenario states and their profiles have. */

import { QUOTA_PERIOD_NS } from '../../hardware/cpu-quota.ts';
import type { HostCpu } from '../../hardware/machines.ts';
import type { HostNic } from '../../hardware/nic.ts';
import type { TimeSlices } from '../../hardware/run-queues.ts';
import type { Simulation } from '../../kernel/simulation.ts';
import type { Profile } from '../../profile/profile.ts';
import { nicBufferBytes, nicQueueBytes } from '../../scenario/nic-buffer.ts';
import type { HostGroup, Scenario } from '../../scenario/scenario.ts';
import type { Costs } from '../costs.ts';
import type { Topology } from './topology.ts';

export interface HostsInput {
  readonly sim: Simulation;
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** Of every host. */
  readonly profiles: readonly Profile[];
  readonly costs: readonly Costs[];
  /** All hosts are parts of one machine with so many cores; null: each is a machine of its own. */
  readonly sharedCores: number | null;
}

interface Hosts {
  readonly hostCpus: HostCpu[];
  readonly hostNics: HostNic[];
  readonly timeSlices: TimeSlices | null;
}

/** Of every host, in the topology's order. */
export function layOutHosts(input: HostsInput): Hosts {
  const { sim, topology, profiles, costs } = input;
  const hostCpus = topology.hosts.map(({ name, group }, host) => ({
    entity: sim.entity(`host ${name}`),
    ...coresOf(input, host, hostGroupOf(input.scenario, group)),
    pollNs: costs[host].pollNs,
    polledWakeUpLatencyNs: costs[host].polledWakeUpLatencyNs,
    wakeUpLatencyNs: costs[host].wakeUpLatencyNs,
    coldWakeUpLatencyNs: costs[host].coldWakeUpLatencyNs,
    cacheLifeNs: costs[host].cacheLifeNs,
    idleBalanceNs: costs[host].idleBalanceNs,
  }));
  const hostNics = topology.hosts.map(({ group }, host) => {
    const { hardware } = hostGroupOf(input.scenario, group);
    const queueBytes = nicQueueBytes(hardware);
    return {
      bytesPerSecond: hardware.nicBytesPerSecond ?? profiles[host].hardware.nicBytesPerSecond,
      // A rate that is stated is a shaper's, with a bucket; the profile's is the machine's own, without one.
      burstBytes: nicBufferBytes(hardware) ?? 0,
      latencyNs: costs[host].linkLatencyNs,
      ...(queueBytes === null ? {} : { queueBytes }),
    };
  });
  return { hostCpus, hostNics, timeSlices: timeSlicesOf(input) };
}

/** Hosts on one machine are control groups of one scheduler. What else it shares, it shares so fast that slices have no length. */
function timeSlicesOf({ sim, sharedCores, costs }: HostsInput): TimeSlices | null {
  const { tickNs, sliceNs, protectedNs } = costs[0];
  if (sharedCores === null || costs.length === 1 || tickNs === 0) return null;
  const phase = sim.random.stream('machine/tick');
  return { tickNs, sliceNs, protectedNs, phaseNs: Math.floor(sim.random.uniform(phase) * tickNs) };
}

/**
 * A machine has the cores of its profile, or as many more as are stated; fewer than those, or a part of one, are a quota
 * on them, as on a local cluster. The kernel draws the phase when it makes the group.
 */
function coresOf(
  { sim, topology, profiles, sharedCores }: HostsInput,
  host: number,
  { hardware }: HostGroup,
): Pick<HostCpu, 'machine' | 'cores' | 'quota'> {
  const machine = sharedCores === null ? host : 0;
  const own = profiles[host].hardware.cores;
  const cores = sharedCores ?? Math.ceil(Math.max(hardware.cores ?? own, own));
  const usable = hardware.cores ?? cores;
  if (usable >= cores) return { machine, cores, quota: null };
  const phase = sim.random.stream(`host/${topology.hosts[host].name}/quota`);
  const phaseNs = Math.floor(sim.random.uniform(phase) * QUOTA_PERIOD_NS);
  return { machine, cores, quota: { cores: usable, phaseNs } };
}

/** @throws Error when the scenario has no such host group */
export function hostGroupOf(scenario: Scenario, name: string): HostGroup {
  const group = scenario.hosts.find((entry) => entry.name === name);
  if (group === undefined) throw new Error(`no host group is called ${name}`);
  return group;
}
