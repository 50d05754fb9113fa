/** Which producers, topics and consumers of a cluster compress, with what their hosts' profiles say of the codecs. */
import { CODECS, type CodecLibrary } from '../../profile/codec-costs.ts';
import type { Profile } from '../../profile/profile.ts';
import type { ProducerClass } from '../../scenario/scenario.ts';
import { AS_PRODUCED, CODECS_AND_NONE, type Codecs, type CompressionLayout } from '../compression.ts';
import { codecCostsOf } from '../costs.ts';
import type { Topology } from './topology.ts';

/**
 * What becomes of the values that the clients make when no rate is stated, by codec: our generator's are random bytes,
 * the perf tools' are random letters A to Z. Measured with Kafka's codecs, 1,000-byte values in batches of 16 KiB (bench/codecs).
 */
const RATES_UNSTATED = {
  brokertwin: [1, 1, 1, 1, 1],
  java: [1, 0.63, 1, 1, 0.61],
} as const;

/** Compressed bytes by plain bytes of a class's records, by codec. */
function ratesOf({ client, record }: Pick<ProducerClass, 'client' | 'record'>): readonly number[] {
  const { compressionRate } = record;
  if (compressionRate === undefined) return RATES_UNSTATED[client];
  return [1, ...CODECS.map(() => compressionRate)];
}

/** The number of a codec by Kafka's name for it. */
function codecNumber(name: string): number {
  return (CODECS as readonly string[]).indexOf(name) + 1;
}

/** The rate by which a Java producer that compresses fills its batches; null for others. */
export function javaRate(
  { producers, rates }: CompressionLayout,
  producer: number,
  { client }: Topology['clientThreads'][number],
): number | null {
  const { packing } = producers[producer];
  return client === 'java' && packing % CODECS_AND_NONE > 0 ? rates[packing] : null;
}

/** @param records of each producer client, the class that makes its records */
export function layOutCompression(
  topology: Topology,
  profiles: readonly Profile[],
  records: readonly Pick<ProducerClass, 'client' | 'record'>[],
): CompressionLayout {
  const known = new Map<string, Codecs>();
  const codecsOf = (host: number, library: CodecLibrary): Codecs => {
    const key = `${host} ${library}`;
    const codecs = known.get(key) ?? [
      null,
      ...CODECS.map((codec) => codecCostsOf(profiles[host], library, codec)),
    ];
    known.set(key, codecs);
    return codecs;
  };
  const clientOf = (thread: number) => topology.clientThreads[thread].client;
  const kinds = new Map<string, number>();
  const rates: number[] = [];
  const producers = topology.producers.map((layout, index) => {
    const ofKind = ratesOf(records[index]);
    const key = ofKind.join(' ');
    const kind = kinds.get(key) ?? kinds.size;
    if (!kinds.has(key)) {
      kinds.set(key, kind);
      rates.push(...ofKind);
    }
    const packing = kind * CODECS_AND_NONE + codecNumber(layout.config['compression.type']);
    return { packing, codecs: codecsOf(layout.host, clientOf(layout.thread)) };
  });
  return {
    rates,
    topicCodecs: topology.topics.map(({ class: { config } }) => {
      const codec = config['compression.type'];
      return codec === 'producer' ? AS_PRODUCED : codecNumber(codec);
    }),
    brokers: topology.brokers.map(({ host }) => codecsOf(host, 'java')),
    producers,
    consumers: topology.consumers.map(({ host, thread }) => codecsOf(host, clientOf(thread))),
  };
}
