/** Records per second that the producers of a scenario send to a topic class, in the mean. */
import type { Rate, Scenario, TopicClass } from './scenario.ts';

/** A producer's records go to its topics in turn, however many each class has. */
export function classRate({ producers, topics }: Scenario, topic: TopicClass): number {
  return producers.reduce((sum, producer) => {
    if (!producer.topics.includes(topic.name)) return sum;
    const all = topics.reduce((count, of) => count + (producer.topics.includes(of.name) ? of.count : 0), 0);
    return sum + (meanRate(producer.rate) * topic.count) / all;
  }, 0);
}

function meanRate(rate: Rate): number {
  switch (rate.kind) {
    case 'constant':
    case 'poisson':
      return rate.recordsPerSecond;
    case 'diurnal':
      return (rate.peakRecordsPerSecond + rate.troughRecordsPerSecond) / 2;
    case 'piecewise': {
      const { segments } = rate;
      const records = segments.reduce(
        (sum, { fromRecordsPerSecond: from, toRecordsPerSecond: to, durationMs }) =>
          sum + ((from + to) / 2) * durationMs,
        0,
      );
      return records / segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
    }
  }
}
