/**
 * Plays one phase of a scenario against a real cluster. Its topics are there already and empty (`createTopics`).
 *
 * The consumers join and have all partitions, the producers are connected; then all threads start at one time:
 *
 *     start ── warm-up ──► warm ── measured part ──► end ── stragglers, at most 10 s ──► done
 *
 * Records due in [warm, end) are measured. Producers make none after `end` and wait for those under way; consumers read
 * until they have what was acknowledged.
 */
import { randomInt } from 'node:crypto';
import { EXIT, UserError } from '../errors/errors.ts';
import { planClientThreads } from '../scenario/client-threads.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from './access/cluster-access.ts';
import { capAssumptions, NO_CAPS, RunCaps } from './caps.ts';
import { NS_PER_MS, NS_PER_SECOND, nowNs } from './clock.ts';
import type { TargetCluster } from './cluster.ts';
import type { Interval } from './interval.ts';
import type { LoadPlace } from './load-process.ts';
import { collectLoadResult, type LoadResult } from './load-result.ts';
import type { Times, WorkerPlan } from './messages.ts';
import { type Payload, RANDOM_PAYLOAD } from './producer/payload.ts';
import { loadRefusals } from './refusals.ts';
import { beginningsOf } from './topics.ts';
import { Verification } from './verify-phase.ts';
import { type GeneratorProcess, Workers } from './workers.ts';

const AGENTS_DEADLINE_MS = 30_000;
const READY_DEADLINE_MS = 60_000;
/** A group whose partitions are all given out may still be moving them for a moment. */
const SETTLE_MS = 300;
const START_AHEAD_MS = 100;
const STRAGGLERS_MS = 10_000;
/** Producers give up their own stragglers; this only bounds a thread that does not. */
const PRODUCERS_DONE_MS = STRAGGLERS_MS + 10_000;
const CONSUMERS_DONE_MS = 20_000;
const PROGRESS_MS = 1000;
const UNCAPPED = new RunCaps(NO_CAPS);
/** Numbers of verified runs fit into 32 bits. */
const RUNS = 2 ** 32;

export interface PhaseProgress {
  /** Since the start of the load; warm-up included. */
  readonly elapsedSeconds: number;
  /** Acknowledged per second, over the time since the last call. */
  readonly recordsPerSecond: number;
  /** The largest of the producer threads' 99th percentiles of publish latency in the last second; null in the warm-up. */
  readonly p99Ms: number | null;
}

export interface RunPhaseOptions {
  readonly scenario: Scenario;
  readonly phase: Phase;
  /** Brokers to begin with: host:port, separated by commas. */
  readonly bootstrapServers: string;
  /** How clients get into the cluster: plain connections when left out. */
  readonly access?: ClusterAccess;
  /** Whether what was acknowledged is held against what is read; every topic that is written needs a consumer then. */
  readonly verify?: boolean;
  /** What values are made of; random bytes when left out. */
  readonly payload?: Payload;
  /** After so many records of each class the load ends, whatever the time. */
  readonly recordsMax?: number;
  /** So many records of each client come before a steady state, which is told of by itself. */
  readonly warmupRecords?: number;
  /** So many records of a client go to one partition, then so many to the next; left out: as keys and shares have it. */
  readonly recordsInTurn?: number;
  /** What the run that the phase is of may do at most; it is told of what the phase did. */
  readonly caps?: RunCaps;
  /** Topics that hold records already: consumers begin behind them, unless they say earliest. */
  readonly existingTopics?: readonly string[];
  /** What was acknowledged since the last call, by each thread of producers. */
  readonly onAcknowledged?: (interval: Interval) => void;
  /** Producers tell of themselves so often, in milliseconds, at least once a second; left out: once a second. */
  readonly progressEveryMs?: number;
  /** For our own requests, where they take another way. */
  readonly management?: TargetCluster;
  /** Machines with threads of their own, in processes there; threads of all other machines run in this process. */
  readonly places?: readonly LoadPlace[];
  /** The processes that are about to generate the load: all clients are connected, and it begins when this returns. */
  readonly onGenerators?: (processes: readonly GeneratorProcess[]) => void;
  /** The warm-up has ended: the measured part begins now. */
  readonly onWarm?: () => Promise<void> | void;
  /** The measured part has ended, if it had begun. */
  readonly onMeasured?: () => Promise<void> | void;
  readonly onProgress?: (progress: PhaseProgress) => void;
  /** Ends the run early, with what was measured up to then. */
  readonly signal?: AbortSignal;
}

/**
 * Drives the cluster through one phase. Throws a UserError (exit 2) for a scenario that it cannot honour, one (exit 3)
 * when the cluster cannot be reached or refuses, or an agent cannot be started or dies, and an Error when a worker fails;
 * all threads and agents are stopped then.
 */
export async function runPhase(options: RunPhaseOptions): Promise<LoadResult> {
  const refusals = loadRefusals(options.scenario);
  if (refusals.length > 0) {
    throw new UserError(refusals.map(({ path, message }) => `${path.join('.')}: ${message}`));
  }
  const workers = new Workers();
  const { signal } = options;
  const poke = () => workers.poke();
  signal?.addEventListener('abort', poke);
  try {
    // Another one each time, so that records of an earlier run are not taken for those of this one.
    const verifyRun = options.verify === true ? randomInt(RUNS) : null;
    const beginnings = await beginningsOf({
      ...(options.management ?? options),
      scenario: options.scenario,
      existing: options.existingTopics ?? [],
    });
    workers.start(workerPlans(options, { verifyRun, beginnings }), options.places ?? []);
    return await play(options, workers, verifyRun === null ? null : new Verification(options));
  } finally {
    signal?.removeEventListener('abort', poke);
    await workers.leaveGroups();
    await workers.terminate();
  }
}

async function play(
  options: RunPhaseOptions,
  workers: Workers,
  verification: Verification | null,
): Promise<LoadResult> {
  const { scenario, phase, signal } = options;
  const aborted = () => signal?.aborted === true;
  const cutOff = () => aborted() || workers.spent;
  await workersReady(options, workers);
  if (aborted()) {
    return collectLoadResult({
      scenario,
      phase,
      results: [],
      warmNs: nowNs(),
      durationSeconds: 0,
      interrupted: true,
      deliveries: [],
    });
  }

  await verification?.begin();
  options.onGenerators?.(workers.processes);
  const startNs = nowNs() + START_AHEAD_MS * NS_PER_MS;
  const warmNs = startNs + phase.warmupMs * NS_PER_MS;
  const times: Times = { startNs, warmNs, endNs: warmNs + phase.durationMs * NS_PER_MS };
  workers.tell('consumers', { kind: 'start', times });
  workers.tell('producers', { kind: 'start', times });
  workers.watch();
  workers.onAcknowledged = options.onAcknowledged ?? null;
  const stopProgress = reportProgress(options, workers, times);
  try {
    await reached(warmNs, workers, cutOff);
    const isWarm = !aborted() && !workers.spent;
    if (isWarm) await options.onWarm?.();
    await reached(
      times.endNs,
      workers,
      () => cutOff() || (options.recordsMax !== undefined && workers.finished('producers')),
    );
    const playedSeconds = Math.max(0, Math.min(nowNs(), times.endNs) - warmNs) / NS_PER_SECOND;
    if (isWarm) await options.onMeasured?.();
    if (aborted()) {
      workers.tell('producers', { kind: 'stop' });
    } else if (workers.spent) {
      workers.tell('producers', { kind: 'end' });
    }
    await workers.until(
      () => workers.finished('producers'),
      PRODUCERS_DONE_MS,
      () => silent('producer', PRODUCERS_DONE_MS),
    );
    if (verification === null) {
      await workers.until(() => aborted() || consumersCaughtUp(scenario, workers), STRAGGLERS_MS);
    } else {
      await verification.readToTheEnd(workers);
    }
    workers.tell('consumers', { kind: 'stop' });
    await workers.until(
      () => workers.finished('consumers'),
      CONSUMERS_DONE_MS,
      () => silent('consumer', CONSUMERS_DONE_MS),
    );
    const { results, spent } = workers;
    const { caps } = options;
    caps?.made(results.reduce((sum, { bytesMade }) => sum + bytesMade, 0));
    return {
      ...collectLoadResult({
        scenario,
        phase,
        results,
        warmNs,
        durationSeconds: playedSeconds,
        interrupted: aborted(),
        deliveries: verification?.judge(results) ?? [],
      }),
      ...(caps === undefined
        ? {}
        : { byteCapReached: spent, assumptions: capAssumptions(caps, scenario, phase, spent) }),
    };
  } finally {
    stopProgress();
  }
}

function workerPlans(
  options: RunPhaseOptions,
  given: Pick<WorkerPlan, 'verifyRun' | 'beginnings'>,
): WorkerPlan[] {
  const { scenario, phase, bootstrapServers, access = PLAINTEXT_ACCESS } = options;
  const caps = (options.caps ?? UNCAPPED).ofClients(scenario, phase);
  const names = { producers: 0, consumers: 0 };
  return planClientThreads(scenario).map((thread) => ({
    // Linux keeps 15 characters of a thread's name.
    name: `${thread.role === 'producers' ? 'bt-producer' : 'bt-consumer'}-${names[thread.role]++}`,
    thread,
    scenario,
    phase,
    target: { bootstrapServers, access },
    ...given,
    caps,
    payload: options.payload ?? RANDOM_PAYLOAD,
    recordsMax: options.recordsMax ?? null,
    warmupRecords: options.warmupRecords ?? 0,
    recordsInTurn: options.recordsInTurn ?? null,
    progressEveryMs: Math.min(options.progressEveryMs ?? PROGRESS_MS, PROGRESS_MS),
  }));
}

async function workersReady(options: RunPhaseOptions, workers: Workers): Promise<void> {
  const { scenario, bootstrapServers, signal } = options;
  const groups = plannedGroups(scenario);
  const waiting = () => groups.filter((group) => !isSettled(group, workers.assigned(group.name)));
  const ready = () => workers.producersReady && waiting().length === 0;
  const late = () => {
    const what = waiting().map(
      ({ name, partitions, members }) =>
        `group ${name} to share ${partitions} partitions among ${members} members, found ${JSON.stringify(workers.assigned(name))}`,
    );
    return new UserError(
      `${bootstrapServers}: expected ${what.length > 0 ? what.join('; ') : 'producers to be connected'} within ${READY_DEADLINE_MS / 1000} s; see the brokers' logs`,
      EXIT.clusterUnreachable,
    );
  };
  await workers.until(
    () => workers.waitingAgents.length === 0 || signal?.aborted === true,
    AGENTS_DEADLINE_MS,
    () =>
      new UserError(
        workers.waitingAgents.flatMap((agent) => agent.late(AGENTS_DEADLINE_MS).lines),
        EXIT.clusterUnreachable,
      ),
  );
  do {
    await workers.until(() => ready() || signal?.aborted === true, READY_DEADLINE_MS, late);
    await workers.until(() => false, SETTLE_MS);
  } while (!ready() && signal?.aborted !== true);
}

interface PlannedGroup {
  readonly name: string;
  readonly members: number;
  readonly partitions: number;
  /** All members read the same topics, so that they get equal shares. */
  readonly even: boolean;
}

function plannedGroups(scenario: Scenario): PlannedGroup[] {
  return [...Map.groupBy(scenario.consumers, ({ group }) => group)].map(([name, classes]) => {
    const read = new Set(classes.flatMap(({ topics }) => topics));
    return {
      name,
      members: classes.reduce((sum, { count }) => sum + count, 0),
      partitions: scenario.topics
        .filter((topics) => read.has(topics.name))
        .reduce((sum, { partitions, count }) => sum + partitions * count, 0),
      even: classes.every(({ topics }) => new Set(topics).size === read.size),
    };
  });
}

/**
 * All members have joined and have all partitions between them. While a member still holds what another one is to get,
 * the shares are not equal yet.
 */
function isSettled(group: PlannedGroup, assigned: readonly (number | null)[]): boolean {
  const counts = assigned.filter((count) => count !== null);
  return (
    counts.length === group.members &&
    counts.reduce((sum, count) => sum + count, 0) === group.partitions &&
    (!group.even || Math.max(...counts) - Math.min(...counts) <= 1)
  );
}

/** True when every group has as many records as were acknowledged in its topics. */
function consumersCaughtUp(scenario: Scenario, workers: Workers): boolean {
  const classes = scenario.consumers.map((consumer, index) => ({ consumer, index }));
  return classes.every(({ consumer }) => {
    const wanted = scenario.producers
      .map((producer, index) => ({ producer, index }))
      .filter(({ producer }) => producer.topics.every((topic) => consumer.topics.includes(topic)))
      .reduce((sum, { index }) => sum + workers.records('producers', index), 0);
    const read = classes
      .filter((other) => other.consumer.group === consumer.group)
      .reduce((sum, { index }) => sum + workers.records('consumers', index), 0);
    return read >= wanted;
  });
}

async function reached(timeNs: number, workers: Workers, aborted: () => boolean): Promise<void> {
  // Timers may fire up to a millisecond early.
  while (nowNs() < timeNs && !aborted()) {
    await workers.until(aborted, Math.ceil((timeNs - nowNs()) / NS_PER_MS));
  }
}

function reportProgress(options: RunPhaseOptions, workers: Workers, times: Times): () => void {
  const { scenario, onProgress } = options;
  if (onProgress === undefined) {
    return () => undefined;
  }
  let before = { atNs: times.startNs, records: 0 };
  const timer = setInterval(() => {
    const atNs = nowNs();
    const records = scenario.producers.reduce(
      (sum, _, index) => sum + workers.records('producers', index),
      0,
    );
    if (atNs > before.atNs) {
      onProgress({
        elapsedSeconds: (atNs - times.startNs) / NS_PER_SECOND,
        recordsPerSecond: ((records - before.records) / (atNs - before.atNs)) * NS_PER_SECOND,
        p99Ms: workers.p99Ms,
      });
      before = { atNs, records };
    }
  }, PROGRESS_MS);
  return () => clearInterval(timer);
}

function silent(role: string, ms: number): Error {
  return new Error(`a ${role} thread gave no result within ${ms / 1000} s after it was to stop`);
}
