/** How the machines of a host group are called, in both arms. */
import type { HostGroup } from './scenario.ts';

/** Name of one of a host group's machines; `index` from 0. */
export function machineName(host: Pick<HostGroup, 'name' | 'count'>, index: number): string {
  return host.count === 1 ? host.name : `${host.name}-${index + 1}`;
}
