/**
 * What is read of a broker by JMX in every window. The mean of a window comes from sums and counts (see request-metrics.ts);
 * a gauge is what it was when it was read. What a broker does not have (a controller's gauges on a broker that is none)
 * has no series.
 */
import { RESOURCES, type ResourceName } from '../../result/resources.ts';
import type { ResourceSeries } from '../../result/run-result.ts';
import { BYTES_IN, LOG_FLUSH } from './broker-activity.ts';
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';
import type { BrokerReading } from './lives.ts';
import { meanOf, REQUESTS, stageBean, timerBetween } from './request-metrics.ts';
import { levelsOf, ratesOf, type Window, windowsOf } from './windows.ts';

const REPLICAS = 'kafka.server:type=ReplicaManager';
const HANDLERS = 'kafka.server:type=KafkaRequestHandlerPool';
const BYTES_OUT = 'kafka.server:type=BrokerTopicMetrics,name=BytesOutPerSec';
const COMPILATION = 'java.lang:type=Compilation';
const MEMORY = 'java.lang:type=Memory';
/** A process that is broker and controller has a pool of each; since Kafka 4.2 the broker's is told apart. */
const HANDLERS_IDLE = [
  `${HANDLERS},name=BrokerRequestHandlerAvgIdlePercent`,
  `${HANDLERS},name=RequestHandlerAvgIdlePercent`,
];

/** Gauges of Kafka, each with one attribute `Value`. */
const GAUGES: readonly { readonly resource: ResourceName; readonly mbean: string; readonly of?: string }[] = [
  { resource: 'network.idle', mbean: 'kafka.network:type=SocketServer,name=NetworkProcessorAvgIdlePercent' },
  { resource: 'requestQueue.size', mbean: 'kafka.network:type=RequestChannel,name=RequestQueueSize' },
  { resource: 'partitions.led', mbean: `${REPLICAS},name=LeaderCount` },
  { resource: 'partitions.underReplicated', mbean: `${REPLICAS},name=UnderReplicatedPartitions` },
  { resource: 'partitions.underMinIsr', mbean: `${REPLICAS},name=UnderMinIsrPartitionCount` },
  {
    resource: 'partitions.offline',
    mbean: 'kafka.controller:type=KafkaController,name=OfflinePartitionsCount',
  },
  {
    resource: 'controller.active',
    mbean: 'kafka.controller:type=KafkaController,name=ActiveControllerCount',
  },
  { resource: 'dirs.offline', mbean: 'kafka.log:type=LogManager,name=OfflineLogDirectoryCount' },
  ...['Produce', 'Fetch'].map((of) => ({
    resource: 'purgatory.size' as const,
    of,
    mbean: `kafka.server:type=DelayedOperationPurgatory,name=NumDelayedOperations,delayedOperation=${of}`,
  })),
];

/** Meters and timers of Kafka, by their attribute `Count`. */
const COUNTERS: readonly { readonly resource: ResourceName; readonly mbean: string; readonly of?: string }[] =
  [
    { resource: 'bytes.in', mbean: BYTES_IN },
    { resource: 'bytes.out', mbean: BYTES_OUT },
    { resource: 'isr.shrinks', mbean: `${REPLICAS},name=IsrShrinksPerSec` },
    { resource: 'isr.expands', mbean: `${REPLICAS},name=IsrExpandsPerSec` },
    { resource: 'log.flushes', mbean: LOG_FLUSH },
    ...REQUESTS.map((of) => ({ resource: 'requests' as const, of, mbean: stageBean(of, 'TotalTimeMs') })),
  ];

const TIMERS: readonly { readonly resource: ResourceName; readonly mbean: string; readonly of?: string }[] = [
  { resource: 'log.flushTime', mbean: LOG_FLUSH },
  ...REQUESTS.flatMap((of) => [
    { resource: 'request.time' as const, of, mbean: stageBean(of, 'TotalTimeMs') },
    { resource: 'request.local' as const, of, mbean: stageBean(of, 'LocalTimeMs') },
  ]),
];

/** What to read for `brokerSeries`. */
export const WINDOW_READS: readonly MBeanRead[] = [
  ...GAUGES.map(({ mbean }) => ({ mbean, attributes: ['Value'] })),
  ...[
    BYTES_IN,
    BYTES_OUT,
    ...['IsrShrinksPerSec', 'IsrExpandsPerSec'].map((name) => `${REPLICAS},name=${name}`),
    ...HANDLERS_IDLE,
  ].map((mbean) => ({ mbean, attributes: ['Count'] })),
  ...[
    LOG_FLUSH,
    ...REQUESTS.flatMap((of) => [stageBean(of, 'TotalTimeMs'), stageBean(of, 'LocalTimeMs')]),
  ].map((mbean) => ({ mbean, attributes: ['Count', 'Mean'] })),
  { mbean: 'java.lang:type=GarbageCollector,name=*', attributes: ['CollectionCount', 'CollectionTime'] },
  { mbean: COMPILATION, attributes: ['TotalCompilationTime'] },
  { mbean: MEMORY, attributes: ['HeapMemoryUsage'], path: 'used' },
];

export interface BrokerSeriesOptions {
  readonly host: string;
  readonly broker: number;
  /** When watching began. */
  readonly beginMs: number;
  readonly windowSeconds: number;
}

/** Series of one broker from its reads, one at the end of each window and one before the first; null where a read failed. */
export function brokerSeries(
  readings: readonly (BrokerReading | null)[],
  options: BrokerSeriesOptions,
): ResourceSeries[] {
  const { host, broker, beginMs, windowSeconds } = options;
  const windows = windowsOf(readings, beginMs);
  const series = (resource: ResourceName, values: ResourceSeries['values'], of?: string): ResourceSeries => ({
    host,
    broker,
    resource,
    ...(of === undefined ? {} : { of }),
    unit: RESOURCES[resource].unit,
    capacity: null,
    windowSeconds,
    values,
  });
  const perSecond = (mbean: string, attribute: string, unitsInOne = 1): ResourceSeries['values'] =>
    ratesOf(windows, (read) => attributeOf(read.values, mbean, attribute) ?? 0).map((rate) =>
      rate === null ? null : rate / unitsInOne,
    );
  const collectors = [
    ...new Set(readings.flatMap((read) => (read === null ? [] : collectorsOf(read.values)))),
  ];
  const [idleMBean] = HANDLERS_IDLE.filter((mbean) =>
    readings.some((read) => read?.values.has(mbeanKey(mbean)) === true),
  );
  const found = [
    ...GAUGES.map(({ resource, mbean, of }) =>
      series(
        resource,
        levelsOf(readings, (read) => attributeOf(read.values, mbean, 'Value')),
        of,
      ),
    ),
    ...COUNTERS.map(({ resource, mbean, of }) => series(resource, perSecond(mbean, 'Count'), of)),
    ...TIMERS.map(({ resource, mbean, of }) => series(resource, meansOf(windows, mbean), of)),
    // It counts the nanoseconds that the mean handler was idle.
    ...(idleMBean === undefined ? [] : [series('handlers.idle', perSecond(idleMBean, 'Count', 1e9))]),
    ...collectors.flatMap((mbean) => {
      const of = /name=([^,]+)/.exec(mbean)?.[1] ?? mbean;
      return [
        series('gc.count', perSecond(mbean, 'CollectionCount'), of),
        series('gc.time', perSecond(mbean, 'CollectionTime', 1e3), of),
      ];
    }),
    series('jit.time', perSecond(COMPILATION, 'TotalCompilationTime', 1e3)),
    series(
      'heap.used',
      levelsOf(readings, (read) => attributeOf(read.values, MEMORY, 'used')),
    ),
  ];
  return found.filter(({ values }) => values.some((value) => value !== null));
}

function meansOf(
  windows: readonly (Window<BrokerReading> | null)[],
  mbean: string,
): ResourceSeries['values'] {
  return windows.map((window) =>
    window === null
      ? null
      : meanOf(timerBetween(window.before?.values ?? new Map(), window.after.values, mbean)),
  );
}

function collectorsOf(values: MBeanValues): string[] {
  return [...values.keys()].filter((name) => name.includes('type=GarbageCollector'));
}

function attributeOf(values: MBeanValues, mbean: string, attribute: string): number | null {
  return values.get(mbeanKey(mbean))?.[attribute] ?? null;
}
