/**
 * Which part of a producer's records each of its partitions gets, where not all get the same by sticky partitioning.
 *
 * What:    keyed: the partitions of the keys, weighted by how often each is used, exactly as the generator makes and hashes them;
 *          a producer's topic classes have weights by their numbers of topics. Skew, rates of single partitions: as
 *          scenario/partition-weights.ts has them for both arms.
 * Formula: keyed, key k of n with exponent s (0 for none): weight k^-s on partition murmur2(key k) & 0x7fffffff mod partitions
 * Source:  BuiltInPartitioner.java, src/load/producer/record-source.ts.
 * Range:   the first KEYS_HASHED keys one by one, the rest spread evenly: together they are as even as can be told.
 * Test:    test/kafka/shares.test.ts.
 */
import { exp, log } from '../../kernel/math.ts';
import { partitionForKey } from '../../scenario/murmur2.ts';
import { partitionWeights } from '../../scenario/partition-weights.ts';
import { keyOf, keyRoom } from '../../scenario/record-keys.ts';
import type { Key, Scenario, TopicClass } from '../../scenario/scenario.ts';
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
    const weights =
      key === null
        ? partitionWeights(this.#scenario, classes, power)
        : classes.flatMap((of) => this.#keyedWeights(of, key));
    const shares = weights === null ? null : new Shares(weights);
    this.#known.set(name, shares);
    return shares;
  }

  /** Of all partitions of a class; they add up to its number of topics. */
  #keyedWeights({ count, partitions }: TopicClass, key: Key): number[] {
    const ofKeys = this.#weightsOfKeys(key, partitions);
    return Array.from({ length: count * partitions }, (_, index) => ofKeys[index % partitions]);
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

function power(base: number, exponent: number): number {
  return exponent === 0 ? 1 : exp(exponent * log(base));
}

/** Sum of k^-s for k above `from` up to `to`, by the integral between the middles. */
function powerSum(from: number, to: number, exponent: number): number {
  if (to <= from) return 0;
  if (exponent === 1) return log((to + 0.5) / (from + 0.5));
  return (power(to + 0.5, 1 - exponent) - power(from + 0.5, 1 - exponent)) / (1 - exponent);
}
