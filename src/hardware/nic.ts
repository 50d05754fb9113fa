/**
 * Network interfaces and the links between hosts.
 *
 * What:    a host has a line out and a line in (full duplex), each a token bucket. One direction of a connection is a
 *          flow; its messages go one after the other, in pieces of a window. A flow has one piece in the lines at a
 *          time, so that flows take turns on a line. Both lines work on a piece at once (cut-through). A message counts as
 *          sent when the rest of it fits into its sender's buffer. A receiver that does not read takes what fits into its
 *          own; the rest waits with the sender. Inside a host (loopback), and between hosts without a limit, only the
 *          link's latency passes.
 * Formula: a piece of p bytes is w = p + 66 * ceil(p / 1448) bytes on the wire. Let out(t) be when bucket i has passed
 *          w bytes that come at t, and in(t) that of bucket j (kernel/resources/token-bucket.ts). It leaves from
 *          f = max(t, out(t) - w / R_i) to l = out(t), and its last byte is in at a = max(in(f + L), l + L). The flow's
 *          next piece comes at max(l, a - L). Pieces of a message of b bytes: b / 65,160, rounded, 1 to 16.
 * Units:   bytes, ns, bytes per second (null = no limit); L the latency of the sender's side.
 * Source:  tc-tbf(8), which counts frames (net/core/dev.c, qdisc_pkt_len_init): 14 Ethernet + 20 IP + 32 TCP with time
 *          stamps for 1,448 bytes at an MTU of 1,500. 45 of these fill a GSO packet (64 KiB), about what a flow has in a
 *          queue too: windows of 64 to 100 KiB (replica.socket.receive.buffer.bytes, socket.receive.buffer.bytes). A
 *          write ends when the rest fits into SO_SNDBUF; a window closes when SO_RCVBUF is full of what nobody reads.
 * Range:   no loss, no slow start; windows that cover the latency, and the buffers' 50 ms hold all flows' windows (nine
 *          at 80 Mbit/s). Acknowledgements are not charged. The kernel doubles the
 *          buffers for its own overhead, which is not modelled. A bucket takes pieces in the order of sending: one that
 *          waits to leave its host keeps its place at the other, at most a window for each flow.
 * Error:   scenarios/three-machines.yaml on three namespaces behind tc tbf, 2026-11-23: throughput at saturation
 *          +1.1 %, mean RemoteTimeMs 1.0 of 1.5 ms paced and 68 of 70 ms saturated (docs/model.md).
 * Test:    test/hardware/nic.test.ts, and test/kafka/network.test.ts, which switches the mechanisms off.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import { Fifos } from '../kernel/fifo.ts';
import { TokenBuckets } from '../kernel/resources/token-bucket.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_SECOND } from '../kernel/time.ts';

const SEGMENT_BYTES = 1448;
const WINDOW_SEGMENTS = 45;
/** A message has no more pieces than these, so that a large one does not cost an event for each window. */
const PIECES_MAX = 16;
const WAITING_MAX = 33_554_432;
const NONE = -1;

export interface HostNic {
  readonly bytesPerSecond: number | null;
  /** What a line passes at once after a pause. */
  readonly burstBytes: number;
  /** One-way latency of a message to another process, same host or not. */
  readonly latencyNs: number;
}

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
}

/** The mechanisms, each of which a test may switch off. */
export interface NicRules {
  /** False: the receiver's line begins when the last byte of a piece has come. */
  readonly cutsThrough: boolean;
  /** False: messages go in one piece. */
  readonly takesTurns: boolean;
  /** Headers of a segment. */
  readonly headerBytes: number;
}

export const NIC_RULES: NicRules = { cutsThrough: true, takesTurns: true, headerBytes: 66 };

export class Nics {
  readonly #sim: Simulation;
  readonly #hosts: readonly HostNic[];
  /** Per flow, as `Flow` has them: objects of as many as there are would be spread over the memory. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #sender: Uint32Array;
  readonly #receiver: Uint32Array;
  readonly #kind: Uint16Array;
  readonly #sendBufferBytes: Float64Array;
  readonly #receiveBufferBytes: Float64Array;
  readonly #goOnKind: number;
  readonly #rules: NicRules;
  readonly #out: TokenBuckets;
  readonly #in: TokenBuckets;
  readonly #outBytes: Float64Column;
  readonly #inBytes: Float64Column;
  /** Per flow: messages that wait for the one before: bytes, message, whether it counts as sent. */
  readonly #waiting: Fifos;
  /** Per flow: the message in the lines or NONE, its bytes that are not in them, those of each of its pieces. */
  readonly #message: Int32Column;
  readonly #leftBytes: Float64Column;
  readonly #pieceBytes: Float64Column;
  /** Per flow: whether its message counts as sent. */
  readonly #isSent: Uint8Column;
  /** Per flow: what the receiver takes now, and whether it takes nothing more. */
  readonly #roomBytes: Float64Column;
  readonly #isShut: Uint8Column;
  /** Per flow: when its next piece may come. While a message waits, an event is due then. */
  readonly #freeNs: Float64Column;

  constructor(options: {
    readonly sim: Simulation;
    readonly hosts: readonly HostNic[];
    readonly flows: readonly Flow[];
    /** The kind of the event, with the flow as `a`, that the model hands to `goOn`. */
    readonly goOnKind: number;
    readonly rules?: NicRules;
  }) {
    const { sim, hosts, flows } = options;
    const { columns } = sim;
    this.#sim = sim;
    this.#hosts = hosts;
    this.#from = Int32Array.from(flows, ({ from }) => from);
    this.#to = Int32Array.from(flows, ({ to }) => to);
    this.#sender = Uint32Array.from(flows, ({ sender }) => sender);
    this.#receiver = Uint32Array.from(flows, ({ receiver }) => receiver);
    this.#kind = Uint16Array.from(flows, ({ kind }) => kind);
    this.#sendBufferBytes = Float64Array.from(flows, ({ sendBufferBytes }) => sendBufferBytes);
    this.#receiveBufferBytes = Float64Array.from(flows, ({ receiveBufferBytes }) => receiveBufferBytes);
    this.#goOnKind = options.goOnKind;
    this.#rules = options.rules ?? NIC_RULES;
    this.#out = new TokenBuckets(columns, 'nic/out', hosts);
    this.#in = new TokenBuckets(columns, 'nic/in', hosts);
    this.#outBytes = columns.float64('nic/out-bytes', hosts.length);
    this.#inBytes = columns.float64('nic/in-bytes', hosts.length);
    this.#waiting = new Fifos(columns, 'nic/waiting', flows.length, WAITING_MAX);
    this.#message = columns.int32('nic/message', flows.length);
    this.#message.data.fill(NONE);
    this.#isSent = columns.uint8('nic/sent', flows.length);
    this.#roomBytes = columns.float64('nic/room', flows.length);
    this.#roomBytes.data.fill(Number.POSITIVE_INFINITY);
    this.#isShut = columns.uint8('nic/shut', flows.length);
    this.#leftBytes = columns.float64('nic/left', flows.length);
    this.#pieceBytes = columns.float64('nic/piece', flows.length);
    this.#freeNs = columns.float64('nic/free', flows.length);
  }

  /**
   * Sends a message of `bytes` along a flow; the receiver gets its event when the last byte is in.
   * @returns whether it counts as sent already; else `goOn` will return it
   */
  send(flow: number, bytes: number, message: number): boolean {
    const from = this.#from[flow];
    const to = this.#to[flow];
    const { bytesPerSecond, latencyNs } = this.#hosts[from];
    if (from === to || (bytesPerSecond === null && this.#hosts[to].bytesPerSecond === null)) {
      this.#count(from, to, from === to ? bytes : this.#wireBytes(bytes));
      this.#sim.schedule(latencyNs, this.#receiver[flow], this.#kind[flow], message);
      return true;
    }
    const sendBufferBytes = this.#sendBufferBytes[flow];
    if (this.#message.data[flow] !== NONE) {
      const fits = this.#leftBytes.data[flow] + bytes <= sendBufferBytes;
      this.#waiting.push(flow, bytes);
      this.#waiting.push(flow, message);
      this.#waiting.push(flow, fits ? 1 : 0);
      return fits;
    }
    const fits = bytes <= sendBufferBytes;
    this.#begin(flow, bytes, message, fits ? 1 : 0);
    return this.#mustWait(flow) ? fits : this.goOn(flow) === message || fits;
  }

  /**
   * The event of a flow with a message: its next pieces go into the lines, as many as these take at once.
   * @returns the message that has thereby come to count as sent, or -1
   */
  goOn(flow: number): number {
    const sendBufferBytes = this.#sendBufferBytes[flow];
    let sent = NONE;
    while (this.#message.data[flow] !== NONE) {
      const left = this.#leftBytes.data[flow];
      const room = this.#roomBytes.data[flow];
      const piece = Math.min(left, this.#pieceBytes.data[flow], room);
      // A last piece that is larger than the buffer counts from its begin.
      if (this.#isSent.data[flow] === 0 && (left <= sendBufferBytes || piece === left)) {
        this.#isSent.data[flow] = 1;
        sent = this.#message.data[flow];
      }
      const inNs = this.#pass(flow, this.#wireBytes(piece));
      this.#leftBytes.data[flow] = left - piece;
      this.#roomBytes.data[flow] = room - piece;
      if (piece === left) this.#arrive(flow, inNs);
      if (this.#mustWait(flow)) break;
    }
    return sent;
  }

  /** The receiver does not read any more: its buffer takes what it can. */
  mute(flow: number): void {
    this.#roomBytes.data[flow] = this.#receiveBufferBytes[flow];
  }

  /** The receiver reads what comes; what waited for that goes on when the sender hears of it. */
  unmute(flow: number): void {
    this.#roomBytes.data[flow] = Number.POSITIVE_INFINITY;
    if (this.#isShut.data[flow] === 0) return;
    this.#isShut.data[flow] = 0;
    const { latencyNs } = this.#hosts[this.#to[flow]];
    const delayNs = Math.max(latencyNs, this.#freeNs.data[flow] - this.#sim.nowNs);
    this.#sim.schedule(delayNs, this.#sender[flow], this.#goOnKind, flow);
  }

  /** Bytes sent by the host since the start, with their headers where they are for another host. */
  outBytes(host: number): number {
    return this.#outBytes.data[host];
  }

  /** Bytes received by the host since the start, in the same way. */
  inBytes(host: number): number {
    return this.#inBytes.data[host];
  }

  /** Cuts a message into pieces of whole segments. */
  #begin(flow: number, bytes: number, message: number, isSent: number): void {
    const pieces = this.#pieces(bytes);
    this.#message.data[flow] = message;
    this.#isSent.data[flow] = isSent;
    this.#leftBytes.data[flow] = bytes;
    this.#pieceBytes.data[flow] =
      pieces <= 1 ? bytes : Math.ceil(bytes / pieces / SEGMENT_BYTES) * SEGMENT_BYTES;
  }

  #pieces(bytes: number): number {
    if (!this.#rules.takesTurns) return 1;
    return Math.min(PIECES_MAX, Math.round(bytes / (SEGMENT_BYTES * WINDOW_SEGMENTS)));
  }

  /** The last piece of the flow's message is in the lines; the next message takes its place. */
  #arrive(flow: number, inNs: number): void {
    this.#sim.schedule(
      inNs - this.#sim.nowNs,
      this.#receiver[flow],
      this.#kind[flow],
      this.#message.data[flow],
    );
    this.#message.data[flow] = NONE;
    if (this.#waiting.length(flow) === 0) return;
    const bytes = this.#waiting.shift(flow);
    const message = this.#waiting.shift(flow);
    this.#begin(flow, bytes, message, this.#waiting.shift(flow));
  }

  /** Whether the flow has a message that goes on later: with an event at that time, or when its receiver reads again. */
  #mustWait(flow: number): boolean {
    if (this.#message.data[flow] === NONE) return false;
    if (this.#roomBytes.data[flow] === 0) {
      this.#isShut.data[flow] = 1;
      return true;
    }
    const delayNs = this.#freeNs.data[flow] - this.#sim.nowNs;
    if (!(delayNs > 0)) return false;
    this.#sim.schedule(delayNs, this.#sender[flow], this.#goOnKind, flow);
    return true;
  }

  /** Takes a piece through both lines; returns when its last byte is in. */
  #pass(flow: number, wireBytes: number): number {
    const from = this.#from[flow];
    const to = this.#to[flow];
    const { bytesPerSecond, latencyNs } = this.#hosts[from];
    const nowNs = this.#sim.nowNs;
    this.#count(from, to, wireBytes);
    const lastNs = this.#out.take(from, wireBytes, nowNs);
    const sendingNs = bytesPerSecond === null ? 0 : (wireBytes / bytesPerSecond) * NS_PER_SECOND;
    const firstNs = this.#rules.cutsThrough ? Math.max(nowNs, lastNs - sendingNs) : lastNs;
    const inNs = Math.max(this.#in.take(to, wireBytes, firstNs + latencyNs), lastNs + latencyNs);
    this.#freeNs.data[flow] = Math.max(lastNs, inNs - latencyNs);
    return inNs;
  }

  /** A message without bytes stands for none, which an acknowledgement with acks=0 is. */
  #wireBytes(bytes: number): number {
    return bytes + Math.ceil(bytes / SEGMENT_BYTES) * this.#rules.headerBytes;
  }

  #count(from: number, to: number, bytes: number): void {
    this.#outBytes.data[from] += bytes;
    this.#inBytes.data[to] += bytes;
  }
}
