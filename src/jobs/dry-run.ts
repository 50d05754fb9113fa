/** `brokertwin load --dry-run`: what a load would do, looked up and worked out; nothing is made or written. */
import { refuseToBuild } from '../arms/scenario-cluster.ts';
import { EXIT, UserError } from '../errors/errors.ts';
import { type ClusterAccess, describeAccess } from '../load/access/cluster-access.ts';
import { NO_CAPS } from '../load/caps.ts';
import { type ClusterFacts, clusterFacts } from '../load/cluster-facts.ts';
import { absentGroups } from '../load/groups.ts';
import { plannedLoad } from '../load/planned-load.ts';
import { checkTopics } from '../load/topics.ts';
import { formatBytes, formatCount, formatPlural, formatSeconds } from '../report/format.ts';
import { planClientThreads } from '../scenario/client-threads.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import type { LoadBounds } from './load-bounds.ts';
import type { JobOutcome } from './outcome.ts';

export interface DryRunOptions extends LoadBounds {
  readonly loaded: LoadedScenario;
  /** A running cluster; without it one would be started. */
  readonly bootstrapServer?: string;
  readonly access: ClusterAccess;
  readonly verify: boolean;
}

const NAMES_MAX = 8;

/** What `--json` prints. Rates and amounts are null where the cluster is driven as hard as it takes. */
interface Plan {
  readonly dryRun: true;
  readonly scenario: string;
  readonly cluster:
    | (ClusterFacts & {
        readonly bootstrapServers: string;
        readonly access: string;
        /** Brokers do not tell theirs. */
        readonly version: null;
      })
    | { readonly wouldStart: { readonly brokers: number; readonly versions: readonly string[] } };
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly action: 'create and delete' | 'use';
  }[];
  readonly groups: readonly { readonly name: string; readonly action: 'create and delete' | 'use' }[];
  readonly clients: {
    readonly producers: number;
    readonly consumers: number;
    readonly threads: number;
    /** At most; null for a cluster that does not run yet. */
    readonly connections: number | null;
  };
  readonly phases: readonly PlannedPhase[];
  readonly verify: boolean;
  readonly caps: LoadBounds['caps'];
  /** Null when a phase's are. */
  readonly total: {
    readonly seconds: number;
    readonly records: number | null;
    readonly bytes: number | null;
  };
}

interface PlannedPhase {
  readonly name: string;
  readonly warmupSeconds: number;
  readonly durationSeconds: number;
  /** The highest, of all producers together. */
  readonly recordsPerSecond: number | null;
  readonly records: number | null;
  /** Keys, values and headers, before compression and replication. */
  readonly bytes: number | null;
}

/** @throws UserError with what speaks against the run, as the run itself would */
export async function dryRun(options: DryRunOptions): Promise<JobOutcome> {
  const { bootstrapServer } = options;
  const plan =
    bootstrapServer === undefined ? startedPlan(options) : await runningPlan(options, bootstrapServer);
  return { exitCode: EXIT.good, json: plan, text: linesOf(plan).join('\n') };
}

function startedPlan(options: DryRunOptions): Plan {
  refuseToBuild(options.loaded);
  const [cluster] = options.loaded.scenario.clusters;
  const wouldStart = { brokers: cluster.brokers.count, versions: [...new Set(cluster.kafkaVersions)] };
  return planOf(options, { wouldStart }, null, groupsOf(options.loaded.scenario));
}

async function runningPlan(options: DryRunOptions, bootstrapServers: string): Promise<Plan> {
  const { access, existingTopics, loaded } = options;
  const { scenario } = loaded;
  const target = { bootstrapServers, access, scenario };
  const facts = await clusterFacts(target);
  await checkTopics({ ...target, existing: existingTopics });
  refuseReplicas(options, facts.brokers.length);
  const absent = await absentGroups(target);
  const cluster = { bootstrapServers, access: describeAccess(access), version: null, ...facts };
  return planOf(options, cluster, facts.brokers.length, absent);
}

function planOf(
  { loaded, existingTopics, verify, caps }: DryRunOptions,
  cluster: Plan['cluster'],
  brokers: number | null,
  absent: readonly string[],
): Plan {
  const { scenario } = loaded;
  const phases = scenario.run.phases.map((phase): PlannedPhase => {
    const { records, bytes, recordsPerSecondMax } = plannedLoad(scenario, phase);
    return {
      name: phase.name,
      warmupSeconds: phase.warmupMs / 1000,
      durationSeconds: phase.durationMs / 1000,
      recordsPerSecond: recordsPerSecondMax,
      records: records === null ? null : Math.round(records),
      bytes: bytes === null ? null : Math.round(bytes),
    };
  });
  return {
    dryRun: true,
    scenario: scenario.name,
    cluster,
    topics: scenario.topics.flatMap((topics) =>
      topicNames(topics).map((name) => ({
        name,
        partitions: topics.partitions,
        replicationFactor: topics.replicationFactor,
        action: existingTopics.includes(name) ? ('use' as const) : ('create and delete' as const),
      })),
    ),
    groups: groupsOf(scenario).map((name) => ({
      name,
      action: absent.includes(name) ? 'create and delete' : 'use',
    })),
    clients: clientsOf(scenario, brokers),
    phases,
    verify,
    caps,
    total: {
      seconds: phases.reduce((sum, phase) => sum + phase.warmupSeconds + phase.durationSeconds, 0),
      records: sumOf(phases.map(({ records }) => records)),
      bytes: sumOf(phases.map(({ bytes }) => bytes)),
    },
  };
}

function groupsOf({ consumers }: Scenario): string[] {
  return [...new Set(consumers.map(({ group }) => group))];
}

/** A producer connects to each broker; a consumer twice, as a member of its group and to fetch, and to a first broker. */
function clientsOf(scenario: Scenario, brokers: number | null): Plan['clients'] {
  const count = (classes: readonly { readonly count: number }[]): number =>
    classes.reduce((sum, one) => sum + one.count, 0);
  const [producers, consumers] = [count(scenario.producers), count(scenario.consumers)];
  const threads = planClientThreads(scenario).length;
  return {
    producers,
    consumers,
    threads,
    connections: brokers === null ? null : producers * brokers + consumers * (2 * brokers + 1) + threads,
  };
}

function refuseReplicas({ loaded, existingTopics }: DryRunOptions, brokers: number): void {
  const lines = loaded.scenario.topics
    .filter((topics) => topicNames(topics).some((name) => !existingTopics.includes(name)))
    .filter(({ replicationFactor }) => replicationFactor > brokers)
    .map(
      ({ name, replicationFactor }) =>
        `${loaded.positionOf(['topics', name, 'replication.factor'])} expected at most as many replicas as the cluster has brokers, ${brokers}, found ${replicationFactor}; lower it`,
    );
  if (lines.length > 0) throw new UserError(lines, EXIT.clusterUnreachable);
}

function linesOf({
  cluster,
  topics,
  groups,
  clients,
  phases,
  verify,
  caps,
  total,
  scenario,
}: Plan): string[] {
  const { connections } = clients;
  return [
    `${scenario}: a dry run, nothing was made or written`,
    ...clusterLines(cluster),
    ...topicLines(topics),
    ...groups.map(
      ({ name, action }) =>
        `group    ${name}: ${action === 'use' ? 'is there and would be joined' : 'would be made, and deleted afterwards'}`,
    ),
    `clients  ${formatPlural(clients.producers, 'producer')}, ${formatPlural(clients.consumers, 'consumer')} on ${formatPlural(clients.threads, 'thread')}${connections === null ? '' : `, up to ${formatPlural(connections, 'connection')}`}${verify ? '; delivery would be proven' : ''}`,
    ...phases.map((phase) => `phase    ${phase.name}: ${phaseText(phase, caps)}`),
    `in all   ${amount(total, caps)}, in ${formatSeconds(total.seconds)} of load${'wouldStart' in cluster ? ', and a warm-up of the fresh brokers before' : ''}`,
  ];
}

/** Topics that are alike share a line. */
function topicLines(topics: Plan['topics']): string[] {
  const alike = Map.groupBy(topics, ({ partitions, replicationFactor, action }) =>
    action === 'use'
      ? `${formatPlural(partitions, 'partition')}; there already, would be used as it is`
      : `${formatPlural(partitions, 'partition')}, replication factor ${replicationFactor}; would be made, and deleted afterwards`,
  );
  return [...alike].map(([what, of]) => {
    const names = of.slice(0, NAMES_MAX).map(({ name }) => name);
    const others = of.length > NAMES_MAX ? ` and ${of.length - NAMES_MAX} others` : '';
    return `topics   ${names.join(', ')}${others}: ${of.length > 1 ? 'each ' : ''}${what}`;
  });
}

function clusterLines(cluster: Plan['cluster']): string[] {
  if ('wouldStart' in cluster) {
    const { brokers, versions } = cluster.wouldStart;
    return [
      `cluster  would be started here: ${formatPlural(brokers, 'broker')}, Apache Kafka ${versions.join(', ')}`,
    ];
  }
  const brokers = cluster.brokers.map(({ id, host, port }) => `${id} at ${host}:${port}`);
  return [
    `cluster  ${cluster.id} by ${cluster.bootstrapServers} (${cluster.access})`,
    `brokers  ${brokers.join(', ')}`,
  ];
}

function phaseText(phase: PlannedPhase, caps: LoadBounds['caps']): string {
  const time = `${formatSeconds(phase.warmupSeconds)} of warm-up and ${formatSeconds(phase.durationSeconds)} measured`;
  if (phase.recordsPerSecond === null) {
    const rate =
      caps.recordsPerSecond === null
        ? 'as many records as the cluster takes'
        : `as many records as the cluster takes, at most ${formatCount(caps.recordsPerSecond)}/s`;
    return `${rate}; ${time}`;
  }
  return `up to ${formatCount(phase.recordsPerSecond)} records/s, ${amount(phase, NO_CAPS)}; ${time}`;
}

function amount(
  { records, bytes }: { readonly records: number | null; readonly bytes: number | null },
  caps: LoadBounds['caps'],
): string {
  const most =
    caps.bytes === null || (bytes !== null && bytes <= caps.bytes)
      ? ''
      : `, at most ${formatBytes(caps.bytes)}`;
  return records === null
    ? `as many records as the cluster takes${most}`
    : `${formatPlural(records, 'record')}, ${formatBytes(bytes)}${most}`;
}

function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}
