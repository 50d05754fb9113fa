/**
 * TCP's windows on short ways: how much of a flow may be in the lines before the first of it is acknowledged.
 *
 * What:    an acknowledgement takes no bytes here, but it waits in the lines of the other direction behind what is sent there.
 *          Where these are full, a flow comes to no more than its window in each such round, whatever its own lines would carry.
 *          Long ways have rounds of a known length, and slow start besides (tcp-windows.ts).
 * Formula: a round begins with a piece, ends when that is acknowledged, and carries at most W:
 *          acknowledged = in + 2 * the longer backlog of the receiver's line out and the sender's line in, as the piece leaves, + latency
 *          back: a flow keeps 64 to 136 KB in a full line (qdisc backlog by tc), here one piece of 65 KB
 * Units:   bytes, ns.
 * Source:  tcp(7); W as in tcp-windows.ts. One connection behind 400 Mbit/s carried 16 MB/s with three consumers on the other
 *          direction and 32 MB/s with one, of 46 alone (npm run stages: three-groups, one-partition, acks-1).
 *          A piece larger than what is left of W leaves so much earlier that it goes beyond W when the round ends.
 * Range:   congestion windows are open.
 * Error:   three consumers beside a producer leave it 21,600 of 16,200 records/s really; backlogs change until the acknowledgement comes.
 * Test:    test/hardware/ack-windows.test.ts.
 */
import type { Field, Rows } from '../kernel/rows.ts';

/** What flows really have in a full line, of what they have in it here. */
export const LINE_FILL = 2;

export class AckWindows {
  /** What may be on the way, 0 where nothing waits for acknowledgements; the time that a byte takes. */
  readonly #windowBytes: Field;
  readonly #nsPerByte: Field;
  /** When the flow's round ends, and what it has carried. */
  readonly #endsNs: Field;
  readonly #sentBytes: Field;

  /** @param windows of every flow, and the time that a byte takes on its way; undefined: it waits for no acknowledgement */
  constructor(
    flowRows: Rows,
    windows: readonly ({ readonly bytes: number; readonly nsPerByte: number } | undefined)[],
  ) {
    this.#windowBytes = flowRows.field();
    this.#nsPerByte = flowRows.field();
    this.#endsNs = flowRows.field();
    this.#sentBytes = flowRows.field();
    windows.forEach((of, flow) => {
      if (of === undefined) return;
      this.#windowBytes.set(flow, of.bytes);
      this.#nsPerByte.set(flow, of.nsPerByte);
    });
  }

  has(flow: number): boolean {
    return this.#windowBytes.get(flow) > 0;
  }

  /** When the flow may send its next piece, ns: now, or when so much of it as is more than the window meets the acknowledgement. */
  opensNs(flow: number, bytes: number, nowNs: number): number {
    const endsNs = this.#endsNs.get(flow);
    if (nowNs >= endsNs) return nowNs;
    const room = this.#windowBytes.get(flow) - this.#sentBytes.get(flow);
    if (bytes <= room) return nowNs;
    return Math.max(nowNs, Math.ceil(endsNs - room * this.#nsPerByte.get(flow)));
  }

  /** A piece leaves that is acknowledged at `ackNs`. Of flows with a window. */
  sent(flow: number, bytes: number, nowNs: number, ackNs: number): void {
    if (nowNs >= this.#endsNs.get(flow)) {
      this.#endsNs.set(flow, Math.ceil(ackNs));
      this.#sentBytes.set(flow, 0);
    }
    this.#sentBytes.add(flow, bytes);
  }

  /** The flow is of a new connection. */
  reset(flow: number): void {
    this.#endsNs.set(flow, 0);
  }
}
