/**
 * Costs of codecs and of TLS: those of Kafka's own libraries (`java`, in brokers and Java clients) and those that our
 * generator's library uses (`brokertwin`). A profile has all of a codec or none: scenarios that do not use it need none.
 */

export const CODEC_LIBRARIES = ['java', 'brokertwin'] as const;
export const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

export type CodecLibrary = (typeof CODEC_LIBRARIES)[number];
export type Codec = (typeof CODECS)[number];

/** "kept" is a byte of records that is still there when they are compressed, "saved" one that is not. */
export const CODEC_COSTS = {
  compressPerBatchNs: 'compress one batch, without its bytes',
  compressPerKeptByteNs: 'compress, one byte of the result',
  compressPerSavedByteNs: 'compress, one byte that it saves',
  decompressPerBatchNs: 'decompress one batch, without its bytes',
  decompressPerKeptByteNs: 'decompress, one compressed byte',
  decompressPerSavedByteNs: 'decompress, one byte that it adds',
} as const;

/** A message is a request or a response. */
export const TLS_COSTS = {
  encryptPerMessageNs: 'encrypt one message, without its bytes',
  encryptPerByteNs: 'encrypt one byte',
  decryptPerMessageNs: 'decrypt one message, without its bytes',
  decryptPerByteNs: 'decrypt one byte',
} as const;

export type CodecCostName = `codec.${CodecLibrary}.${Codec}.${keyof typeof CODEC_COSTS}`;
export type TlsCostName = `tls.${CodecLibrary}.${keyof typeof TLS_COSTS}`;

const OWNER: Readonly<Record<CodecLibrary, string>> = {
  java: "Kafka's library",
  brokertwin: "the generator's library",
};

export function codecCostMeanings(): Record<CodecCostName, string> {
  const names = CODEC_LIBRARIES.flatMap((library) =>
    CODECS.flatMap((codec) =>
      Object.entries(CODEC_COSTS).map(([cost, meaning]) => [
        `codec.${library}.${codec}.${cost}`,
        `${codec} of ${OWNER[library]}: ${meaning}`,
      ]),
    ),
  );
  return Object.fromEntries(names) as Record<CodecCostName, string>;
}

export function tlsCostMeanings(): Record<TlsCostName, string> {
  const names = CODEC_LIBRARIES.flatMap((library) =>
    Object.entries(TLS_COSTS).map(([cost, meaning]) => [
      `tls.${library}.${cost}`,
      `TLS of ${OWNER[library]}: ${meaning}`,
    ]),
  );
  return Object.fromEntries(names) as Record<TlsCostName, string>;
}
