import type { TopicClass } from './scenario.ts';

/** The names of a class's topics: its own name, or its pattern with `*` replaced by 1 to `count`. */
export function topicNames({ name, count }: Pick<TopicClass, 'name' | 'count'>): string[] {
  return Array.from({ length: count }, (_, index) => name.replace('*', String(index + 1)));
}

/** Every topic of these classes. */
export function topicsOf(
  classes: readonly TopicClass[],
  names: readonly string[],
): { readonly name: string; readonly partitions: number }[] {
  return classes
    .filter(({ name }) => names.includes(name))
    .flatMap((topic) => topicNames(topic).map((name) => ({ name, partitions: topic.partitions })));
}

/** The class that is meant: by its own name, or by that of one of its topics. */
export function topicClassNamed(classes: readonly TopicClass[], name: string): TopicClass | undefined {
  return classes.find((it) => it.name === name || isTopicOf(it, name));
}

/** Whether a topic of this name belongs to the class. */
export function isTopicOf({ name, count }: Pick<TopicClass, 'name' | 'count'>, topic: string): boolean {
  const [before, after] = name.split('*');
  if (after === undefined) return topic === name;
  const number = topic.slice(before.length, topic.length - after.length);
  const inside = /^[1-9]\d*$/.test(number) && Number(number) <= count;
  return inside && topic === `${before}${number}${after}`;
}
