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
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_SECOND } from '../kernel/time.ts';

export interface HostNic {
  readonly bytesPerSecond: number | null;
  /** One-way latency of a message to another process, same host or not. */
  readonly latencyNs: number;
}

export class Nics {
  readonly #sim: Simulation;
  readonly #hosts: readonly HostNic[];
  readonly #outFreeNs: Float64Column;
  readonly #inFreeNs: Float64Column;
  readonly #outBytes: Float64Column;
  readonly #inBytes: Float64Column;

  constructor(sim: Simulation, hosts: readonly HostNic[]) {
    this.#sim = sim;
    this.#hosts = hosts;
    this.#outFreeNs = sim.columns.float64('nic/out-free', hosts.length);
    this.#inFreeNs = sim.columns.float64('nic/in-free', hosts.length);
    this.#outBytes = sim.columns.float64('nic/out-bytes', hosts.length);
    this.#inBytes = sim.columns.float64('nic/in-bytes', hosts.length);
  }

  /** Sends `bytes` from one host to another; returns the delay until the last byte is in, ns. */
  send(from: number, to: number, bytes: number): number {
    this.#outBytes.data[from] += bytes;
    this.#inBytes.data[to] += bytes;
    const latencyNs = this.#hosts[from].latencyNs;
    if (from === to) return latencyNs;
    const out = this.#pass(this.#outFreeNs, from, this.#sim.nowNs, bytes);
    return this.#pass(this.#inFreeNs, to, out + latencyNs, bytes) - this.#sim.nowNs;
  }

  /** Bytes sent by the host since the start. */
  outBytes(host: number): number {
    return this.#outBytes.data[host];
  }

  /** Bytes received by the host since the start. */
  inBytes(host: number): number {
    return this.#inBytes.data[host];
  }

  #pass(freeNs: Float64Column, host: number, atNs: number, bytes: number): number {
    const rate = this.#hosts[host].bytesPerSecond;
    if (rate === null) return atNs;
    const start = Math.max(atNs, freeNs.data[host]);
    const end = start + (bytes / rate) * NS_PER_SECOND;
    freeNs.data[host] = end;
    return end;
  }
}
