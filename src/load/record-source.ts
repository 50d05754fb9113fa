/** The records of one producer client: sizes and keys, drawn from its own random streams. */

import { headersBytes } from '../scenario/record-format.ts';
import { keyOf } from '../scenario/record-keys.ts';
import type { Key, ProducerClass, Size } from '../scenario/scenario.ts';
import { type Random, randomStream } from './random.ts';
import { zipfRanks } from './zipf.ts';

/** A lognormal's p99 is the median times e to the power of this many sigmas. */
const SIGMAS_AT_P99 = 2.3263478740408408;
const KEY_CACHE_MAX = 65_536;
export const HEADER_KEY = 'h';
const VALUE_BYTES_MIN = 8;

/** The latest record drawn; `next` replaces it. Also the shape that the accumulator asks for. */
export class RecordSource {
  valueBytes = 0;
  keyBytes: number | null;
  readonly headersBytes: number;
  key: Buffer | null = null;
  readonly #drawSize: () => number;
  readonly #drawKey: (() => Buffer) | null;

  /** `stream` names the client's random streams. */
  constructor(producer: ProducerClass, stream: string) {
    const { value, key, headersBytes: stated } = producer.record;
    this.headersBytes = stated === 0 ? headersBytes(0, 0) : headersBytes(1, stated - 1);
    this.#drawSize = sizes(
      value,
      producer.config['max.request.size'] - this.headersBytes - (key?.bytes ?? 0) - 100,
      randomStream(`${stream}/size`),
    );
    this.#drawKey = key === null ? null : keys(key, randomStream(`${stream}/key`));
    this.keyBytes = key === null ? null : key.bytes;
    this.next();
  }

  next(): void {
    this.valueBytes = this.#drawSize();
    if (this.#drawKey !== null) {
      this.key = this.#drawKey();
    }
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
  const cache = key.cardinality <= KEY_CACHE_MAX ? new Map<number, Buffer>() : null;
  return () => {
    const index = draw();
    const cached = cache?.get(index);
    if (cached !== undefined) {
      return cached;
    }
    const made = keyOf(index, key.bytes);
    cache?.set(index, made);
    return made;
  };
}

function rankFromZero(ranks: () => number): () => number {
  return () => ranks() - 1;
}
