/**
 * TCP's windows: how much of a flow may be on a long way before the first of it is acknowledged.
 *
 * What:    only flows with a round trip have a row; the others cost nothing. A flow sends in rounds: a round begins with a
 *          byte that leaves, takes the round trip, and carries at most the window. The congestion window begins with ten
 *          segments, grows by what a round has carried if that was more than half of it, and ends at the window that the
 *          socket buffers give. After an idle RTO it is halved, once for each RTO, down to ten segments (slow start).
 * Formula: B bytes on fast lines take ceil(B / W) rounds when the window W is open: B / W round trips, less the last one's way back.
 *          From a cold window round i carries min(W, 14,480 * 2^i). RTO = round trip + 200 ms.
 *          W = min(2 * SO_SNDBUF, 3/2 * SO_RCVBUF, 65,535 * 2^s), s the smallest with 65,535 * 2^s >= SO_RCVBUF.
 * Units:   bytes, ns.
 * Source:  tcp(7), socket(7): the kernel doubles what is set, and sets no limit of its own on what is -1 (tcp_wmem 4 MiB, tcp_rmem
 *          6 MiB); tcp_select_initial_window, tcp_slow_start, tcp_is_cwnd_limited, tcp_cwnd_restart; RFC 6928 (ten segments). The
 *          factors are measured on Linux 6.18 over veth, 2026-11-23 (snd_wnd of ss, bytes in a far shaper): receive buffers of
 *          32,768, 65,536, 102,400 gave windows of 49,232, 97,284 to 107,002, and 131,070; a send buffer of 131,072 gave 265 KB.
 * Range:   Cubic and Reno, which start slowly again; BBR does not. net.core.rmem_max as high as what is stated. A flow that
 *          sends little at the begin of a round and much at its end may have up to two windows on the way for a moment; its
 *          rate is W / round trip all the same. No autotuning over time: -1 has its final window at once. Loss: shaper-queue.ts.
 * Error:   windows within 10 % of the measured ones; on network drivers that take a page for each segment the factor of the
 *          receive buffer is 1 to 1.3. Round trips: closed forms are met exactly.
 * Test:    test/hardware/tcp-windows.test.ts.
 */
import type { Columns, Float64Column } from '../kernel/columns.ts';
import { NS_PER_MS } from '../kernel/time.ts';

export const SEGMENT_BYTES = 1448;
export const INITIAL_WINDOW_BYTES = 10 * SEGMENT_BYTES;
const RTO_MIN_NS = 200 * NS_PER_MS;
const AUTOTUNED = -1;
const TCP_WMEM_MAX = 4_194_304;
const TCP_RMEM_MAX = 6_291_456;
const SCALED_MAX = 65_535;
const NONE = -1;

export interface Distance {
  /** Above 0. */
  readonly roundTripNs: number;
  /** What the socket buffers allow on the way. */
  readonly windowBytes: number;
}

/** What a socket takes of a sender, whose buffer is set so, or left to the system with -1. */
export function sendRoomBytes(sendBufferBytes: number): number {
  return sendBufferBytes === AUTOTUNED ? TCP_WMEM_MAX : 2 * sendBufferBytes;
}

/** The window that the buffers of a connection's two ends give, as they are set; -1 leaves a buffer to the system. */
export function windowBytes(sendBufferBytes: number, receiveBufferBytes: number): number {
  const sending = sendRoomBytes(sendBufferBytes);
  if (receiveBufferBytes === AUTOTUNED) return Math.min(sending, 0.75 * TCP_RMEM_MAX);
  let scaled = SCALED_MAX;
  while (scaled < receiveBufferBytes) scaled *= 2;
  return Math.max(SEGMENT_BYTES, Math.min(sending, 1.5 * receiveBufferBytes, scaled));
}

export class TcpWindows {
  /** Row of a flow, or NONE. */
  readonly #row: Int32Array;
  readonly #roundTripNs: Float64Array;
  readonly #windowBytes: Float64Array;
  readonly #congestionBytes: Float64Column;
  /** When the flow's round began, what it has carried, and when the last of that left. */
  readonly #beganNs: Float64Column;
  readonly #sentBytes: Float64Column;
  readonly #lastNs: Float64Column;
  readonly #startsSlowly: boolean;

  /**
   * @param distances of every flow; undefined: it is near, and has no window
   * @param startsSlowly false: windows are open from the start
   */
  constructor(
    columns: Columns,
    name: string,
    distances: readonly (Distance | undefined)[],
    startsSlowly: boolean,
  ) {
    this.#row = new Int32Array(distances.length).fill(NONE);
    const far = distances.flatMap((distance, flow) =>
      distance === undefined ? [] : [{ ...distance, flow }],
    );
    far.forEach(({ flow }, row) => {
      this.#row[flow] = row;
    });
    this.#roundTripNs = Float64Array.from(far, ({ roundTripNs }) => roundTripNs);
    this.#windowBytes = Float64Array.from(far, (distance) => distance.windowBytes);
    this.#startsSlowly = startsSlowly;
    this.#congestionBytes = columns.float64(`${name}/congestion`, far.length);
    this.#congestionBytes.data.fill(INITIAL_WINDOW_BYTES);
    this.#beganNs = columns.float64(`${name}/began`, far.length);
    this.#beganNs.data.fill(Number.NEGATIVE_INFINITY);
    this.#sentBytes = columns.float64(`${name}/sent`, far.length);
    this.#lastNs = columns.float64(`${name}/last`, far.length);
    this.#lastNs.data.fill(Number.NEGATIVE_INFINITY);
  }

  isFar(flow: number): boolean {
    return this.#row[flow] !== NONE;
  }

  /** Bytes that may leave now, without limit when the flow is near; 0: not before `opensNs`. */
  roomBytes(flow: number, nowNs: number): number {
    const row = this.#row[flow];
    if (row === NONE) return Number.POSITIVE_INFINITY;
    if (nowNs >= this.#beganNs.data[row] + this.#roundTripNs[row]) this.#beginRound(row, nowNs);
    const window = this.#startsSlowly
      ? Math.min(this.#windowBytes[row], this.#congestionBytes.data[row])
      : this.#windowBytes[row];
    return Math.max(0, window - this.#sentBytes.data[row]);
  }

  /** When the first bytes of the flow's round are acknowledged. Of far flows only. */
  opensNs(flow: number): number {
    const row = this.#row[flow];
    return Math.ceil(this.#beganNs.data[row] + this.#roundTripNs[row]);
  }

  /** Bytes of a far flow have left, the first at `firstNs`. */
  sent(flow: number, bytes: number, firstNs: number): void {
    const row = this.#row[flow];
    if (this.#sentBytes.data[row] === 0) this.#beganNs.data[row] = firstNs;
    this.#sentBytes.data[row] += bytes;
    this.#lastNs.data[row] = firstNs;
  }

  /** The flow is of a new connection. */
  reset(flow: number): void {
    const row = this.#row[flow];
    if (row === NONE) return;
    this.#congestionBytes.data[row] = INITIAL_WINDOW_BYTES;
    this.#sentBytes.data[row] = 0;
    this.#beganNs.data[row] = Number.NEGATIVE_INFINITY;
    this.#lastNs.data[row] = Number.NEGATIVE_INFINITY;
  }

  #beginRound(row: number, nowNs: number): void {
    const sent = this.#sentBytes.data[row];
    let congestion = this.#congestionBytes.data[row];
    if (2 * sent > congestion) congestion = Math.min(this.#windowBytes[row], congestion + sent);
    const rtoNs = this.#roundTripNs[row] + RTO_MIN_NS;
    let idleNs = nowNs - this.#lastNs.data[row] - rtoNs;
    while (idleNs > 0 && congestion > INITIAL_WINDOW_BYTES) {
      congestion /= 2;
      idleNs -= rtoNs;
    }
    this.#congestionBytes.data[row] = Math.max(congestion, INITIAL_WINDOW_BYTES);
    this.#sentBytes.data[row] = 0;
    this.#beganNs.data[row] = nowNs;
  }
}
