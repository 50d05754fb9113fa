/** What a user can do with a local cluster, and which capabilities of the machine that takes. */
import type { CapabilityName } from './capability.ts';

export interface Ability {
  readonly name: string;
  readonly needs: readonly CapabilityName[];
}

const LOOPBACK: readonly CapabilityName[] = ['Linux', 'Java', 'Maven', 'disk space', 'memory'];

const SHAPED: readonly CapabilityName[] = [
  ...LOOPBACK,
  'root',
  'iproute2',
  'nsenter',
  'namespaces',
  'tc tbf',
  'CPU quota',
];

/** The first is the least that is of use. Certificates and tokens are made without any other program. */
export const abilities: readonly Ability[] = [
  { name: 'loopback clusters', needs: LOOPBACK },
  { name: 'shaped clusters', needs: SHAPED },
  { name: 'latency', needs: [...SHAPED, 'tc netem'] },
  { name: 'memory limits', needs: [...SHAPED, 'memory limit'] },
  { name: 'log dirs of their own', needs: [...LOOPBACK, 'root', 'loop mounts'] },
  { name: 'slow disks', needs: [...LOOPBACK, 'gcc'] },
  { name: 'TLS/SASL', needs: LOOPBACK },
];
