/** One phase of the measuring arm: fresh topics, the load, what the brokers did meanwhile, and a check of the topics. */
import { UserError } from '../errors/errors.ts';
import { hasJavaClients } from '../java-clients/refusals.ts';
import { runJavaPhase } from '../java-clients/run-java-phase.ts';
import type { ClusterAccess } from '../load/access/cluster-access.ts';
import { byteCapReached, type RunCaps } from '../load/caps.ts';
import type { TargetCluster } from '../load/cluster.ts';
import { fillHistories } from '../load/fill-histories.ts';
import { absentGroups, deleteGroups } from '../load/groups.ts';
import type { LoadPlace } from '../load/load-process.ts';
import type { LoadResult } from '../load/load-result.ts';
import { setQuotas } from '../load/quotas.ts';
import { type PhaseProgress, type RunPhaseOptions, runPhase } from '../load/run-phase.ts';
import { createTopics, deleteTopics } from '../load/topics.ts';
import type { GeneratorProcess } from '../load/workers.ts';
import type { KafkaJars } from '../local/kafka/jars.ts';
import {
  JAVA_CLIENT,
  type Observation,
  type ObservedBroker,
  type ObservedMachine,
  type Observer,
  observe,
  observeBrokers,
} from '../local/observe/observer.ts';
import type { OperationBody } from '../operations/operation.ts';
import { meanOfKnown } from '../result/resources.ts';
import type { PhaseResult, ThreadCpu, TimelineEvent, TopicCheck } from '../result/run-result.ts';
import { machineName } from '../scenario/machine-names.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { historyRecords } from '../scenario/topic-history.ts';
import { topicNames } from '../scenario/topic-names.ts';
import { coldWindows } from './cold-windows.ts';
import { hostGroup } from './scenario-cluster.ts';
import { playTimeline, type Timeline } from './timeline.ts';

/** A cluster to drive. Where it is one of our own, its getters tell of it as it is now. */
export interface DrivenCluster {
  /** For the load. */
  readonly bootstrapServers: string;
  /** How clients get in. */
  readonly access: ClusterAccess;
  /** For our own requests: past the NICs of a shaped network, and in plain. */
  readonly management: TargetCluster;
  /** Version when it is known. */
  readonly version: string | null;
  /** Those that run on this machine and can be observed. */
  readonly brokers: () => readonly ObservedBroker[];
  /** Machines of a local cluster. */
  readonly machines: readonly ObservedMachine[];
  /** Its client machines; without, all load comes from this process. */
  readonly places: readonly LoadPlace[];
  /** Kafka's tools, for clients that are its own. */
  readonly jars: () => Promise<KafkaJars>;
  /** Records in a topic as Kafka's own tool counts them, where it can be run. */
  readonly countRecords: ((topic: string) => Promise<number>) | null;
  /** Waits until nothing of an earlier load is at work any more; returns what still was at the timeout. Null where it cannot be seen. */
  readonly quiet: ((signal: AbortSignal | undefined) => Promise<readonly string[]>) | null;
  /** Null where none can be carried out. */
  readonly operations: {
    readonly perform: (operation: OperationBody, signal: AbortSignal) => Promise<void>;
    /** Puts a fresh cluster in its place. */
    readonly renew: () => Promise<void>;
  } | null;
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
  /** Of a rehearsal only the load is played: no operation is carried out, no topic is checked. */
  readonly rehearsal: boolean;
  /** Whether what was acknowledged is held against what is read. */
  readonly verify?: boolean;
  /** Topics of the scenario that are the cluster's own, by their real names. */
  readonly existingTopics?: readonly string[];
  readonly caps?: RunCaps;
  /** Told what could not be cleaned up after the phase, a line each. */
  readonly onLeft?: (line: string) => void;
  /** `fraction` is of this phase. */
  readonly onProgress?: (progress: DriveProgress) => void;
  readonly signal?: AbortSignal;
}

export type DriveProgress = PhaseProgress & { readonly phase: string; readonly fraction: number };

/** Plays one phase from fresh topics and removes them and its consumer groups, whatever happens. */
export async function measurePhase(options: MeasurePhaseOptions): Promise<MeasuredPhase> {
  const { scenario, phase, cluster } = options;
  const { bootstrapServers, management, access } = cluster;
  const { existingTopics = [], caps } = options;
  const topics = { scenario, ...management, existing: existingTopics };
  let observer: Observer | null = null;
  let observation: Observation | null = null;
  let timeline: Timeline | null = null;
  let takeBackQuotas: (() => Promise<void>) | null = null;
  const seconds = (phase.warmupMs + phase.durationMs) / 1000;
  const operations = !options.rehearsal && isOperated(scenario, cluster) ? cluster.operations : null;
  const groups = await absentGroups(topics);
  await createTopics(topics);
  try {
    takeBackQuotas = await setQuotas(topics);
    const driven = {
      scenario,
      bootstrapServers,
      access,
      management,
      places: cluster.places,
      ...(caps === undefined ? {} : { caps }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    await fillHistories({
      ...driven,
      onProgress: ({ topics: name, fraction, ...progress }) =>
        options.onProgress?.({
          ...progress,
          phase: `filling ${name}, ${Math.floor(fraction * 100)} %`,
          fraction: 0,
        }),
    });
    const load = await drive(cluster, {
      ...driven,
      phase,
      existingTopics,
      verify: options.verify === true && !options.rehearsal,
      onGenerators: (generators) => {
        observer = observerOf(cluster, scenario, generators);
      },
      onWarm: async () => {
        // It waits for the brokers' answers; the operations' clock is the load's.
        const begun = observer?.begin();
        if (operations !== null) {
          timeline = playTimeline(scenario.operations, operations.perform, {
            durationMs: phase.durationMs,
            ...(options.signal === undefined ? {} : { signal: options.signal }),
          });
        }
        await begun;
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
    });
    const operated = (await endOf(timeline)) ?? [];
    let topicCheck: TopicCheck | null = null;
    if (!options.rehearsal && load.durationSeconds > 0) {
      try {
        topicCheck = await checkTopics(options, load);
      } catch (error) {
        // What was done to the cluster may have left topics without leaders; the measurement stands.
        if (operations === null || !(error instanceof UserError)) throw error;
        const what = `the topics could not be counted: ${error.message}`;
        operated.push({ atSeconds: load.durationSeconds, what });
      }
    }
    const result = phaseResult(phase, load, observation, operated, topicCheck);
    return { result: { ...result, ...endedEarly(load, caps) }, load, observation };
  } finally {
    cancel(observer);
    await endOf(timeline);
    // An operated cluster is not used again, and may be unable to delete anything.
    if (operations === null) {
      await cleanUp(
        [takeBackQuotas, () => deleteGroups(topics, groups), () => deleteTopics(topics)],
        options.onLeft,
      );
    }
  }
}

/** What cannot be cleaned up spoils neither the measurement nor the error that ended it. */
async function cleanUp(
  acts: readonly ((() => Promise<void>) | null)[],
  onLeft: MeasurePhaseOptions['onLeft'],
): Promise<void> {
  for (const act of acts) {
    try {
      await act?.();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const line of error.lines) onLeft?.(`not cleaned up: ${line}`);
    }
  }
}

function endedEarly(load: LoadResult, caps: RunCaps | undefined): Pick<PhaseResult, 'endedEarly'> {
  if (load.interrupted) return { endedEarly: 'it was interrupted' };
  return load.byteCapReached === true && caps !== undefined ? { endedEarly: byteCapReached(caps) } : {};
}

/** Whether the scenario's operations are carried out on this cluster. */
export function isOperated(scenario: Scenario, cluster: DrivenCluster): boolean {
  return scenario.operations.length > 0 && cluster.operations !== null;
}

/** An observer that a callback made, which the compiler cannot see. */
function cancel(observer: Observer | null): void {
  observer?.cancel();
}

/** Our own generator, or Kafka's perf tools. */
async function drive(cluster: DrivenCluster, options: RunPhaseOptions): Promise<LoadResult> {
  if (!hasJavaClients(options.scenario)) return runPhase(options);
  return runJavaPhase({
    ...options,
    managementServers: cluster.management.bootstrapServers,
    jars: await cluster.jars(),
  });
}

/** A timeline that a callback began, which the compiler cannot see. */
async function endOf(timeline: Timeline | null): Promise<TimelineEvent[] | null> {
  return timeline === null ? null : timeline.end();
}

/** Null where nothing of the cluster runs on this machine. */
function observerOf(
  cluster: DrivenCluster,
  scenario: Scenario,
  generators: readonly GeneratorProcess[],
): Observer | null {
  if (cluster.brokers().length === 0) return null;
  if (cluster.places.length === 0) {
    return observeBrokers(cluster.brokers, { host: scenario.hosts[0].name, generators });
  }
  return observe({
    brokers: cluster.brokers,
    machines: cluster.machines,
    generators: generators.map(({ pid, host, machine, java }) => ({
      pid,
      ...(java === undefined ? {} : { java }),
      machine: machineName(hostGroup(scenario, host), machine),
    })),
  });
}

function phaseResult(
  phase: Phase,
  load: LoadResult,
  observation: Observation | null,
  operated: readonly TimelineEvent[],
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
    responseLatencyMs: load.responseLatencyMs,
    sendDelayMs: load.sendDelayMs,
    endToEndLatencyMs: load.endToEndLatencyMs,
    classes: load.classes,
    windows: load.windows,
    requestStages: observation?.requestStages ?? [],
    resources: observation?.resources ?? [],
    ...(observation === null ? {} : { observedMs: observation.observedMs }),
    threadCpu: clientsTogether(observation?.threadCpu ?? []),
    events: [
      ...operated,
      ...coldWindows(observation?.resources ?? []),
      ...Object.entries(load.errors).map(([message, count]) => ({
        atSeconds: load.durationSeconds,
        what: `${count} times: ${message}`,
      })),
    ],
    counts: load.counts,
    batchesRetried: load.batchesRetried,
    generator: load.generator,
    topicCheck,
    ...(load.deliveries.length === 0 ? {} : { deliveries: load.deliveries }),
  };
}

/** Kafka's own clients are a process each: together they are the generator, as one process with many threads is. */
function clientsTogether(uses: readonly ThreadCpu[]): ThreadCpu[] {
  const sums = new Map<string, ThreadCpu>();
  for (const use of uses) {
    const process = use.process.startsWith(JAVA_CLIENT) ? 'generator' : use.process;
    const key = `${process} ${use.group}`;
    const before = sums.get(key);
    sums.set(key, {
      ...use,
      process,
      cpuSeconds: use.cpuSeconds + (before?.cpuSeconds ?? 0),
      wakeUps: (use.wakeUps ?? 0) + (before?.wakeUps ?? 0),
      runQueueWaitSeconds: (use.runQueueWaitSeconds ?? 0) + (before?.runQueueWaitSeconds ?? 0),
    });
  }
  return [...sums.values()];
}

/** The tool takes a second or two for each topic; more than these are not checked. */
const TOPICS_CHECKED_MAX = 8;

/** Asks Kafka's own tool whether the topics hold what the generator says was acknowledged. */
async function checkTopics(
  { scenario, cluster }: MeasurePhaseOptions,
  load: LoadResult,
): Promise<TopicCheck | null> {
  const topics = scenario.topics.flatMap((entry) => topicNames(entry));
  // The ends of transactions take offsets too, which the tool cannot tell from records.
  const hasMarkers = scenario.producers.some(({ config }) => config['transactional.id'] !== null);
  if (cluster.countRecords === null || topics.length > TOPICS_CHECKED_MAX || hasMarkers) return null;
  let recordsInTopics = -scenario.topics.reduce((sum, entry) => sum + historyRecords(entry), 0);
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
  const busyCores = meanOfKnown(host.values) ?? 0;
  const ourCores = threadCpu.reduce((sum, use) => sum + use.cpuSeconds, 0) / seconds;
  return Math.max(0, busyCores - ourCores) / host.capacity;
}
