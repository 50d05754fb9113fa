/**
 * A machine of a local cluster: a network namespace with a NIC of its own, and a control group with limits of its own.
 * On loopback it has no namespace and shares 127.0.0.1 with all others. Plain data, kept in the cluster's record.
 */
import { z } from 'zod';

/** Null: no limit. */
export const machineLimits = z.object({
  /** Each direction. */
  nicBytesPerSecond: z.number().positive().nullable(),
  /** Bytes that may pass at once after a rest (the token bucket's depth). */
  nicBufferBytes: z.number().positive().nullable(),
  /** Added to every packet that the machine sends. */
  latencyMs: z.number().positive().nullable(),
  cores: z.number().positive().nullable(),
  /** Of all its processes, their page cache included. */
  memoryBytes: z.number().positive().nullable(),
});

export type MachineLimits = z.infer<typeof machineLimits>;

export const UNLIMITED: MachineLimits = {
  nicBytesPerSecond: null,
  nicBufferBytes: null,
  latencyMs: null,
  cores: null,
  memoryBytes: null,
};

export const machine = z.object({
  /** `broker-1`, `controller-101`, `client-1`; or as a scenario's host group names it. */
  name: z.string(),
  zone: z.string().nullable(),
  /** `broker.rack` of the brokers on it. */
  rack: z.string().nullable(),
  /** Last number of its addresses, 1 to 253; 0 on loopback. */
  number: z.number().int().nonnegative(),
  /** Where it is reached through its NIC: 198.18.k.n, on loopback 127.0.0.1. */
  address: z.string(),
  /** Where we reach it past its NIC: 198.19.k.n, on loopback 127.0.0.1. */
  managementAddress: z.string(),
  /** Name of its network namespace; null on loopback. */
  namespace: z.string().nullable(),
  /** Its control group below each hierarchy, `brokertwin-<cluster>/<machine>`; null when it has none. */
  cgroup: z.string().nullable(),
  limits: machineLimits,
});

export type Machine = z.infer<typeof machine>;
