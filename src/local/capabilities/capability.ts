/** What a machine may be able to do for a local cluster, and how that is found out. */

export type CapabilityName =
  | 'Linux'
  | 'Java'
  | 'Maven'
  | 'disk space'
  | 'memory'
  | 'root'
  | 'iproute2'
  | 'nsenter'
  | 'namespaces'
  | 'tc tbf'
  | 'tc netem'
  | 'CPU quota'
  | 'memory limit'
  | 'loop mounts'
  | 'gcc';

export interface Capability {
  readonly name: CapabilityName;
  readonly ok: boolean;
  /** What was seen, in plain words. */
  readonly found: string;
  readonly neededFor: string;
  /** What to do where it is missing. */
  readonly remedy: string;
  /** The capability without which this one could not even be tried; null when it was tried. */
  readonly waitsFor: CapabilityName | null;
}

/** What a probe saw, with a remedy where it knows a better one than the usual. */
export interface Finding {
  readonly ok: boolean;
  readonly found: string;
  readonly remedy?: string;
}

export interface Probe {
  readonly neededFor: string;
  readonly remedy: string;
  /** What must be there before it makes sense to try. */
  readonly needs?: readonly CapabilityName[];
  /** Leaves nothing behind, also when we are killed in the middle. */
  readonly find: () => Finding | Promise<Finding>;
}
