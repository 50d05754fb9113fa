/** The predicting arm: a scenario and the profiles of its hosts in, a simulated RunResult out. */

import type { ShardInput } from '../kafka/cluster/build-cluster.ts';
import { mirrorLink } from '../kafka/cluster/distances.ts';
import { statedDisk } from '../kafka/cluster/lay-out-storage.ts';
import { planShards } from '../kafka/cluster/topology.ts';
import type { ShardReadOut } from '../kafka/read-out.ts';
import { type RunShardsOptions, runShards } from '../kernel/parallel/run-shards.ts';
import type { ShardOutcome } from '../kernel/parallel/shard.ts';
import { NS_PER_MS } from '../kernel/time.ts';
import { foldChains } from '../kernel/trace-hash.ts';
import { siblingModule, version } from '../package.ts';
import type { Profile } from '../profile/profile.ts';
import { profileHash, readProfile } from '../profile/read-profile.ts';
import type { RunResult } from '../result/run-result.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { FORMAT, type TraceWindow } from '../trace/format.ts';
import type { ObserveInput } from '../trace/observe-shard.ts';
import { type StartedTrace, startTrace } from '../trace/start-trace.ts';
import { assemblePhase } from './assemble-phase.ts';
import { predictRefusals } from './predict-refusals.ts';
import { type Refusal, refuse } from './refusals.ts';
import { runFacts } from './run-facts.ts';
import { unreadSettings } from './unread-settings.ts';

export interface PredictOptions {
  readonly loaded: LoadedScenario;
  /** A profile, its name or its file, to use for every host in place of what the scenario says. */
  readonly profile?: string | Profile;
  readonly workers: number;
  /** The hosts are parts of one machine with so many cores, as on a cluster that is built here; else each is one of its own. */
  readonly sharedCores?: number;
  /** Where to write a trace of the events, and which of them. */
  readonly trace?: TraceOptions;
  /** Seed of another legal order of what happens at the same moment; 0, as if not given, for the plain order. */
  readonly tieSeed?: number;
  /** Stop each phase after this share of it, at a checkpoint, and continue from there; the result is the same. */
  readonly checkpointAt?: number;
  readonly onProgress?: (progress: { readonly phase: string; readonly fraction: number }) => void;
  readonly signal?: AbortSignal;
}

export interface TraceOptions extends TraceWindow {
  readonly file: string;
}

export interface Prediction {
  readonly result: RunResult;
  /** Of the first host; the report shows its costs. */
  readonly profile: Profile;
}

/** Time after a phase's end in which what is in flight may still arrive. */
const DRAIN_MS = 10_000;

/**
 * Simulates every phase of the scenario.
 * @throws UserError for what the simulator cannot do yet, by name and place, and when a trace cannot be written
 */
export async function predict(options: PredictOptions): Promise<Prediction> {
  const { loaded } = options;
  const { scenario } = loaded;
  const startedAt = new Date();
  const profiles = Object.fromEntries(
    scenario.hosts.map((host) => [host.name, profileFor(options.profile ?? host.profile)]),
  );
  const shards = planShards(scenario);
  refuse(loaded, [...predictRefusals(scenario, profiles), ...sharingRefusals(options, shards.length)]);
  const chains: Uint32Array[] = [];
  const events = shards.map(() => 0);
  const phases: RunResult['phases'][number][] = [];
  const [first] = Object.values(profiles);
  const trace = options.trace === undefined ? null : traceOf(options.trace, loaded, first, shards);
  let simulatedMs = 0;
  for (const [index, phase] of scenario.run.phases.entries()) {
    const lengthMs = phase.warmupMs + phase.durationMs + DRAIN_MS;
    const observer = trace?.observe(index, lengthMs * NS_PER_MS) ?? null;
    const outcomes = await runPhase(options, profiles, phase, lengthMs, shards.length, observer).catch(
      (error: unknown) => {
        throw trace?.explained(error) ?? error;
      },
    );
    simulatedMs += lengthMs;
    outcomes.forEach((outcome, index) => {
      chains.push(outcome.hashChains);
      events[index] += outcome.events;
    });
    const readOuts = outcomes.map((outcome) => outcome.result as ShardReadOut);
    phases.push(
      assemblePhase(
        scenario,
        phase,
        shards.map((shard) => shard.name),
        readOuts,
      ),
    );
  }
  trace?.finish();
  const result: RunResult = {
    format: 'brokertwin.result/1',
    arm: 'simulated',
    scenario: {
      name: scenario.name,
      question: scenario.question,
      hash: loaded.hash,
      seed: scenario.run.seed,
      kafka: [...new Set(scenario.clusters.flatMap((cluster) => cluster.kafkaVersions))].join(', '),
    },
    profile: { name: first.name, hash: profileHash(first), kind: first.kind },
    simulation: {
      tieSeed: options.tieSeed ?? 0,
      sharedCores: options.sharedCores ?? null,
      traceHash: foldChains(chains),
      events: events.reduce((sum, count) => sum + count, 0),
      simulatedSeconds: simulatedMs / 1000,
      shards: shards.map((shard, index) => ({ name: shard.name, events: events[index] })),
    },
    phases,
    assumptions: [...sharedMachine(options), ...assumptions(scenario, profiles)],
    run: runFacts(startedAt, {}),
  };
  return { result, profile: first };
}

function sharingRefusals({ sharedCores }: PredictOptions, shards: number): Refusal[] {
  if (sharedCores === undefined || shards === 1) return [];
  return [
    {
      path: ['clusters'],
      message: `clusters do not share one machine's cores in the simulator yet, found ${shards}; keep one, or leave --shared-cores out`,
    },
  ];
}

function profileFor(profile: string | Profile): Profile {
  return typeof profile === 'string' ? readProfile(profile) : profile;
}

function traceOf(
  { file, fromNs, untilNs }: TraceOptions,
  { scenario, hash }: LoadedScenario,
  profile: Profile,
  shards: readonly { readonly name: string }[],
): StartedTrace {
  return startTrace(file, {
    format: FORMAT,
    brokertwin: version,
    scenario: { name: scenario.name, hash },
    seed: scenario.run.seed,
    profile: { name: profile.name, hash: profileHash(profile) },
    phases: scenario.run.phases.map((phase) => phase.name),
    shards: shards.map((shard) => shard.name),
    fromNs,
    untilNs,
  });
}

async function runPhase(
  options: PredictOptions,
  profiles: Readonly<Record<string, Profile>>,
  phase: Phase,
  lengthMs: number,
  shards: number,
  observer: ObserveInput | null,
): Promise<ShardOutcome[]> {
  const { scenario } = options.loaded;
  const untilNs = lengthMs * NS_PER_MS;
  const latencies = scenario.mirrors.map((mirror) => mirrorLink(scenario, mirror).latencyMs);
  const run: RunShardsOptions = {
    factoryModule: siblingModule(import.meta.url, '../kafka/shard').href,
    input: {
      scenario,
      profiles,
      phase,
      tieSeed: options.tieSeed ?? 0,
      sharedCores: options.sharedCores ?? null,
    } satisfies ShardInput,
    shards,
    workers: options.workers,
    untilNs,
    lookaheadNs: latencies.length === 0 ? null : Math.min(...latencies) * NS_PER_MS,
    observer:
      observer === null
        ? null
        : { module: siblingModule(import.meta.url, '../trace/observe-shard').href, input: observer },
    onProgress: (nowNs) => options.onProgress?.({ phase: phase.name, fraction: nowNs / untilNs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if (options.checkpointAt === undefined) return runShards(run);
  const stopped = await runShards({ ...run, checkpointAtNs: Math.floor(untilNs * options.checkpointAt) });
  const from = stopped.map(({ checkpoint }) => checkpoint).filter((checkpoint) => checkpoint !== undefined);
  return runShards({ ...run, from });
}

function sharedMachine({ sharedCores, loaded }: PredictOptions): string[] {
  const machines = loaded.scenario.hosts.reduce((sum, { count }) => sum + count, 0);
  if (sharedCores === undefined || machines === 1) return [];
  return [`All ${machines} hosts are parts of one machine, whose ${sharedCores} cores they share.`];
}

function assumptions(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): string[] {
  const hasDisks = (host: Scenario['hosts'][number]): boolean =>
    statedDisk(host, profiles[host.name]) !== null;
  const catalogue = Object.entries(profiles).filter(([, profile]) => profile.kind === 'catalogue');
  return [
    ...catalogue.map(
      ([host, profile]) =>
        `Host ${host} costs what the catalogue's profile "${profile.name}" says; \`brokertwin calibrate\` measures this machine.`,
    ),
    ...unreadSettings(scenario, hasDisks),
    'Brokers and generator are warm: a fresh JVM is 10 to 15 % slower for a minute or two.',
    ...(scenario.clusters.every(({ brokers }) =>
      scenario.hosts.some((host) => host.name === brokers.host && hasDisks(host)),
    )
      ? []
      : [
          'Where no disk is stated, reads come from the page cache, and writes are never held up by write-back.',
        ]),
    ...([...scenario.producers, ...scenario.consumers].some(({ client }) => client === 'java')
      ? [
          "Java producers are driven as Kafka's perf tool drives them: in bursts of about 2 ms of their rate, with latencies from send(), not from a due time.",
        ]
      : []),
    ...(scenario.operations.length > 0
      ? [
          'What is done to brokers spares the active controller: an election of another one would take 2 to 4 s more, and start all sessions afresh.',
          'A broker needs about 10 CPU seconds to start, whatever the profile; its logs need no recovery.',
          'Batches whose acknowledgement was lost are written twice: nothing is idempotent.',
        ]
      : []),
    ...(scenario.mirrors.length > 0
      ? ["A mirror has no back-pressure, and its two halves do not share their host's cores."]
      : []),
    ...(scenario.topics.some((topic) => topic.placement === null)
      ? ["Leaders are spread over the brokers in turn, without the random start of Kafka's own placement."]
      : []),
  ];
}
