/**
 * Which part of a producer's records each of its partitions gets, where not all get the same by sticky partitioning.
 *
 * What:    keyed: the partitions of the keys, weighted by how often each is used, exactly as the generator makes and hashes them.
 *          `skew`: partition i of the class, topic after topic, has the weight (i + 1)^-s. Rates of single partitions (placement
 *          file): those, and what is left of the class's rate evenly for those without.
 *          A producer's topic classes have weights by their numbers of topics.
 * Formula: keyed, key k of n with exponent s (0 for none): weight k^-s on partition murmur2(key k) & 0x7fffffff mod partitions
 * Source:  BuiltInPartitioner.java, src/load/record-source.ts.
 * Range:   the first KEYS_HASHED keys one by one, the rest spread evenly: together they are as even as can be told.
 * Test:    test/kafka/shares.test.ts.
 */
import { exp, log } from '../../kernel/math.ts';
import { classRate } from '../../scenario/class-rate.ts';
import { partitionForKey } from '../../scenario/murmur2.ts';
import { keyOf, keyRoom } from '../../scenario/record-keys.ts';
import type { Key, Scenario, TopicClass } from '../../scenario/scenario.ts';
import { topicNames } from '../../scenario/topic-names.ts';
import { Shares } from '../clients/shares.ts';

const KEYS_HASHED = 1_048_576;

/** Finds the shares of producers; those of one class with the same topics share them. */
export class SharesLayout {
  readonly #scenario: Scenario;
  readonly #known = new Map<string, Shares | null>();
  readonly #keyWeights = new Map<string, Float64Array>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /**
   * @param key of the producer's records
   * @param topics the producer's, in the order of the topology: all of a class in a row
   * @returns shares of the partitions of all these topics; null when its records stick to partitions in turn
   */
  of(name: string, key: Key | null, topics: readonly { readonly class: TopicClass }[]): Shares | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const classes = [...new Set(topics.map((topic) => topic.class))];
    const isShared = key !== null || classes.some(isWeighted);
    const shares = isShared ? new Shares(classes.flatMap((of) => this.#weights(of, key))) : null;
    this.#known.set(name, shares);
    return shares;
  }

  /** Of all partitions of a class; they add up to its number of topics. */
  #weights(topic: TopicClass, key: Key | null): number[] {
    const { count, partitions } = topic;
    const size = count * partitions;
    if (key !== null) {
      const ofKeys = this.#weightsOfKeys(key, partitions);
      return Array.from({ length: size }, (_, index) => ofKeys[index % partitions]);
    }
    const weights = this.#weightsStated(topic);
    if (weights === null) return Array.from({ length: size }, () => 1 / partitions);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => (weight / sum) * count);
  }

  #weightsStated(topic: TopicClass): number[] | null {
    const { count, partitions, skew, placement } = topic;
    const size = count * partitions;
    if (skew !== null) return Array.from({ length: size }, (_, index) => power(index + 1, -skew.zipf));
    if (placement === null || !isWeighted(topic)) return null;
    const numbers = new Map(topicNames(topic).map((name, number) => [name, number]));
    const rates: (number | null)[] = Array.from({ length: size }, () => null);
    for (const { topic: name, partition, recordsPerSecond } of placement) {
      rates[(numbers.get(name) ?? 0) * partitions + partition] = recordsPerSecond;
    }
    const stated = rates.reduce((sum: number, rate) => sum + (rate ?? 0), 0);
    const open = rates.filter((rate) => rate === null).length;
    const rest = Math.max(0, classRate(this.#scenario, topic) - stated) / Math.max(1, open);
    return rates.map((rate) => rate ?? rest);
  }

  /** They add up to 1. */
  #weightsOfKeys({ cardinality, bytes, zipf }: Key, partitions: number): Float64Array {
    const name = `${cardinality} ${bytes} ${zipf} ${partitions}`;
    const known = this.#keyWeights.get(name);
    if (known !== undefined) return known;
    const weights = new Float64Array(partitions);
    const exponent = zipf ?? 0;
    const room = keyRoom(bytes);
    const hashed = Math.min(cardinality, KEYS_HASHED);
    for (let rank = 1; rank <= hashed; rank += 1) {
      weights[partitionForKey(keyOf((rank - 1) % room, bytes), partitions)] += power(rank, -exponent);
    }
    const rest = powerSum(hashed, cardinality, exponent) / partitions;
    let sum = 0;
    for (let partition = 0; partition < partitions; partition += 1) {
      weights[partition] += rest;
      sum += weights[partition];
    }
    for (let partition = 0; partition < partitions; partition += 1) weights[partition] /= sum;
    this.#keyWeights.set(name, weights);
    return weights;
  }
}

/** Whether the class itself says how its records fall on its partitions. */
export function isWeighted({ skew, placement }: TopicClass): boolean {
  return skew !== null || placement?.some(({ recordsPerSecond }) => recordsPerSecond !== null) === true;
}

function power(base: number, exponent: number): number {
  return exponent === 0 ? 1 : exp(exponent * log(base));
}

/** Sum of k^-s for k above `from` up to `to`, by the integral between the middles. */
function powerSum(from: number, to: number, exponent: number): number {
  if (to <= from) return 0;
  if (exponent === 1) return log((to + 0.5) / (from + 0.5));
  return (power(to + 0.5, 1 - exponent) - power(from + 0.5, 1 - exponent)) / (1 - exponent);
}
