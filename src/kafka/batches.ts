/**
 * Record batches: from the producer's accumulator through the leader's log to the last reader. The records of a batch
 * are counted, never looped over; their due times are taken as evenly spread from the first to the last.
 */
import type {
  Float64Column,
  Int32Column,
  Uint8Column,
  Uint16Column,
  Uint32Column,
} from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { Table } from '../kernel/table.ts';
import { BATCH_OVERHEAD_BYTES } from '../scenario/record-format.ts';
import { NONE } from './requests.ts';

const BATCHES_MAX = 33_554_432;

export class Batches {
  readonly #table: Table;
  readonly partition: Int32Column;
  readonly records: Float64Column;
  /** Of its records, those due in the measured part. */
  readonly measured: Float64Column;
  readonly bytes: Float64Column;
  readonly createdNs: Float64Column;
  readonly firstDueNs: Float64Column;
  readonly lastDueNs: Float64Column;
  /** Offset after the batch's last record, once appended. */
  readonly endOffset: Float64Column;
  /** Bytes of the log before the batch, once appended. */
  readonly position: Float64Column;
  /** The produce request that waits for the high watermark to pass this batch, or NONE. */
  readonly waiting: Int32Column;
  readonly nextInRequest: Int32Column;
  readonly nextInLog: Int32Column;
  /** Who still needs the batch: its request, its readers, the high watermark. */
  readonly holders: Int32Column;
  readonly generation: Uint32Column;
  readonly open: Uint8Column;
  /** How its records are compressed (compression.ts). */
  readonly packing: Uint16Column;

  constructor(sim: Simulation) {
    const table = new Table(sim.columns, 'batches', 256, BATCHES_MAX);
    this.#table = table;
    this.partition = table.int32('partition');
    this.records = table.float64('records');
    this.measured = table.float64('measured');
    this.bytes = table.float64('bytes');
    this.createdNs = table.float64('created');
    this.firstDueNs = table.float64('first-due');
    this.lastDueNs = table.float64('last-due');
    this.endOffset = table.float64('end-offset');
    this.position = table.float64('position');
    this.waiting = table.int32('waiting');
    this.nextInRequest = table.int32('next-in-request');
    this.nextInLog = table.int32('next-in-log');
    this.holders = table.int32('holders');
    this.generation = table.uint32('generation');
    this.open = table.uint8('open');
    this.packing = table.uint16('packing');
  }

  /** An empty batch that its producer is filling. */
  create(partition: number, nowNs: number): number {
    const batch = this.#table.take();
    this.partition.data[batch] = partition;
    this.records.data[batch] = 0;
    this.measured.data[batch] = 0;
    this.bytes.data[batch] = BATCH_OVERHEAD_BYTES;
    this.createdNs.data[batch] = nowNs;
    this.waiting.data[batch] = NONE;
    this.nextInRequest.data[batch] = NONE;
    this.nextInLog.data[batch] = NONE;
    this.holders.data[batch] = 1;
    this.open.data[batch] = 1;
    this.packing.data[batch] = 0;
    return batch;
  }

  /** A batch with the same records, which nobody has appended. */
  copy(batch: number): number {
    const copy = this.create(this.partition.data[batch], this.createdNs.data[batch]);
    this.records.data[copy] = this.records.data[batch];
    this.measured.data[copy] = this.measured.data[batch];
    this.bytes.data[copy] = this.bytes.data[batch];
    this.firstDueNs.data[copy] = this.firstDueNs.data[batch];
    this.lastDueNs.data[copy] = this.lastDueNs.data[batch];
    this.open.data[copy] = 0;
    return copy;
  }

  /** One holder less; true when that was the last and the row is free. */
  release(batch: number): boolean {
    const left = this.holders.data[batch] - 1;
    this.holders.data[batch] = left;
    if (left > 0) return false;
    this.generation.data[batch] += 1;
    this.#table.give(batch);
    return true;
  }
}
