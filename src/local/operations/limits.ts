/** New limits for machines that run. */
import { UserError } from '../../errors/errors.ts';
import type { Limit } from '../../operations/operation.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { setCores } from '../hosts/cgroups.ts';
import type { Machine } from '../hosts/machine.ts';
import { shape } from '../hosts/shaping.ts';

/** @throws UserError where the machines have no NIC or no control group of their own */
export async function limitMachines(
  handle: ClusterHandle,
  ids: readonly number[],
  wanted: { readonly nicBytesPerSecond?: Limit; readonly cores?: Limit },
): Promise<void> {
  for (const name of new Set(ids.map((id) => handle.node(id).machine))) {
    const { record } = handle;
    const before = handle.machine({ machine: name });
    const changes = {
      ...(wanted.nicBytesPerSecond === undefined
        ? {}
        : { nicBytesPerSecond: asNull(wanted.nicBytesPerSecond) }),
      ...(wanted.cores === undefined ? {} : { cores: asNull(wanted.cores) }),
    };
    const limits = { ...before.limits, ...changes };
    const machine: Machine = { ...before, limits };
    if (wanted.nicBytesPerSecond !== undefined) {
      if (record.network.kind !== 'shaped') throw unlimited(record.name, 'a NIC of its own');
      await shape(machine, record.network.switch, undefined, before.limits);
    }
    if (wanted.cores !== undefined) {
      if (machine.cgroup === null) throw unlimited(record.name, 'a CPU quota');
      setCores(machine, limits.cores);
    }
    handle.changeLimits(name, changes);
  }
}

function asNull(limit: Limit): number | null {
  return limit === 'none' ? null : limit;
}

function unlimited(cluster: string, what: string): UserError {
  return new UserError(
    `cluster ${cluster}: expected machines with ${what}, found loopback without: start it with --network shaped`,
  );
}
