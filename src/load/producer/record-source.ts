/** The records of one producer client: sizes and keys, drawn from its own random streams. */

import { keyOf, writeKeyNumber } from '../../scenario/record-keys.ts';
import type { Key, ProducerClass, Size } from '../../scenario/scenario.ts';
import { type Random, randomStream } from '../random.ts';
import { encodeHeaders } from '../wire/record-batch-writer.ts';
import { zipfRanks } from '../zipf.ts';
import type { NextRecord } from './accumulator.ts';
import { type Payload, RANDOM_PAYLOAD } from './payload.ts';

/** A lognormal's p99 is the median times e to the power of this many sigmas. */
const SIGMAS_AT_P99 = 2.3263478740408408;
const HEADER_KEY = 'h';
const VALUE_BYTES_MIN = 8;

/** The latest record drawn; `next` replaces it. */
export class RecordSource implements NextRecord {
  valueBytes = 0;
  value: Buffer | null = null;
  readonly headers: Uint8Array;
  /** Their keys and values, without what it takes to write them. */
  readonly headersBytes: number;
  key: Buffer | null = null;
  readonly #drawSize: () => number;
  readonly #drawKey: (() => Buffer) | null;
  readonly #drawValue: (() => Buffer) | null;

  /** `stream` names the client's random streams; values are of the pool unless `payload` says otherwise. */
  constructor(producer: ProducerClass, stream: string, payload: Payload = RANDOM_PAYLOAD) {
    const { value, key, headersBytes } = producer.record;
    this.headersBytes = headersBytes;
    this.headers = encodeHeaders(
      headersBytes === 0
        ? []
        : [{ key: Buffer.from(HEADER_KEY), value: Buffer.alloc(headersBytes - HEADER_KEY.length, 'v') }],
    );
    this.#drawSize = sizes(
      value,
      producer.config['max.request.size'] - this.headers.length - (key?.bytes ?? 0) - 100,
      randomStream(`${stream}/size`),
    );
    this.#drawKey = key === null ? null : keys(key, randomStream(`${stream}/key`));
    this.#drawValue = values(payload, randomStream(`${stream}/value`));
    this.next();
  }

  next(): void {
    if (this.#drawValue === null) {
      this.valueBytes = this.#drawSize();
    } else {
      this.value = this.#drawValue();
      this.valueBytes = this.value.length;
    }
    if (this.#drawKey !== null) {
      this.key = this.#drawKey();
    }
  }
}

/** Values that are not of the pool; null when they are. */
function values(payload: Payload, random: Random): (() => Buffer) | null {
  switch (payload.kind) {
    case 'lines': {
      const lines = payload.lines.map((line) => Buffer.from(line));
      return () => lines[Math.floor(random() * lines.length)];
    }
    case 'monotonic': {
      let number = 0;
      return () => Buffer.from(String(number++));
    }
    default:
      return null;
  }
}

function sizes(size: Size, maximum: number, random: Random): () => number {
  if (size.kind === 'constant') {
    return () => size.bytes;
  }
  const sigma = Math.log(size.p99Bytes / size.medianBytes) / SIGMAS_AT_P99;
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.min(
      maximum,
      Math.max(VALUE_BYTES_MIN, Math.round(size.medianBytes * Math.exp(sigma * normal))),
    );
  };
}

function keys(key: Key, random: Random): () => Buffer {
  const draw =
    key.zipf === null
      ? () => Math.floor(random() * key.cardinality)
      : rankFromZero(zipfRanks(key.cardinality, key.zipf, random));
  // A record's key is copied into its batch before the next is drawn.
  const bytes = keyOf(0, key.bytes);
  return () => {
    writeKeyNumber(bytes, draw());
    return bytes;
  };
}

function rankFromZero(ranks: () => number): () => number {
  return () => ranks() - 1;
}
