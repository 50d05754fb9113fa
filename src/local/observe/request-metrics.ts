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
import type { RequestStages, RequestType } from '../../result/run-result.ts';
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';

const REQUESTS: readonly RequestType[] = ['Produce', 'FetchConsumer', 'FetchFollower'];
const STAGES = [
  'RequestQueueTimeMs',
  'LocalTimeMs',
  'RemoteTimeMs',
  'ThrottleTimeMs',
  'ResponseQueueTimeMs',
  'ResponseSendTimeMs',
  'TotalTimeMs',
] as const satisfies readonly (keyof RequestStages['meanMs'])[];

/** What to read for `requestStagesBetween`. */
export const REQUEST_STAGE_READS: readonly MBeanRead[] = REQUESTS.flatMap((request) =>
  STAGES.map((stage) => ({ mbean: stageBean(request, stage), attributes: ['Count', 'Mean'] })),
);

/** Stages of the requests that a broker answered between two reads; a type without any is left out. */
export function requestStagesBetween(
  broker: number,
  before: MBeanValues,
  after: MBeanValues,
): RequestStages[] {
  return REQUESTS.flatMap((request) => {
    const total = meanBetween(before, after, stageBean(request, 'TotalTimeMs'));
    if (total.count === 0) return [];
    const mean = (stage: (typeof STAGES)[number]): number =>
      meanBetween(before, after, stageBean(request, stage)).mean;
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
          TotalTimeMs: total.mean,
        },
      },
    ];
  });
}

function stageBean(request: RequestType, stage: (typeof STAGES)[number]): string {
  return `kafka.network:type=RequestMetrics,name=${stage},request=${request}`;
}

function meanBetween(
  before: MBeanValues,
  after: MBeanValues,
  mbean: string,
): { readonly count: number; readonly mean: number } {
  const key = mbeanKey(mbean);
  const start = before.get(key) ?? { Count: 0, Mean: 0 };
  const end = after.get(key) ?? start;
  const count = end.Count - start.Count;
  if (count <= 0) return { count: 0, mean: 0 };
  // Sums of whole milliseconds: rounding takes back what the division in Mean lost.
  const sumMs = Math.round(end.Count * end.Mean) - Math.round(start.Count * start.Mean);
  return { count, mean: Math.max(0, sumMs) / count };
}
