/** What this machine can do for local clusters, found out once in each process. */
import type { Capability, CapabilityName, Probe } from './capability.ts';
import { CapabilityFinder } from './capability-finder.ts';
import { CGROUP_REMEDY } from './cgroup-layout.ts';
import {
  findCompiler,
  findDiskSpace,
  findJavaVersion,
  findLinux,
  findMaven,
  findMemory,
} from './software-probes.ts';
import {
  findIproute2,
  findLimit,
  findLoopMounts,
  findNamespaces,
  findNsenter,
  findQdisc,
  findRoot,
} from './system-probes.ts';
import { CPU_QUOTA, MEMORY_LIMIT } from './try-limit.ts';

export type { CapabilityName } from './capability.ts';

const ANY_CLUSTER = 'any cluster on this machine';
const SHAPED = 'shaped clusters';
const KERNEL = 'run it on a kernel that has them, outside of any container';

const probes: Readonly<Record<CapabilityName, Probe>> = {
  Linux: {
    neededFor: ANY_CLUSTER,
    remedy: 'run it on Linux, or give --bootstrap-server of a running cluster',
    find: findLinux,
  },
  Java: {
    neededFor: ANY_CLUSTER,
    remedy: 'install it (Debian: apt install openjdk-17-jre-headless) or set JAVA_HOME',
    find: findJavaVersion,
  },
  Maven: {
    neededFor: "getting Kafka's jars",
    remedy: 'install it (Debian: apt install maven) or set KAFKA_HOME to an unpacked Kafka',
    find: findMaven,
  },
  'disk space': {
    neededFor: ANY_CLUSTER,
    remedy: 'free some, or set BROKERTWIN_STATE to a directory on another disk',
    find: findDiskSpace,
  },
  memory: {
    neededFor: ANY_CLUSTER,
    remedy: 'end other programs, or give the machine more',
    find: findMemory,
  },
  root: {
    neededFor: 'shaped clusters and log dirs of their own',
    remedy: 'run it with sudo, or use --network loopback',
    needs: ['Linux'],
    find: findRoot,
  },
  iproute2: {
    neededFor: SHAPED,
    remedy: 'install it (Debian: apt install iproute2)',
    needs: ['Linux'],
    find: findIproute2,
  },
  nsenter: {
    neededFor: SHAPED,
    remedy: 'install it (Debian: apt install util-linux)',
    needs: ['Linux'],
    find: findNsenter,
  },
  namespaces: {
    neededFor: SHAPED,
    remedy: `${KERNEL}; as modules: modprobe -a bridge veth`,
    needs: ['root', 'iproute2', 'nsenter'],
    find: findNamespaces,
  },
  'tc tbf': {
    neededFor: 'rates of NICs',
    remedy: 'load the module (modprobe sch_tbf), or use --network loopback',
    needs: ['root', 'iproute2'],
    find: () => findQdisc('tbf', 'rate 80mbit burst 128kb latency 50ms'),
  },
  'tc netem': {
    neededFor: 'latency',
    remedy: 'load the module (modprobe sch_netem), or leave --latency out',
    needs: ['root', 'iproute2'],
    find: () => findQdisc('netem', 'delay 1ms'),
  },
  'CPU quota': {
    neededFor: SHAPED,
    remedy: `${CGROUP_REMEDY}, or use --network loopback`,
    needs: ['root'],
    find: () => findLimit(CPU_QUOTA),
  },
  'memory limit': {
    neededFor: 'memory limits of machines',
    remedy: `${CGROUP_REMEDY}, or leave memory limits out`,
    needs: ['root'],
    find: () => findLimit(MEMORY_LIMIT),
  },
  'loop mounts': {
    neededFor: 'log dirs of a size of their own',
    remedy: 'load the module (modprobe loop), or leave the sizes of log dirs out',
    needs: ['root'],
    find: findLoopMounts,
  },
  gcc: {
    neededFor: 'slow disks',
    remedy: 'install it (Debian: apt install gcc libc6-dev), or leave slow disks out',
    needs: ['Linux'],
    find: findCompiler,
  },
};

const finder = new CapabilityFinder(probes);

/** The order in which they are shown: what everything needs first. */
export const capabilityNames = Object.keys(probes) as readonly CapabilityName[];

/** What was found of each, in the order of `names`. About 0.1 s for all that a shaped cluster needs. */
export function findCapabilities(names: readonly CapabilityName[]): Promise<Capability[]> {
  return finder.find(names);
}

/**
 * Refuses to go on without what `purpose` (such as `--network shaped`) needs.
 *
 * @throws UserError (exit 3), one line for each thing to be remedied: the purpose, what is missing, what was found, what to do.
 */
export function requireCapabilities(names: readonly CapabilityName[], purpose: string): Promise<void> {
  return finder.require(names, purpose);
}
