/** Kafka's codecs over a batch's records, in both directions. */
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import type { ProducerConfig } from '../../scenario/kafka-defaults.ts';

export type CodecName = ProducerConfig['compression.type'];

export interface Codec {
  readonly name: CodecName;
  /** Of a batch: the codec's number, and whether the producer has transactions. */
  readonly attributes: number;
  /** Null: bytes stay as they are. */
  readonly compress: ((plain: Buffer) => Buffer) | null;
}

/** The order is that of their numbers in a batch. */
const NAMES: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const ATTRIBUTES_MASK = 7;
const TRANSACTIONAL = 0x10;

/** The codec of a producer, at the level that it asks for (lz4 and snappy have one level here). */
export function codecOf(config: ProducerConfig): Codec {
  const name = config['compression.type'];
  const attributes = NAMES.indexOf(name) | (config['transactional.id'] === null ? 0 : TRANSACTIONAL);
  switch (name) {
    case 'none':
      return { name, attributes, compress: null };
    case 'gzip': {
      const level = config['compression.gzip.level'];
      return { name, attributes, compress: (plain) => gzipSync(plain, { level }) };
    }
    case 'zstd': {
      const params = { [constants.ZSTD_c_compressionLevel]: config['compression.zstd.level'] };
      return { name, attributes, compress: (plain) => zstdCompressSync(plain, { params }) };
    }
    default:
      return { name, attributes, compress: (plain) => compressionsAlgorithms[name].compressSync(plain) };
  }
}

/** The records of a batch with these attributes, plain. Throws for a codec that Kafka does not have, or bytes it did not make. */
export function decompress(attributes: number, bytes: Buffer): Buffer {
  const name = NAMES[attributes & ATTRIBUTES_MASK];
  switch (name) {
    case undefined:
      throw new Error(`a batch with an unknown codec, number ${attributes & ATTRIBUTES_MASK}`);
    case 'none':
      return bytes;
    case 'gzip':
      return gunzipSync(bytes);
    case 'zstd':
      return zstdDecompressSync(bytes);
    default:
      return compressionsAlgorithms[name].decompressSync(bytes);
  }
}
