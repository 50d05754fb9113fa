/**
 * Time in each stage of a request, by Kafka's own metrics (kafka.network:type=RequestMetrics).
 *
 * Count and Mean of these histograms are over all requests since the broker started (only their percentiles decay),
 * so the mean of an interval is (count_b * mean_b - count_a * mean_a) / (count_b - count_a).
 * Kafka rounds every stage of every request to whole milliseconds before it counts it (RequestChannel.scala,
 * updateRequestMetrics): a mean is fit for comparison only with times rounded the same way, and a stage that always
 * takes less than half a millisecond reads 0.
 * The followers' fetches of a broker that is the active controller include the other controllers' fetches of the
 * metadata log (long polls of up to 500 ms), which Kafka counts under the same name.
 */
import { REQUEST_TYPES, type RequestStages, type RequestType } from '../../result/run-result.ts';
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';
import type { Life } from './lives.ts';

export const REQUESTS: readonly RequestType[] = ['Produce', 'FetchConsumer', 'FetchFollower'];
const STAGES = [
  'RequestQueueTimeMs',
  'LocalTimeMs',
  'RemoteTimeMs',
  'ThrottleTimeMs',
  'ResponseQueueTimeMs',
  'ResponseSendTimeMs',
  'TotalTimeMs',
] as const satisfies readonly (keyof RequestStages['meanMs'])[];

/** What to read for `requestStagesOver`. */
export const REQUEST_STAGE_READS: readonly MBeanRead[] = REQUEST_TYPES.flatMap((request) =>
  STAGES.map((stage) => ({ mbean: stageBean(request, stage), attributes: ['Count', 'Mean'] })),
);

/** Stages of the requests that a broker answered in the spans of its lives; a type without any is left out. */
export function requestStagesOver(broker: number, lives: readonly Life[]): RequestStages[] {
  return REQUEST_TYPES.flatMap((request) => {
    const over = (stage: (typeof STAGES)[number]) =>
      sumOfStages(lives.map(({ from, to }) => timerBetween(from, to, stageBean(request, stage))));
    const total = over('TotalTimeMs');
    if (total.count === 0) return [];
    const mean = (stage: (typeof STAGES)[number]): number => meanOf(over(stage)) ?? 0;
    return [
      {
        broker,
        request,
        count: total.count,
        meanMs: {
          RequestQueueTimeMs: mean('RequestQueueTimeMs'),
          LocalTimeMs: mean('LocalTimeMs'),
          RemoteTimeMs: mean('RemoteTimeMs'),
          ThrottleTimeMs: mean('ThrottleTimeMs'),
          ResponseQueueTimeMs: mean('ResponseQueueTimeMs'),
          ResponseSendTimeMs: mean('ResponseSendTimeMs'),
          TotalTimeMs: mean('TotalTimeMs'),
        },
      },
    ];
  });
}

/** The MBean of one stage of one type of request. */
export function stageBean(request: RequestType, stage: (typeof STAGES)[number]): string {
  return `kafka.network:type=RequestMetrics,name=${stage},request=${request}`;
}

/** What a histogram or timer counted between two reads of one life. */
export interface TimerSpan {
  readonly count: number;
  readonly sumMs: number;
}

/** One that was not there before has counted from zero. */
export function timerBetween(before: MBeanValues, after: MBeanValues, mbean: string): TimerSpan {
  const key = mbeanKey(mbean);
  const start = before.get(key) ?? { Count: 0, Mean: 0 };
  const end = after.get(key) ?? start;
  const count = end.Count - start.Count;
  if (count <= 0) return { count: 0, sumMs: 0 };
  return { count, sumMs: Math.max(0, end.Count * end.Mean - start.Count * start.Mean) };
}

/** Null without any. */
export function meanOf({ count, sumMs }: TimerSpan): number | null {
  return count === 0 ? null : sumMs / count;
}

/** Stages are whole milliseconds: rounding takes back what the division in Mean lost. */
function sumOfStages(spans: readonly TimerSpan[]): TimerSpan {
  return {
    count: spans.reduce((sum, { count }) => sum + count, 0),
    sumMs: spans.reduce((sum, { sumMs }) => sum + Math.round(sumMs), 0),
  };
}
