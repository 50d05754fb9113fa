/** One phase of the measuring arm: fresh topics, the load, what the brokers did meanwhile, and a check of the topics. */
import type { LoadResult } from '../load/load-result.ts';
import { type PhaseProgress, runPhase } from '../load/run-phase.ts';
import { createTopics, deleteTopics } from '../load/topics.ts';
import { type Observation, type ObservedBroker, observeBrokers } from '../local/observe/observer.ts';
import type { PhaseResult, TopicCheck } from '../result/run-result.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';

/** A cluster to drive. `brokers` are those that run on this machine and can be observed. */
export interface DrivenCluster {
  readonly bootstrapServers: string;
  /** Version when it is known. */
  readonly version: string | null;
  readonly brokers: readonly ObservedBroker[];
  /** Records in a topic as Kafka's own tool counts them, where it can be run. */
  readonly countRecords: ((topic: string) => Promise<number>) | null;
}

export interface MeasuredPhase {
  readonly result: PhaseResult;
  readonly load: LoadResult;
  /** Null when no broker runs on this machine, or the run was cut off before the observation could end. */
  readonly observation: Observation | null;
}

export interface MeasurePhaseOptions {
  readonly scenario: Scenario;
  readonly phase: Phase;
  readonly cluster: DrivenCluster;
  /** `fraction` is of this phase. */
  readonly onProgress?: (progress: DriveProgress) => void;
  readonly signal?: AbortSignal;
}

export type DriveProgress = PhaseProgress & { readonly phase: string; readonly fraction: number };

/** Plays one phase from fresh topics and removes them, whatever happens. */
export async function measurePhase(options: MeasurePhaseOptions): Promise<MeasuredPhase> {
  const { scenario, phase, cluster } = options;
  const { bootstrapServers } = cluster;
  const observer =
    cluster.brokers.length === 0 ? null : observeBrokers(cluster.brokers, { host: scenario.hosts[0].name });
  let observation: Observation | null = null;
  const seconds = (phase.warmupMs + phase.durationMs) / 1000;
  await createTopics({ scenario, bootstrapServers });
  try {
    const load = await runPhase({
      scenario,
      phase,
      bootstrapServers,
      onWarm: async () => {
        await observer?.begin();
      },
      onMeasured: async () => {
        observation = (await observer?.end()) ?? null;
      },
      onProgress: (progress) =>
        options.onProgress?.({
          ...progress,
          phase: phase.name,
          fraction: Math.min(1, progress.elapsedSeconds / seconds),
        }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const topicCheck = await checkTopics(options, load);
    return { result: phaseResult(phase, load, observation, topicCheck), load, observation };
  } finally {
    await deleteTopics({ scenario, bootstrapServers });
  }
}

function phaseResult(
  phase: Phase,
  load: LoadResult,
  observation: Observation | null,
  topicCheck: TopicCheck | null,
): PhaseResult {
  return {
    name: phase.name,
    load: phase.load,
    warmupSeconds: phase.warmupMs / 1000,
    durationSeconds: load.durationSeconds,
    throughputRecordsPerSecond: load.throughputRecordsPerSecond,
    throughputBytesPerSecond: load.throughputBytesPerSecond,
    publishLatencyMs: load.publishLatencyMs,
    endToEndLatencyMs: load.endToEndLatencyMs,
    classes: load.classes,
    windows: load.windows,
    requestStages: observation?.requestStages ?? [],
    resources: observation?.resources ?? [],
    threadCpu: observation?.threadCpu ?? [],
    events: Object.entries(load.errors).map(([message, count]) => ({
      atSeconds: load.durationSeconds,
      what: `${count} times: ${message}`,
    })),
    counts: load.counts,
    generator: load.generator,
    topicCheck,
  };
}

/** The tool takes a second or two for each topic; more than these are not checked. */
const TOPICS_CHECKED_MAX = 8;

/** Asks Kafka's own tool whether the topics hold what the generator says was acknowledged. */
async function checkTopics(
  { scenario, cluster }: MeasurePhaseOptions,
  load: LoadResult,
): Promise<TopicCheck | null> {
  const topics = scenario.topics.flatMap((entry) => topicNames(entry));
  if (cluster.countRecords === null || topics.length > TOPICS_CHECKED_MAX) return null;
  let recordsInTopics = 0;
  for (const topic of topics) recordsInTopics += await cluster.countRecords(topic);
  return { tool: 'GetOffsetShell', recordsInTopics, recordsAcknowledged: load.totals.recordsAcknowledged };
}

/** Shares of the machine's CPU, taken by its neighbours or by other processes, from which figures deserve doubt. */
const STEAL_SHARE_NOTED = 0.02;
const OTHERS_SHARE_NOTED = 0.1;

/** What puts a phase's figures in doubt, one sentence each. */
export function caveats(phase: string, observation: Observation | null): string[] {
  if (observation === null) return [];
  const stolen = observation.stealShare;
  const others = othersShare(observation);
  return [
    ...observation.problems.map((problem) => `Phase ${phase}: ${problem}.`),
    ...(stolen >= STEAL_SHARE_NOTED
      ? [
          `Phase ${phase}: ${(stolen * 100).toFixed(1)} % of the machine's CPU went to its neighbours (steal).`,
        ]
      : []),
    ...(others >= OTHERS_SHARE_NOTED
      ? [
          `Phase ${phase}: ${(others * 100).toFixed(0)} % of the machine's CPU went to other processes, or to the kernel outside of brokers and generator.`,
        ]
      : []),
  ];
}

/** Share of the host's cores that was busy with neither brokers nor generator. */
function othersShare({ seconds, resources, threadCpu }: Observation): number {
  const host = resources.find((series) => series.resource === 'cpu' && series.broker === null);
  if (host?.capacity == null || host.values.length === 0) return 0;
  const busyCores = host.values.reduce((sum, value) => sum + value, 0) / host.values.length;
  const ourCores = threadCpu.reduce((sum, use) => sum + use.cpuSeconds, 0) / seconds;
  return Math.max(0, busyCores - ourCores) / host.capacity;
}
