/**
 * Compressed batches: what they cost whoever packs, checks, packs anew and unpacks them, and how many bytes they are.
 *
 * What:    a producer compresses a batch of U bytes of records to r U, r the class's compression rate. The broker
 *          decompresses it to check its records; where the topic has a codec of its own that is another than the batch's, it
 *          compresses it anew (or leaves it plain), and log, followers and consumers get that. Consumers decompress.
 *          A Java producer fills batches by what they will be: with n records of s bytes in a batch the next one enters
 *          while 1.05 r n s + s <= batch.size - header; its estimate of r is the true one. The generator fills by plain bytes.
 * Formula: compress   = perBatch + r U * perKeptByte + (1 - r) U * perSavedByte; decompress alike   (CPU ns)
 * Source:  LogValidator.java (in place when codecs are equal, whatever the levels), MemoryRecordsBuilder.java,
 *          CompressionRatioEstimator.java, Kafka 4.2; the generator's library compresses in its send. Costs: bench/codecs.
 * Range:   codecs at their own levels; the same rate with every codec (what perf tools send has measured ones). The estimate
 *          of a Java producer begins at 1 and moves by 0.005 a batch: its first (1 - r) / 0.005 batches are smaller in truth.
 * Error:   two thirds of the compressions measured within a quarter, the rest within a half (bench/codecs prints them all); a Java
 *          producer's codec is charged to its application thread, of each batch's own part to the Sender; gzip of the
 *          generator runs on a thread of Node's pool in truth.
 * Test:    test/kafka/compression.test.ts.
 */
import { BATCH_OVERHEAD_BYTES } from '../scenario/record-format.ts';
import type { Broker } from './broker/broker.ts';
import type { ClusterModel } from './cluster-model.ts';
import type { CodecCosts } from './costs.ts';
import { NONE } from './requests.ts';

/** Codecs by number: none, gzip, snappy, lz4, zstd; a packing is a kind of records * CODECS_AND_NONE + codec. */
export const CODECS_AND_NONE = 5;
/** A topic that stores batches as their producers send them. */
export const AS_PRODUCED = NONE;
/** `Batches.packing` of a batch that its producer has not sent yet; afterwards its packing + 1. */
const UNPACKED = 0;

/** What a host's library takes for each codec by number; null where the profile does not say, and for none. */
export type Codecs = readonly (CodecCosts | null)[];

export interface CompressionLayout {
  /** Compressed bytes by plain bytes, of every packing. */
  readonly rates: readonly number[];
  /** By topic: the codec of its log, or AS_PRODUCED. */
  readonly topicCodecs: readonly number[];
  readonly brokers: readonly Codecs[];
  readonly producers: readonly { readonly packing: number; readonly codecs: Codecs }[];
  readonly consumers: readonly Codecs[];
}

/** Records that a Java producer puts into a batch of that size. */
export function javaBatchRecords(batchBytes: number, recordBytes: number, rate: number): number {
  const room = batchBytes - BATCH_OVERHEAD_BYTES - recordBytes;
  return 1 + Math.max(0, Math.floor(room / (ESTIMATE_FACTOR * rate * recordBytes)));
}

/** A Java producer takes its estimate that much higher (COMPRESSION_RATE_ESTIMATION_FACTOR). */
export const ESTIMATE_FACTOR = 1.05;

export class Compression {
  readonly #model: ClusterModel;
  readonly #layout: CompressionLayout;
  /** Whether any batch of the shard may be compressed. */
  readonly isOn: boolean;

  constructor(model: ClusterModel, layout: CompressionLayout) {
    this.#model = model;
    this.#layout = layout;
    this.isOn =
      layout.producers.some(({ packing }) => packing % CODECS_AND_NONE > 0) ||
      layout.topicCodecs.some((codec) => codec > 0);
  }

  /** CPU of a producer for so many plain bytes in so many batches. */
  packNs(client: number, plainBytes: number, batches: number): number {
    const { packing, codecs } = this.#layout.producers[client];
    return compressNs(codecs, packing % CODECS_AND_NONE, this.#layout.rates[packing], plainBytes, batches);
  }

  /** Bytes of batches on the wire, by what they are before they are packed. */
  wireBytes(client: number, bytes: number, batches: number): number {
    if (!this.isOn) return bytes;
    const headers = batches * BATCH_OVERHEAD_BYTES;
    return headers + (bytes - headers) * this.#layout.rates[this.#layout.producers[client].packing];
  }

  /** The batches of a produce request get the size that they have on the wire. */
  pack(client: number, request: number): void {
    if (!this.isOn) return;
    const { requests, batches } = this.#model;
    const { packing } = this.#layout.producers[client];
    const rate = this.#layout.rates[packing];
    let bytes = 0;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      // A batch that is sent again is compressed already.
      if (batches.packing.data[batch] === UNPACKED) {
        batches.packing.data[batch] = packing + 1;
        batches.bytes.data[batch] =
          BATCH_OVERHEAD_BYTES + (batches.bytes.data[batch] - BATCH_OVERHEAD_BYTES) * rate;
      }
      bytes += batches.bytes.data[batch];
      batch = batches.nextInRequest.data[batch];
    }
    requests.bytesIn.data[request] = bytes;
  }

  /** CPU of a handler for what the codecs add to checking the batches of a produce request. */
  checkNs(broker: Broker, request: number): number {
    const { requests, batches } = this.#model;
    const codecs = this.#layout.brokers[broker.index];
    let workNs = 0;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      const packing = batches.packing.data[batch] - 1;
      const codec = packing % CODECS_AND_NONE;
      const plainBytes = this.#plainBytes(batch);
      workNs += decompressNs(codecs, codec, this.#layout.rates[packing], plainBytes);
      const stored = this.#stored(batch);
      if (stored !== packing) {
        const rate = this.#layout.rates[stored];
        workNs += compressNs(codecs, stored % CODECS_AND_NONE, rate, plainBytes, 1);
      }
      batch = batches.nextInRequest.data[batch];
    }
    return workNs;
  }

  /** The batches of a produce request become what the log stores. */
  store(request: number): void {
    if (!this.isOn) return;
    const { requests, batches } = this.#model;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      const stored = this.#stored(batch);
      if (stored !== batches.packing.data[batch] - 1) {
        const bytes = BATCH_OVERHEAD_BYTES + this.#plainBytes(batch) * this.#layout.rates[stored];
        batches.packing.data[batch] = stored + 1;
        batches.bytes.data[batch] = bytes;
      }
      batch = batches.nextInRequest.data[batch];
    }
  }

  /** CPU of a consumer for decompressing a batch. */
  unpackNs(consumer: number, batch: number): number {
    const packing = this.#model.batches.packing.data[batch] - 1;
    const codec = packing % CODECS_AND_NONE;
    if (codec === 0) return 0;
    const rate = this.#layout.rates[packing];
    return decompressNs(this.#layout.consumers[consumer], codec, rate, this.#plainBytes(batch));
  }

  #plainBytes(batch: number): number {
    const { batches } = this.#model;
    const rate = this.#layout.rates[batches.packing.data[batch] - 1];
    return (batches.bytes.data[batch] - BATCH_OVERHEAD_BYTES) / rate;
  }

  /** The packing of a batch in its log. */
  #stored(batch: number): number {
    const { batches, parts } = this.#model;
    const packing = batches.packing.data[batch] - 1;
    const codec = this.#layout.topicCodecs[parts.topology.partitions.topic(batches.partition.data[batch])];
    return codec === AS_PRODUCED ? packing : packing - (packing % CODECS_AND_NONE) + codec;
  }
}

function compressNs(
  codecs: Codecs,
  codec: number,
  rate: number,
  plainBytes: number,
  batches: number,
): number {
  const costs = codecs[codec];
  if (costs === null) return 0;
  return (
    batches * costs.compressPerBatchNs +
    plainBytes * (rate * costs.compressPerKeptByteNs + (1 - rate) * costs.compressPerSavedByteNs)
  );
}

function decompressNs(codecs: Codecs, codec: number, rate: number, plainBytes: number): number {
  const costs = codecs[codec];
  if (costs === null) return 0;
  return (
    costs.decompressPerBatchNs +
    plainBytes * (rate * costs.decompressPerKeptByteNs + (1 - rate) * costs.decompressPerSavedByteNs)
  );
}
