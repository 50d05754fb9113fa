/**
 * Network interfaces and the links between hosts.
 *
 * Formula: a message of b bytes leaves host i at max(now, outFree_i) + b / R_i, travels for the link's latency, and is
 *          in at host j at max(arrival, inFree_j) + b / R_j; the two directions are independent (full duplex).
 *          Inside a host (loopback) only the link's latency passes.
 * Units:   bytes, ns, bytes per second (null = no limit).
 * Source:  store-and-forward FIFO at both ends; TCP's windows and losses are not modelled yet.
 * Range:   below saturation of the NIC, or at it with few connections; no shaping buffers, no loss. Host j takes
 *          messages in by the order of sending: one that waits long to leave its host holds up later ones from others.
 * Error:   unvalidated.
 * Test:    test/hardware/nic.test.ts.
 */
import type { Float64Column } from '../kernel/columns.ts';
import { TokenBuckets } from '../kernel/resources/token-bucket.ts';
import type { Simulation } from '../kernel/simulation.ts';

export interface HostNic {
  readonly bytesPerSecond: number | null;
  /** One-way latency of a message to another process, same host or not. */
  readonly latencyNs: number;
}

export class Nics {
  readonly #sim: Simulation;
  readonly #hosts: readonly HostNic[];
  /** The two ends of each host's NIC, without a burst: one byte after the other. */
  readonly #out: TokenBuckets;
  readonly #in: TokenBuckets;
  readonly #outBytes: Float64Column;
  readonly #inBytes: Float64Column;

  constructor(sim: Simulation, hosts: readonly HostNic[]) {
    this.#sim = sim;
    this.#hosts = hosts;
    const lines = hosts.map(({ bytesPerSecond }) => ({ bytesPerSecond, burstBytes: 0 }));
    this.#out = new TokenBuckets(sim.columns, 'nic/out', lines);
    this.#in = new TokenBuckets(sim.columns, 'nic/in', lines);
    this.#outBytes = sim.columns.float64('nic/out-bytes', hosts.length);
    this.#inBytes = sim.columns.float64('nic/in-bytes', hosts.length);
  }

  /** Sends `bytes` from one host to another; returns the delay until the last byte is in, ns. */
  send(from: number, to: number, bytes: number): number {
    this.#outBytes.data[from] += bytes;
    this.#inBytes.data[to] += bytes;
    const latencyNs = this.#hosts[from].latencyNs;
    if (from === to) return latencyNs;
    const outNs = this.#out.take(from, bytes, this.#sim.nowNs);
    return this.#in.take(to, bytes, outNs + latencyNs) - this.#sim.nowNs;
  }

  /** Bytes sent by the host since the start. */
  outBytes(host: number): number {
    return this.#outBytes.data[host];
  }

  /** Bytes received by the host since the start. */
  inBytes(host: number): number {
    return this.#inBytes.data[host];
  }
}
