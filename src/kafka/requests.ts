/**
 * Requests in flight, from the client's send to its receipt of the response, with the times of Kafka's stages.
 *
 *   client ─► socket ─► network thread reads ─► request queue ─► handler ─► (purgatory) ─► response queue ─► sent
 *                                               queuedNs         startedNs   localDoneNs    respondedNs       pickedNs
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { Table } from '../kernel/table.ts';

export const REQUEST = {
  produce: 0,
  fetchConsumer: 1,
  fetchFollower: 2,
  offsetCommit: 3,
  heartbeat: 4,
  consumerGroupHeartbeat: 5,
  metadata: 6,
} as const;
export const REQUEST_TYPES = 7;
export const NONE = -1;

const REQUESTS_MAX = 16_777_216;
/** A ticket is generation * REQUESTS_MAX + row; generations wrap, so that a ticket fits into 32 bits. */
const GENERATIONS = 64;

/** Where a request is, for those who look when a connection is lost. */
export const WITH_CLIENT = 0;
export const SENT = 1;
/** Sent, and whoever waited for the response is gone. */
export const ORPHANED = 2;

/** Whether a request reads logs: its owner is then a fetch session. */
export function isFetch(type: number): boolean {
  return type === REQUEST.fetchConsumer || type === REQUEST.fetchFollower;
}

/** Whether a request brings batches that are appended. */
export function isAppend(type: number): boolean {
  return type === REQUEST.produce || type === REQUEST.offsetCommit;
}

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
  /** Fetch: its session. Produce: the link that it left by. Of a group's member: the member. */
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
  /** WITH_CLIENT, SENT or ORPHANED. */
  readonly place: Uint8Column;
  /** How often the row's requests were torn from a broker: what was on its way for them then is for nobody. */
  readonly generation: Uint8Column;
  /** Produce: 1 when the broker refused it; times that it was tried again. */
  readonly refused: Uint8Column;
  readonly attempts: Int32Column;

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
    this.place = table.uint8('place');
    this.generation = table.uint8('generation');
    this.refused = table.uint8('refused');
    this.attempts = table.int32('attempts');
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
    this.place.data[request] = WITH_CLIENT;
    this.refused.data[request] = 0;
    this.attempts.data[request] = 0;
    return request;
  }

  /** What the network carries for a request. */
  ticket(request: number): number {
    return this.generation.data[request] * REQUESTS_MAX + request;
  }

  /** The request of a ticket; NONE when it was torn off meanwhile. */
  of(ticket: number): number {
    const request = ticket % REQUESTS_MAX;
    return this.generation.data[request] * REQUESTS_MAX + request === ticket ? request : NONE;
  }

  /** The request is with its client again, whatever is still on its way for it. */
  tear(request: number): void {
    this.place.data[request] = WITH_CLIENT;
    this.generation.data[request] = (this.generation.data[request] + 1) % GENERATIONS;
  }

  /** Rows that ever were; those that are free are WITH_CLIENT. */
  get rows(): number {
    return this.#table.top;
  }

  close(request: number): void {
    this.#table.give(request);
  }
}
