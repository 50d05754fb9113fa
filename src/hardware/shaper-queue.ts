/**
 * The queue of a shaper that others send into: what exceeds it is lost.
 *
 * What:    on the way into a host with a stated rate, connections together keep no more in the line than the shaper's queue
 *          holds; TCP's losses see to that. While their windows would exceed it they have equal parts of it. At that balance
 *          a packet is lost now and then: a piece of four segments or more comes again after another wait in the queue (fast
 *          retransmit), a smaller one after a timeout (nothing behind it tells of the loss). Its flow stands still meanwhile.
 *          What a host sends is never lost at its own shaper: the kernel holds a local socket back.
 * Formula: queue Q = R * 50 ms + burst. With n connections that have a message for the host, the part of each is
 *          min(window, Q / n), at least four segments. With w segments in a part, a share of 1.5 / w^2 of all segments is
 *          lost while the wait is above half of Q / R: the k-th loss falls on the piece in which their sum passes k.
 * Units:   bytes, ns.
 * Source:  tc-tbf(8), limit = rate * latency + burst; Mathis et al., The Macroscopic Behavior of the TCP Congestion Avoidance
 *          Algorithm, 1997; RFC 6298 with Linux's least timeout of 200 ms; net/ipv4/tcp_output.c, tcp_small_queue_check.
 * Range:   loss-based congestion control (Cubic, Linux's default). A line with nine bulk connections or fewer at 80 Mbit/s
 *          loses nothing, nor does one whose rate is not stated: no queue of a machine's own network is known.
 * Error:   senders in three namespaces behind tc tbf, 80 Mbit/s, 128 KiB, 50 ms, sockets of Kafka's sizes, Linux 6.18, 2026-11-23,
 *          a message of 1,000 bytes beside them every 20 ms. The sender's own shaper: at most 136 KB of one connection, no drop
 *          ever. The receiver's, Cubic, 9, 15, 42 connections: 570 to 631 KB in it (Q = 631,072), p50 59.6, 61.2, 62.2 ms, longest 347, 67, 633
 *          ms; of all segments 0.2, 0.4, 1.6 % were followed by a loss (the formula: none, 0.2, 1.5 %). BBR: 360 KB and no drop
 *          with 9, 480 KB and fewer than Cubic with 15; 42 lose ten times as much.
 *          Parts were 0.3 to 3.8 of the mean over 10 s. Predicted: p50 58.7, 47.8, 50.3 ms (parts end with messages), longest 62, 292,
 *          311 ms, parts 0.97 to 1.04.
 * Test:    test/hardware/shaper-queue.test.ts.
 */
import type { Columns, Float64Column, Int32Column } from '../kernel/columns.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../kernel/time.ts';
import { SEGMENT_BYTES } from './tcp-windows.ts';

const FAST_RETRANSMIT_SEGMENTS = 4;
const SHARE_MIN_BYTES = FAST_RETRANSMIT_SEGMENTS * SEGMENT_BYTES;
const RETRANSMIT_TIMEOUT_NS = 200 * NS_PER_MS;
const MATHIS = 1.5;
const FULL = 0.5;

export interface ShaperQueue {
  readonly bytesPerSecond: number | null;
  /** What waits at most; without it no loss. */
  readonly queueBytes?: number;
}

export class ShaperQueues {
  readonly #queueBytes: Float64Array;
  /** Waits above these lose packets. */
  readonly #fullNs: Float64Array;
  readonly #windowBytes: number;
  /** Per host: flows with a message for it that is not held back, and losses so far. */
  readonly #flows: Int32Column;
  readonly #losses: Float64Column;

  /** @param windowBytes what a flow keeps in a line where there is room, on the wire */
  constructor(columns: Columns, name: string, hosts: readonly ShaperQueue[], windowBytes: number) {
    this.#queueBytes = Float64Array.from(hosts, ({ queueBytes }) => queueBytes ?? Number.POSITIVE_INFINITY);
    this.#fullNs = Float64Array.from(hosts, ({ bytesPerSecond }, host) =>
      bytesPerSecond === null
        ? Number.POSITIVE_INFINITY
        : FULL * (this.#queueBytes[host] / bytesPerSecond) * NS_PER_SECOND,
    );
    this.#windowBytes = windowBytes;
    this.#flows = columns.int32(`${name}/flows`, hosts.length);
    this.#losses = columns.float64(`${name}/losses`, hosts.length);
  }

  /** A flow has something for the host. */
  enter(host: number): void {
    this.#flows.data[host] += 1;
  }

  /** It has nothing more, or waits until the host takes more. */
  leave(host: number): void {
    this.#flows.data[host] -= 1;
  }

  /** What a flow may have in the host's line; without limit while the queue holds all their windows. */
  shareBytes(host: number): number {
    const flows = this.#flows.data[host];
    const queueBytes = this.#queueBytes[host];
    if (flows * this.#windowBytes <= queueBytes) return Number.POSITIVE_INFINITY;
    return Math.max(SHARE_MIN_BYTES, queueBytes / flows);
  }

  /** How much later a piece is in because a packet of it is lost, ns. */
  lossNs(host: number, bytes: number, waitNs: number, roundTripNs: number): number {
    if (waitNs < this.#fullNs[host]) return 0;
    const share = this.shareBytes(host) / SEGMENT_BYTES;
    const before = this.#losses.data[host];
    const segments = Math.ceil(bytes / SEGMENT_BYTES);
    const losses = before + (segments * MATHIS) / (share * share);
    this.#losses.data[host] = losses;
    if (Math.floor(losses) === Math.floor(before)) return 0;
    const againNs = waitNs + roundTripNs;
    return segments < FAST_RETRANSMIT_SEGMENTS ? againNs + RETRANSMIT_TIMEOUT_NS : againNs;
  }

  /** Losses at the host so far. */
  losses(host: number): number {
    return Math.floor(this.#losses.data[host]);
  }
}
