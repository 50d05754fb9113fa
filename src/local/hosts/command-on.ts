/** Running a program on a machine: in its control group and its network namespace. */
import { groupEntrances } from './cgroups.ts';
import type { Machine } from './machine.ts';

/**
 * What is put before a program's command line to run it on the machine; nothing on loopback without limits. The program takes the
 * place of the shell and of nsenter, so that the process that was started is the program itself, with its file descriptors.
 */
export function commandOn(machine: Pick<Machine, 'namespace' | 'cgroup'>): string[] {
  const enter = machine.namespace === null ? [] : ['nsenter', `--net=/run/netns/${machine.namespace}`, '--'];
  if (machine.cgroup === null) return enter;
  const joins = groupEntrances(machine.cgroup).map((file) => `echo $$ > '${file}'`);
  return ['/bin/sh', '-c', `${joins.join(' && ')} && exec "$@"`, 'sh', ...enter];
}
