/**
 * Requests in flight, from the client's send to its receipt of the response, with the times of Kafka's stages.
 *
 *   client ─► socket ─► network thread reads ─► request queue ─► handler ─► (purgatory) ─► response queue ─► sent
 *                                               queuedNs         startedNs   localDoneNs    respondedNs       pickedNs
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { Table } from '../kernel/table.ts';

export const REQUEST = { produce: 0, fetchConsumer: 1, fetchFollower: 2 } as const;
export const REQUEST_TYPES = 3;
export const NONE = -1;

const REQUESTS_MAX = 16_777_216;

export class Requests {
  readonly #table: Table;
  readonly type: Uint8Column;
  readonly connection: Int32Column;
  readonly bytesIn: Float64Column;
  readonly bytesOut: Float64Column;
  readonly records: Float64Column;
  readonly batches: Int32Column;
  /** Produce: first of the request's batches, chained by `Batches.nextInRequest`. */
  readonly firstBatch: Int32Column;
  /** Fetch: its session. Produce: the link that it left by. */
  readonly owner: Int32Column;
  /** Produce with acks=all: batches that the high watermark has not passed yet. */
  readonly pending: Int32Column;
  readonly queuedNs: Float64Column;
  readonly startedNs: Float64Column;
  readonly localDoneNs: Float64Column;
  readonly respondedNs: Float64Column;
  readonly pickedNs: Float64Column;
  /** Fetch: CPU that its reader takes to decompress the records. */
  readonly unpackNs: Float64Column;

  constructor(sim: Simulation) {
    const table = new Table(sim.columns, 'requests', 256, REQUESTS_MAX);
    this.#table = table;
    this.type = table.uint8('type');
    this.connection = table.int32('connection');
    this.bytesIn = table.float64('bytes-in');
    this.bytesOut = table.float64('bytes-out');
    this.records = table.float64('records');
    this.batches = table.int32('batches');
    this.firstBatch = table.int32('first-batch');
    this.owner = table.int32('owner');
    this.pending = table.int32('pending');
    this.queuedNs = table.float64('queued');
    this.startedNs = table.float64('started');
    this.localDoneNs = table.float64('local-done');
    this.respondedNs = table.float64('responded');
    this.pickedNs = table.float64('picked');
    this.unpackNs = table.float64('unpack');
  }

  /** A new request without batches. */
  open(type: number, connection: number, owner: number): number {
    const request = this.#table.take();
    this.type.data[request] = type;
    this.connection.data[request] = connection;
    this.owner.data[request] = owner;
    this.bytesIn.data[request] = 0;
    this.bytesOut.data[request] = 0;
    this.records.data[request] = 0;
    this.batches.data[request] = 0;
    this.firstBatch.data[request] = NONE;
    this.pending.data[request] = 0;
    this.unpackNs.data[request] = 0;
    return request;
  }

  close(request: number): void {
    this.#table.give(request);
  }
}
