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
 *          +0.9 %, mean RemoteTimeMs 1.0 of 1.5 ms paced and 68 of 70 ms saturated (docs/model.md).
 * Test:    test/hardware/nic.test.ts, and test/kafka/network.test.ts, which switches the mechanisms off.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import { Fifos } from '../kernel/fifo.ts';
import { TokenBuckets } from '../kernel/resources/token-bucket.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_SECOND } from '../kernel/time.ts';
import { AckWindows, LINE_FILL } from './ack-windows.ts';
import { ShaperQueues } from './shaper-queue.ts';
import { type Distance, SEGMENT_BYTES, TcpWindows } from './tcp-windows.ts';

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
  /** Per flow, as `Flow` has them: objects of as many as there are would be spread over the memory. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #sender: Uint32Array;
  readonly #receiver: Uint32Array;
  readonly #kind: Uint16Array;
  readonly #sendBufferBytes: Float64Array;
  readonly #receiveBufferBytes: Float64Array;
  readonly #link: Int32Array;
  readonly #latencyNs: Float64Array;
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
  /** Per flow: bytes of the messages behind its present one. */
  readonly #waitingBytes: Float64Column;
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
  /** Per flow: what it may still put into the lines before they are free of it. */
  readonly #turnBytes: Float64Column;
  /** Per flow: how often it was reset; its events of before are void. */
  readonly #epoch: Uint8Column;

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
    this.#from = Int32Array.from(flows, ({ from }) => from);
    this.#to = Int32Array.from(flows, ({ to }) => to);
    this.#sender = Uint32Array.from(flows, ({ sender }) => sender);
    this.#receiver = Uint32Array.from(flows, ({ receiver }) => receiver);
    this.#kind = Uint16Array.from(flows, ({ kind }) => kind);
    this.#sendBufferBytes = Float64Array.from(flows, ({ sendBufferBytes }) => sendBufferBytes);
    this.#receiveBufferBytes = Float64Array.from(flows, ({ receiveBufferBytes }) => receiveBufferBytes);
    this.#link = Int32Array.from(flows, ({ link }) => link ?? NONE);
    this.#latencyNs = Float64Array.from(
      flows,
      ({ from, latencyNs }) => hosts[from].latencyNs + (latencyNs ?? 0),
    );
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
      columns,
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
    this.#waitingBytes = columns.float64('nic/waiting-bytes', flows.length);
    this.#message = columns.int32('nic/message', flows.length);
    this.#message.data.fill(NONE);
    this.#isSent = columns.uint8('nic/sent', flows.length);
    this.#roomBytes = columns.float64('nic/room', flows.length);
    this.#roomBytes.data.fill(Number.POSITIVE_INFINITY);
    this.#isShut = columns.uint8('nic/shut', flows.length);
    this.#leftBytes = columns.float64('nic/left', flows.length);
    this.#pieceBytes = columns.float64('nic/piece', flows.length);
    this.#freeNs = columns.float64('nic/free', flows.length);
    this.#turnBytes = columns.float64('nic/turn', flows.length);
    this.#epoch = columns.uint8('nic/epoch', flows.length);
  }

  /**
   * Sends a message of `bytes` along a flow; the receiver gets its event when the last byte is in.
   * @returns whether it counts as sent already; else `goOn` will return it
   */
  send(flow: number, bytes: number, message: number): boolean {
    const from = this.#from[flow];
    const to = this.#to[flow];
    if (this.isFree(flow)) {
      this.#count(from, to, from === to ? bytes : this.#wireBytes(bytes));
      this.#sim.schedule(this.#latencyNs[flow], this.#receiver[flow], this.#kind[flow], message);
      return true;
    }
    const sendBufferBytes = this.#sendBufferBytes[flow];
    if (this.#message.data[flow] !== NONE) {
      const before = this.#leftBytes.data[flow] + this.#waitingBytes.data[flow];
      const fits = before + bytes <= sendBufferBytes;
      this.#waitingBytes.data[flow] += bytes;
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
    const sendBufferBytes = this.#sendBufferBytes[flow];
    const { nowNs } = this.#sim;
    if (this.#freeNs.data[flow] <= nowNs) {
      this.#turnBytes.data[flow] = Math.min(TURN_BYTES, this.#queues.shareBytes(this.#to[flow]));
    }
    let sent = NONE;
    while (this.#message.data[flow] !== NONE) {
      const left = this.#leftBytes.data[flow];
      const room = this.#roomBytes.data[flow];
      const piece = Math.min(
        left,
        this.#pieceBytes.data[flow],
        room,
        this.#windows.roomBytes(flow, nowNs),
        this.#queues.shareBytes(this.#to[flow]),
      );
      // A last piece that is larger than the buffer counts from its begin.
      if (this.#isSent.data[flow] === 0 && (left <= sendBufferBytes || piece === left)) {
        this.#isSent.data[flow] = 1;
        sent = this.#message.data[flow];
      }
      const inNs = this.#pass(flow, piece);
      this.#leftBytes.data[flow] = left - piece;
      this.#roomBytes.data[flow] = room - piece;
      this.#turnBytes.data[flow] -= piece;
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
    this.#queues.enter(this.#to[flow]);
    const { latencyNs } = this.#hosts[this.#to[flow]];
    const delayNs = Math.max(latencyNs, this.#heldNs(flow));
    this.#sim.schedule(delayNs, this.#sender[flow], this.#goOnKind, flow, this.#epoch.data[flow]);
  }

  /** The connection is lost: what waits or is half in the lines never arrives; a new connection may use the flow. */
  reset(flow: number): void {
    const isWaiting = this.#message.data[flow] !== NONE && this.#isShut.data[flow] === 0;
    if (isWaiting) this.#queues.leave(this.#to[flow]);
    this.#epoch.data[flow] += 1;
    this.#waiting.clear(flow);
    this.#waitingBytes.data[flow] = 0;
    this.#windows.reset(flow);
    this.#acks.reset(flow);
    this.#message.data[flow] = NONE;
    this.#turnBytes.data[flow] = 0;
    this.#isShut.data[flow] = 0;
    this.#roomBytes.data[flow] = Number.POSITIVE_INFINITY;
  }

  /** Whether the event of a flow, which carries the epoch as `b`, still stands. */
  isCurrent(flow: number, epoch: number): boolean {
    return this.#epoch.data[flow] === epoch;
  }

  /** Pieces that a message comes in by itself, each of which wakes its reader: one where nothing limits the flow. */
  piecesOf(flow: number, bytes: number): number {
    return this.isFree(flow) ? 1 : Math.max(1, Math.round(bytes / TURN_BYTES));
  }

  /** Time between two pieces of one message that nothing delays, ns; 0 where no line limits the flow. */
  pieceNs(flow: number): number {
    const link = this.#link[flow];
    const bytesPerSecond = Math.min(
      this.#hosts[this.#from[flow]].bytesPerSecond ?? Number.POSITIVE_INFINITY,
      this.#hosts[this.#to[flow]].bytesPerSecond ?? Number.POSITIVE_INFINITY,
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
    const from = this.#from[flow];
    const to = this.#to[flow];
    if (from === to) return true;
    if (this.#hosts[from].bytesPerSecond !== null || this.#hosts[to].bytesPerSecond !== null) return false;
    return this.#link[flow] === NONE && !this.#windows.isFar(flow);
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
    return Math.min(PIECES_MAX, Math.round(bytes / TURN_BYTES));
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
    if (this.#waiting.length(flow) === 0) {
      this.#queues.leave(this.#to[flow]);
      return;
    }
    const bytes = this.#waiting.shift(flow);
    this.#waitingBytes.data[flow] -= bytes;
    const message = this.#waiting.shift(flow);
    this.#begin(flow, bytes, message, this.#waiting.shift(flow));
  }

  /** Whether the flow has a message that goes on later: with an event at that time, or when its receiver reads again. */
  #mustWait(flow: number): boolean {
    if (this.#message.data[flow] === NONE) return false;
    if (this.#roomBytes.data[flow] === 0) {
      this.#isShut.data[flow] = 1;
      this.#queues.leave(this.#to[flow]);
      return true;
    }
    const delayNs = this.#heldNs(flow);
    if (!(delayNs > 0)) return false;
    this.#sim.schedule(delayNs, this.#sender[flow], this.#goOnKind, flow, this.#epoch.data[flow]);
    return true;
  }

  /** For how long the lines or the window hold the flow's next piece back. */
  #heldNs(flow: number): number {
    const { nowNs } = this.#sim;
    const turnNs = this.#isInTurn(flow) ? 0 : this.#freeNs.data[flow] - nowNs;
    const delayNs = Math.max(turnNs, this.#acks.opensNs(flow, this.#nextBytes(flow), nowNs) - nowNs);
    if (this.#windows.roomBytes(flow, nowNs) > 0) return delayNs;
    return Math.max(delayNs, this.#windows.opensNs(flow) - nowNs);
  }

  /** Whether the flow's next piece goes with what it has in the lines. */
  #isInTurn(flow: number): boolean {
    if (!this.#rules.takesTurns) return false;
    return this.#nextBytes(flow) <= this.#turnBytes.data[flow];
  }

  #nextBytes(flow: number): number {
    return Math.min(this.#leftBytes.data[flow], this.#pieceBytes.data[flow]);
  }

  /** Takes a piece through the lines on its way; returns when its last byte is in. */
  #pass(flow: number, bytes: number): number {
    const from = this.#from[flow];
    const to = this.#to[flow];
    const link = this.#link[flow];
    const latencyNs = this.#latencyNs[flow];
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
      this.#pieceBytes.data[flow] = Math.min(this.#pieceBytes.data[flow], TURN_BYTES);
    }
    const lossNs = this.#queues.lossNs(to, bytes, takenNs - cameNs, latencyNs + this.#hosts[to].latencyNs);
    // What comes behind a lost packet is read after it.
    if (lossNs > 0) this.#turnBytes.data[flow] = Number.NEGATIVE_INFINITY;
    const inNs = Math.max(takenNs, lastNs + latencyNs) + lossNs;
    if (this.#windows.isFar(flow)) this.#windows.sent(flow, bytes, firstNs);
    if (this.#acks.has(flow)) {
      // What waits in front of it in one line goes on to the other meanwhile.
      const backlogNs = Math.max(this.#out.waitNs(to, nowNs), this.#in.waitNs(from, nowNs));
      const ackNs = inNs + LINE_FILL * backlogNs + this.#hosts[to].latencyNs;
      this.#acks.sent(flow, bytes, nowNs, ackNs);
    }
    this.#freeNs.data[flow] = Math.max(lastNs, inNs - latencyNs);
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
