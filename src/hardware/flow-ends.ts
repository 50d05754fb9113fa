/** What is fixed of every flow. Flows are many and alike: what many have the same is there once. */
import type { Distance } from './tcp-windows.ts';

const NONE = -1;

/** One direction of a connection. */
export interface Flow {
  /** Hosts. */
  readonly from: number;
  readonly to: number;
  /** A message counts as sent when so much of it, or less, is still on its way; infinite: when it is handed over. */
  readonly sendBufferBytes: number;
  /** What the receiver takes while it does not read (`mute`). */
  readonly receiveBufferBytes: number;
  /** Entities; the receiver gets an event of that kind with the message as `a`. */
  readonly sender: number;
  readonly receiver: number;
  readonly kind: number;
  /** The line between those of the hosts. */
  readonly link?: number;
  /** Latency beside that of its sender's host. */
  readonly latencyNs?: number;
  /** Of flows that are far enough for TCP's windows to matter by themselves. */
  readonly distance?: Distance;
  /** Of others: what their sockets allow on the way. */
  readonly windowBytes?: number;
}

/** Numbers of a flow, in half a line of a cache. */
const END_WORDS = 8;
const FROM = 0;
const TO = 1;
const SENDER = 2;
const RECEIVER = 3;
const LIKE = 4;

export class FlowEnds {
  readonly #ends: Int32Array;
  /** Per set of like flows. */
  readonly #kind: readonly number[];
  readonly #link: readonly number[];
  readonly #sendBufferBytes: Float64Array;
  readonly #receiveBufferBytes: Float64Array;
  readonly #latencyNs: Float64Array;

  /** @param latenciesNs of each host, to any other process */
  constructor(flows: readonly Flow[], latenciesNs: readonly number[]) {
    this.#ends = new Int32Array(flows.length * END_WORDS);
    const numbers = new Map<string, number>();
    const like: { readonly of: Flow; readonly latencyNs: number }[] = [];
    flows.forEach((of, flow) => {
      const latencyNs = latenciesNs[of.from] + (of.latencyNs ?? 0);
      const key = [of.kind, of.link, of.sendBufferBytes, of.receiveBufferBytes, latencyNs].join(' ');
      const number = numbers.get(key) ?? like.push({ of, latencyNs }) - 1;
      numbers.set(key, number);
      this.#ends.set([of.from, of.to, of.sender, of.receiver, number], flow * END_WORDS);
    });
    this.#kind = like.map(({ of }) => of.kind);
    this.#link = like.map(({ of }) => of.link ?? NONE);
    this.#sendBufferBytes = Float64Array.from(like, ({ of }) => of.sendBufferBytes);
    this.#receiveBufferBytes = Float64Array.from(like, ({ of }) => of.receiveBufferBytes);
    this.#latencyNs = Float64Array.from(like, ({ latencyNs }) => latencyNs);
  }

  /** Host that sends. */
  from(flow: number): number {
    return this.#ends[flow * END_WORDS + FROM];
  }

  /** Host that receives. */
  to(flow: number): number {
    return this.#ends[flow * END_WORDS + TO];
  }

  /** Entities. */
  sender(flow: number): number {
    return this.#ends[flow * END_WORDS + SENDER];
  }

  receiver(flow: number): number {
    return this.#ends[flow * END_WORDS + RECEIVER];
  }

  /** Kind of the receiver's event. */
  kind(flow: number): number {
    return this.#kind[this.#like(flow)];
  }

  /** The line between those of the hosts, or -1. */
  link(flow: number): number {
    return this.#link[this.#like(flow)];
  }

  sendBufferBytes(flow: number): number {
    return this.#sendBufferBytes[this.#like(flow)];
  }

  receiveBufferBytes(flow: number): number {
    return this.#receiveBufferBytes[this.#like(flow)];
  }

  /** From end to end, beside what lines take. */
  latencyNs(flow: number): number {
    return this.#latencyNs[this.#like(flow)];
  }

  #like(flow: number): number {
    return this.#ends[flow * END_WORDS + LIKE];
  }
}
