/**
 * How records without keys fall on the partitions of their producer, where a topic class says so. Both arms take them one by
 * one by these weights, where else they stick to partitions in turn.
 *
 * Skew: partition i of the class, counted from 1 topic after topic, has the weight i^-zipf. Rates of single partitions (placement
 * file): those, and what is left of the class's rate evenly for those without. A producer's classes have weights by their
 * numbers of topics.
 */
import { classRate } from './class-rate.ts';
import type { Scenario, TopicClass } from './scenario.ts';
import { topicNames } from './topic-names.ts';

/** The arms' own mathematics: that of the simulator is the same on every machine. */
export type Power = (base: number, exponent: number) => number;

/** Whether the class itself says how its records fall on its partitions. */
export function isWeighted({ skew, placement }: Pick<TopicClass, 'skew' | 'placement'>): boolean {
  return skew !== null || placement?.some(({ recordsPerSecond }) => recordsPerSecond !== null) === true;
}

/**
 * Of all partitions of these classes of one producer, class after class, topic after topic; those of a class add up to its
 * number of topics. Null when none of the classes is weighted.
 */
export function partitionWeights(
  scenario: Scenario,
  classes: readonly TopicClass[],
  power: Power,
): number[] | null {
  return classes.some(isWeighted) ? classes.flatMap((topic) => weightsOf(scenario, topic, power)) : null;
}

function weightsOf(scenario: Scenario, topic: TopicClass, power: Power): number[] {
  const { count, partitions } = topic;
  const stated = statedWeights(scenario, topic, power);
  if (stated === null) return Array.from({ length: count * partitions }, () => 1 / partitions);
  const sum = stated.reduce((total, weight) => total + weight, 0);
  return stated.map((weight) => (weight / sum) * count);
}

function statedWeights(scenario: Scenario, topic: TopicClass, power: Power): number[] | null {
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
  const rest = Math.max(0, classRate(scenario, topic) - stated) / Math.max(1, open);
  return rates.map((rate) => rate ?? rest);
}
