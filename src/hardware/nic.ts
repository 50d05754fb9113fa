/**
 * Network interfaces and the links between hosts.
 *
 * What:    a host has a line out and a line in (full duplex), each a token bucket. One direction of a connection is a
 *          flow; its messages go one after the other, in pieces of a window. A flow has one piece in the lines at a
 *          time, or as many small messages as make a window, so that flows take turns on a line and have equal parts of a
 *          full one, whatever the size of their messages. Both lines work on a piece at once (cut-through). A message
 *          counts as sent when the rest of it fits into its sender's buffer. A receiver that does not read takes what fits into its
 *          own; the rest waits with the sender. Inside a host (loopback), and between near hosts without a limit, only the
 *          latency passes. A flow may lead over a link, a line between those of its hosts that all its flows share, and
 *          far away: then TCP's windows say what may be on the way (tcp-windows.ts). Many flows into a host with a shaper
 *          share its queue, and lose packets (shaper-queue.ts).
 * Formula: a piece of p bytes is w = p + 66 * ceil(p / 1448) bytes on the wire. Let out(t) be when bucket i has passed
 *          w bytes that come at t, and in(t) that of bucket j (kernel/resources/token-bucket.ts). It leaves from
 *          f = max(t, out(t) - w / R_i) to l = out(t), and its last byte is in at a = max(in(f + L), l + L). A link passes
 *          it on from max(f, link(f) - w / R_k) to max(link(f), l) in place of f and l. The flow's next piece comes at
 *          max(l, a - L), and before that while it and what is in the lines are at most 65,160 bytes. Pieces of a message
 *          of b bytes: b / 65,160, rounded, 1 to 16; of 65,160 bytes once a piece has waited for others.
 * Units:   bytes, ns, bytes per second (null = no limit); L the latency of the sender's side, and the flow's own.
 * Source:  tc-tbf(8), which counts frames (net/core/dev.c, qdisc_pkt_len_init): 14 Ethernet + 20 IP + 32 TCP with time
 *          stamps for 1,448 bytes at an MTU of 1,500. 45 of these fill a GSO packet (64 KiB), about what a flow has in a
 *          queue too: windows of 64 to 100 KiB (replica.socket.receive.buffer.bytes, socket.receive.buffer.bytes). A
 *          write ends when the rest fits into SO_SNDBUF; a window closes when SO_RCVBUF is full of what nobody reads.
 * Range:   Acknowledgements are not charged: of the bytes that they answer, 0.1 % with one bulk connection into a line of 80
 *          Mbit/s, 0.4 to 0.8 % with three, 1.1 to 1.2 % with nine, 1.6 to 2.6 % with 15 to 42 (measured as in shaper-queue.ts: the
 *          smaller a connection's part of the queue, the fewer segments one answers). For what a write or a muted
 *          connection holds the kernel's doubling of the buffers, for its own overhead, is not modelled. A bucket takes
 *          pieces in the order of sending: one that waits to leave its host keeps its place at the other, at most a window
 *          for each flow. A message of 65 to 97 kB is one piece, and so gets up to 1.5 times its part of a full line.
 * Error:   scenarios/three-machines.yaml on three namespaces behind tc tbf, 2026-11-23: throughput at saturation
 *          +1.2 %, mean RemoteTimeMs 1.0 of 1.5 ms paced and 73 of 70 ms saturated (docs/model.md).
 * Test:    test/hardware/nic.test.ts, and test/kafka/network.test.ts, which switches the mechanisms off.
 */
import type { Float64Column } from '../kernel/columns.ts';
import { Fifos } from '../kernel/fifo.ts';
import { TokenBuckets } from '../kernel/resources/token-bucket.ts';
import { type Field, Rows } from '../kernel/rows.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_SECOND } from '../kernel/time.ts';
import { AckWindows, LINE_FILL } from './ack-windows.ts';
import { type Flow, FlowEnds } from './flow-ends.ts';
import { ShaperQueues } from './shaper-queue.ts';
import { SEGMENT_BYTES, TcpWindows } from './tcp-windows.ts';

const WINDOW_SEGMENTS = 45;
const TURN_BYTES = SEGMENT_BYTES * WINDOW_SEGMENTS;
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
  /** What waits in the queue of a shaper on the way in; what exceeds it is lost. Without it nothing is. */
  readonly queueBytes?: number;
}

/** One direction of a link between hosts: a line that all flows over it share. */
export interface LinkLine {
  readonly bytesPerSecond: number | null;
}

/** The mechanisms, each of which a test may switch off. */
export interface NicRules {
  /** False: the receiver's line begins when the last byte of a piece has come. */
  readonly cutsThrough: boolean;
  /** False: messages go in one piece. */
  readonly takesTurns: boolean;
  /** Headers of a segment. */
  readonly headerBytes: number;
  /** False: any number of bytes may be on a long way. */
  readonly hasWindows: boolean;
  /** False: windows are open from the start. */
  readonly startsSlowly: boolean;
  /** False: acknowledgements do not wait for what is sent the other way. */
  readonly acksWait: boolean;
  /** False: queues of shapers have no end. */
  readonly losesPackets: boolean;
}

export const NIC_RULES: NicRules = {
  cutsThrough: true,
  takesTurns: true,
  headerBytes: 66,
  hasWindows: true,
  startsSlowly: true,
  acksWait: true,
  losesPackets: true,
};

export class Nics {
  readonly #sim: Simulation;
  readonly #hosts: readonly HostNic[];
  readonly #ends: FlowEnds;
  readonly #goOnKind: number;
  readonly #rules: NicRules;
  readonly #out: TokenBuckets;
  readonly #in: TokenBuckets;
  readonly #links: readonly LinkLine[];
  readonly #linkLines: TokenBuckets;
  readonly #windows: TcpWindows;
  readonly #acks: AckWindows;
  readonly #queues: ShaperQueues;
  readonly #outBytes: Float64Column;
  readonly #inBytes: Float64Column;
  /** Per flow: messages that wait for the one before: bytes, message, whether it counts as sent. */
  readonly #waiting: Fifos;
  /** Per flow: the message in the lines or NONE, whether it counts as sent, its bytes that are not in them, those of each of its pieces. */
  readonly #message: Field;
  readonly #isSent: Field;
  readonly #leftBytes: Field;
  readonly #pieceBytes: Field;
  /** Per flow: bytes of the messages behind that one. */
  readonly #waitingBytes: Field;
  /** Per flow: what the receiver takes now, and whether it takes nothing more. */
  readonly #roomBytes: Field;
  readonly #isShut: Field;
  /** Per flow: when its next piece may come. While a message waits, an event is due then. */
  readonly #freeNs: Field;
  /** Per flow: what it may still put into the lines before they are free of it. */
  readonly #turnBytes: Field;
  /** Per flow: how often it was reset; its events of before are void. */
  readonly #epoch: Field;

  constructor(options: {
    readonly sim: Simulation;
    readonly hosts: readonly HostNic[];
    readonly flows: readonly Flow[];
    readonly links?: readonly LinkLine[];
    /** The kind of the event, with the flow as `a`, that the model hands to `goOn`. */
    readonly goOnKind: number;
    readonly rules?: NicRules;
  }) {
    const { sim, hosts, flows } = options;
    const { columns } = sim;
    this.#sim = sim;
    this.#hosts = hosts;
    this.#ends = new FlowEnds(
      flows,
      hosts.map(({ latencyNs }) => latencyNs),
    );
    const rows = new Rows(columns, 'nic/flows', flows.length);
    this.#message = rows.field(NONE);
    this.#isSent = rows.field();
    this.#leftBytes = rows.field();
    this.#pieceBytes = rows.field();
    this.#waitingBytes = rows.field();
    this.#roomBytes = rows.field(Number.POSITIVE_INFINITY);
    this.#isShut = rows.field();
    this.#freeNs = rows.field();
    this.#turnBytes = rows.field();
    this.#epoch = rows.field();
    this.#goOnKind = options.goOnKind;
    const rules = options.rules ?? NIC_RULES;
    this.#rules = rules;
    this.#links = options.links ?? [];
    this.#linkLines = new TokenBuckets(
      columns,
      'nic/link',
      this.#links.map(({ bytesPerSecond }) => ({ bytesPerSecond, burstBytes: 0 })),
    );
    this.#windows = new TcpWindows(
      columns,
      'nic/window',
      flows.map(({ distance }) => (rules.hasWindows ? distance : undefined)),
      rules.startsSlowly,
    );
    this.#acks = new AckWindows(
      rows,
      flows.map(({ distance, windowBytes }, flow) =>
        !rules.acksWait || distance !== undefined || windowBytes === undefined || this.isFree(flow)
          ? undefined
          : { bytes: windowBytes, nsPerByte: this.pieceNs(flow) / TURN_BYTES },
      ),
    );
    this.#queues = new ShaperQueues(
      columns,
      'nic/queue',
      hosts.map(({ bytesPerSecond, queueBytes }) =>
        rules.losesPackets && queueBytes !== undefined ? { bytesPerSecond, queueBytes } : { bytesPerSecond },
      ),
      this.#wireBytes(TURN_BYTES),
    );
    this.#out = new TokenBuckets(columns, 'nic/out', hosts);
    this.#in = new TokenBuckets(columns, 'nic/in', hosts);
    this.#outBytes = columns.float64('nic/out-bytes', hosts.length);
    this.#inBytes = columns.float64('nic/in-bytes', hosts.length);
    this.#waiting = new Fifos(columns, 'nic/waiting', flows.length, WAITING_MAX);
  }

  /**
   * Sends a message of `bytes` along a flow; the receiver gets its event when the last byte is in.
   * @returns whether it counts as sent already; else `goOn` will return it
   */
  send(flow: number, bytes: number, message: number): boolean {
    const from = this.#ends.from(flow);
    const to = this.#ends.to(flow);
    if (this.isFree(flow)) {
      this.#count(from, to, from === to ? bytes : this.#wireBytes(bytes));
      this.#sim.schedule(
        this.#ends.latencyNs(flow),
        this.#ends.receiver(flow),
        this.#ends.kind(flow),
        message,
      );
      return true;
    }
    const sendBufferBytes = this.#ends.sendBufferBytes(flow);
    if (this.#message.get(flow) !== NONE) {
      const before = this.#leftBytes.get(flow) + this.#waitingBytes.get(flow);
      const fits = before + bytes <= sendBufferBytes;
      this.#waitingBytes.add(flow, bytes);
      this.#waiting.push(flow, bytes);
      this.#waiting.push(flow, message);
      this.#waiting.push(flow, fits ? 1 : 0);
      return fits;
    }
    const fits = bytes <= sendBufferBytes;
    this.#queues.enter(to);
    this.#begin(flow, bytes, message, fits ? 1 : 0);
    return this.#mustWait(flow) ? fits : this.goOn(flow) === message || fits;
  }

  /**
   * The event of a flow with a message: its next pieces go into the lines, as many as these take at once.
   * @returns the message that has thereby come to count as sent, or -1
   */
  goOn(flow: number): number {
    const sendBufferBytes = this.#ends.sendBufferBytes(flow);
    const { nowNs } = this.#sim;
    if (this.#freeNs.get(flow) <= nowNs) {
      this.#turnBytes.set(flow, Math.min(TURN_BYTES, this.#queues.shareBytes(this.#ends.to(flow))));
    }
    let sent = NONE;
    while (this.#message.get(flow) !== NONE) {
      const left = this.#leftBytes.get(flow);
      const room = this.#roomBytes.get(flow);
      const piece = Math.min(
        left,
        this.#pieceBytes.get(flow),
        room,
        this.#windows.roomBytes(flow, nowNs),
        this.#queues.shareBytes(this.#ends.to(flow)),
      );
      // A last piece that is larger than the buffer counts from its begin.
      if (this.#isSent.get(flow) === 0 && (left <= sendBufferBytes || piece === left)) {
        this.#isSent.set(flow, 1);
        sent = this.#message.get(flow);
      }
      const inNs = this.#pass(flow, piece);
      this.#leftBytes.set(flow, left - piece);
      this.#roomBytes.set(flow, room - piece);
      this.#turnBytes.add(flow, -piece);
      if (piece === left) this.#arrive(flow, inNs);
      if (this.#mustWait(flow)) break;
    }
    return sent;
  }

  /** The receiver does not read any more: its buffer takes what it can. */
  mute(flow: number): void {
    this.#roomBytes.set(flow, this.#ends.receiveBufferBytes(flow));
  }

  /** The receiver reads what comes; what waited for that goes on when the sender hears of it. */
  unmute(flow: number): void {
    this.#roomBytes.set(flow, Number.POSITIVE_INFINITY);
    if (this.#isShut.get(flow) === 0) return;
    this.#isShut.set(flow, 0);
    this.#queues.enter(this.#ends.to(flow));
    const { latencyNs } = this.#hosts[this.#ends.to(flow)];
    const delayNs = Math.max(latencyNs, this.#heldNs(flow));
    this.#sim.schedule(delayNs, this.#ends.sender(flow), this.#goOnKind, flow, this.#epoch.get(flow));
  }

  /** The connection is lost: what waits or is half in the lines never arrives; a new connection may use the flow. */
  reset(flow: number): void {
    const isWaiting = this.#message.get(flow) !== NONE && this.#isShut.get(flow) === 0;
    if (isWaiting) this.#queues.leave(this.#ends.to(flow));
    this.#epoch.add(flow, 1);
    this.#waiting.clear(flow);
    this.#waitingBytes.set(flow, 0);
    this.#windows.reset(flow);
    this.#acks.reset(flow);
    this.#message.set(flow, NONE);
    this.#turnBytes.set(flow, 0);
    this.#isShut.set(flow, 0);
    this.#roomBytes.set(flow, Number.POSITIVE_INFINITY);
  }

  /** Whether the event of a flow, which carries the epoch as `b`, still stands. */
  isCurrent(flow: number, epoch: number): boolean {
    return this.#epoch.get(flow) === epoch;
  }

  /** Pieces that a message comes in by itself, each of which wakes its reader: one where nothing limits the flow. */
  piecesOf(flow: number, bytes: number): number {
    return this.isFree(flow) ? 1 : Math.max(1, Math.round(bytes / TURN_BYTES));
  }

  /** Time between two pieces of one message that nothing delays, ns; 0 where no line limits the flow. */
  pieceNs(flow: number): number {
    const link = this.#ends.link(flow);
    const bytesPerSecond = Math.min(
      this.#hosts[this.#ends.from(flow)].bytesPerSecond ?? Number.POSITIVE_INFINITY,
      this.#hosts[this.#ends.to(flow)].bytesPerSecond ?? Number.POSITIVE_INFINITY,
      (link === NONE ? null : this.#links[link].bytesPerSecond) ?? Number.POSITIVE_INFINITY,
    );
    return (this.#wireBytes(TURN_BYTES) / bytesPerSecond) * NS_PER_SECOND;
  }

  /** Bytes sent by the host since the start, with their headers where they are for another host. */
  outBytes(host: number): number {
    return this.#outBytes.data[host];
  }

  /** Bytes received by the host since the start, in the same way. */
  inBytes(host: number): number {
    return this.#inBytes.data[host];
  }

  /** Packets that were lost on the way into the host since the start. */
  losses(host: number): number {
    return this.#queues.losses(host);
  }

  /** Whether nothing limits the flow. */
  isFree(flow: number): boolean {
    const from = this.#ends.from(flow);
    const to = this.#ends.to(flow);
    if (from === to) return true;
    if (this.#hosts[from].bytesPerSecond !== null || this.#hosts[to].bytesPerSecond !== null) return false;
    return this.#ends.link(flow) === NONE && !this.#windows.isFar(flow);
  }

  /** Cuts a message into pieces of whole segments. */
  #begin(flow: number, bytes: number, message: number, isSent: number): void {
    const pieces = this.#pieces(bytes);
    this.#message.set(flow, message);
    this.#isSent.set(flow, isSent);
    this.#leftBytes.set(flow, bytes);
    this.#pieceBytes.set(
      flow,
      pieces <= 1 ? bytes : Math.ceil(bytes / pieces / SEGMENT_BYTES) * SEGMENT_BYTES,
    );
  }

  #pieces(bytes: number): number {
    if (!this.#rules.takesTurns) return 1;
    return Math.min(PIECES_MAX, Math.round(bytes / TURN_BYTES));
  }

  /** The last piece of the flow's message is in the lines; the next message takes its place. */
  #arrive(flow: number, inNs: number): void {
    this.#sim.schedule(
      inNs - this.#sim.nowNs,
      this.#ends.receiver(flow),
      this.#ends.kind(flow),
      this.#message.get(flow),
    );
    this.#message.set(flow, NONE);
    if (this.#waiting.length(flow) === 0) {
      this.#queues.leave(this.#ends.to(flow));
      return;
    }
    const bytes = this.#waiting.shift(flow);
    this.#waitingBytes.add(flow, -bytes);
    const message = this.#waiting.shift(flow);
    this.#begin(flow, bytes, message, this.#waiting.shift(flow));
  }

  /** Whether the flow has a message that goes on later: with an event at that time, or when its receiver reads again. */
  #mustWait(flow: number): boolean {
    if (this.#message.get(flow) === NONE) return false;
    if (this.#roomBytes.get(flow) === 0) {
      this.#isShut.set(flow, 1);
      this.#queues.leave(this.#ends.to(flow));
      return true;
    }
    const delayNs = this.#heldNs(flow);
    if (!(delayNs > 0)) return false;
    this.#sim.schedule(delayNs, this.#ends.sender(flow), this.#goOnKind, flow, this.#epoch.get(flow));
    return true;
  }

  /** For how long the lines or the window hold the flow's next piece back. */
  #heldNs(flow: number): number {
    const { nowNs } = this.#sim;
    const turnNs = this.#isInTurn(flow) ? 0 : this.#freeNs.get(flow) - nowNs;
    const delayNs = Math.max(turnNs, this.#acks.opensNs(flow, this.#nextBytes(flow), nowNs) - nowNs);
    if (this.#windows.roomBytes(flow, nowNs) > 0) return delayNs;
    return Math.max(delayNs, this.#windows.opensNs(flow) - nowNs);
  }

  /** Whether the flow's next piece goes with what it has in the lines. */
  #isInTurn(flow: number): boolean {
    if (!this.#rules.takesTurns) return false;
    return this.#nextBytes(flow) <= this.#turnBytes.get(flow);
  }

  #nextBytes(flow: number): number {
    return Math.min(this.#leftBytes.get(flow), this.#pieceBytes.get(flow));
  }

  /** Takes a piece through the lines on its way; returns when its last byte is in. */
  #pass(flow: number, bytes: number): number {
    const from = this.#ends.from(flow);
    const to = this.#ends.to(flow);
    const link = this.#ends.link(flow);
    const latencyNs = this.#ends.latencyNs(flow);
    const wireBytes = this.#wireBytes(bytes);
    const nowNs = this.#sim.nowNs;
    this.#count(from, to, wireBytes);
    let lastNs = this.#out.take(from, wireBytes, nowNs);
    let firstNs = this.#firstNs(wireBytes, this.#hosts[from].bytesPerSecond, nowNs, lastNs);
    if (link !== NONE) {
      const passedNs = this.#linkLines.take(link, wireBytes, firstNs);
      firstNs = this.#firstNs(wireBytes, this.#links[link].bytesPerSecond, firstNs, passedNs);
      lastNs = Math.max(passedNs, lastNs);
    }
    const cameNs = firstNs + latencyNs;
    const takenNs = this.#in.take(to, wireBytes, cameNs);
    const readNs = this.#firstNs(wireBytes, this.#hosts[to].bytesPerSecond, cameNs, takenNs);
    // Where others wait too, a large message goes on in turns of a window.
    if (firstNs > nowNs + 1 || readNs > cameNs + 1) {
      this.#pieceBytes.set(flow, Math.min(this.#pieceBytes.get(flow), TURN_BYTES));
    }
    const lossNs = this.#queues.lossNs(to, bytes, takenNs - cameNs, latencyNs + this.#hosts[to].latencyNs);
    // What comes behind a lost packet is read after it.
    if (lossNs > 0) this.#turnBytes.set(flow, Number.NEGATIVE_INFINITY);
    const inNs = Math.max(takenNs, lastNs + latencyNs) + lossNs;
    if (this.#windows.isFar(flow)) this.#windows.sent(flow, bytes, firstNs);
    if (this.#acks.has(flow)) {
      // What waits in front of it in one line goes on to the other meanwhile.
      const backlogNs = Math.max(this.#out.waitNs(to, nowNs), this.#in.waitNs(from, nowNs));
      const ackNs = inNs + LINE_FILL * backlogNs + this.#hosts[to].latencyNs;
      this.#acks.sent(flow, bytes, nowNs, ackNs);
    }
    this.#freeNs.set(flow, Math.max(lastNs, inNs - latencyNs));
    return inNs;
  }

  /** When the first byte leaves a line that takes a piece from one time to another. */
  #firstNs(wireBytes: number, bytesPerSecond: number | null, cameNs: number, lastNs: number): number {
    if (!this.#rules.cutsThrough) return lastNs;
    const sendingNs = bytesPerSecond === null ? 0 : (wireBytes / bytesPerSecond) * NS_PER_SECOND;
    return Math.max(cameNs, lastNs - sendingNs);
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
