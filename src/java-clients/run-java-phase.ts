/**
 * Plays one phase of a scenario with Java clients: every client is a process of Kafka's own perf tools.
 *
 *     (rates probed) ─ consumers joined ─ producers started ── warm-up ──► warm ── measured part ──► end ── tails ──► done
 *
 * A phase is a time and the tools count records, so each gets as many as its rate makes in that time and some more; what
 * comes after `end` is waited for and not measured. The same interface as our own generator's (load/run-phase.ts).
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, UserError } from '../errors/errors.ts';
import { NS_PER_MS, NS_PER_SECOND, nowNs } from '../load/clock.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { RunPhaseOptions } from '../load/run-phase.ts';
import type { KafkaJars } from '../local/kafka/jars.ts';
import { readThreads } from '../local/observe/thread-use.ts';
import { onExit } from '../local/system/on-exit.ts';
import { removeDirectory } from '../local/system/staging.ts';
import { type ClientRun, requireSuccess, startTool, untilTrue } from './client-runs.ts';
import { collectJavaResult } from './collect.ts';
import {
  type CommandContext,
  consumerCommand,
  type PlacedClient,
  placedClients,
  producerCommand,
} from './commands.ts';
import { groupsJoined } from './groups.ts';
import { membersOf, type PlannedProducer, planProducers, recordsOfTopic, silenceMs } from './plan.ts';
import { type Probe, probeRates } from './rate-probe.ts';
import { javaRefusals } from './refusals.ts';

export interface JavaPhaseOptions extends RunPhaseOptions {
  readonly jars: KafkaJars;
  /** For our own requests. */
  readonly managementServers: string;
}

export interface Running<Client> {
  readonly planned: Client;
  readonly run: ClientRun;
}

const STARTED_DEADLINE_MS = 60_000;
const JOINED_DEADLINE_MS = 60_000;
/** What a tool may take beyond its time: this, and as long again as was planned so many times. */
const OVERTIME_MS = 30_000;
const OVERTIMES = 3;
const PROGRESS_MS = 1000;

/** @throws UserError for what the tools cannot honour (exit 2), and when one of them fails (exit 3) */
export async function runJavaPhase(options: JavaPhaseOptions): Promise<LoadResult> {
  const refusals = javaRefusals(options.scenario);
  if (refusals.length > 0) {
    throw new UserError(refusals.map(({ path, message }) => `${path.join('.')}: ${message}`));
  }
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-clients-'));
  const forget = onExit(() => removeDirectory(directory));
  const runs: ClientRun[] = [];
  try {
    return await play(options, { ...options, places: options.places ?? [], directory }, runs);
  } finally {
    for (const { tool } of runs) tool.kill();
    await Promise.all(runs.map(({ tool }) => tool.end));
    forget();
    removeDirectory(directory);
  }
}

async function play(
  options: JavaPhaseOptions,
  context: CommandContext,
  runs: ClientRun[],
): Promise<LoadResult> {
  const { scenario, phase, signal } = options;
  const aborted = (): boolean => signal?.aborted === true;
  const start = <Client>(planned: Client, command: Parameters<typeof startTool>[0]): Running<Client> => {
    const run = startTool(command);
    runs.push(run);
    return { planned, run };
  };
  const clients = placedClients(scenario, 'producers');
  const probe = phase.load === 'max' ? await probeRates(context, clients, signal) : null;
  const planned = planProducers(scenario, phase, clients, probe?.recordsPerSecond ?? null);
  const consumers = aborted() ? [] : startConsumers(options, context, planned, probe, start);
  await consumersJoined(options, consumers);
  const producers = aborted()
    ? []
    : planned.map((one) => start(one, producerCommand(context, one.client, one)));
  const startNs = await producersStarted(producers, aborted);
  tellGenerators(options, [
    ...consumers.map(placed),
    ...producers.map(({ planned: { client }, run }) => ({ client, run })),
  ]);
  const stopProgress = reportProgress(options, producers, startNs);
  try {
    const ended = (): boolean => producers.some(({ run }) => run.tool.endedNs !== null);
    const plannedWarmNs = startNs + phase.warmupMs * NS_PER_MS;
    await untilTrue(() => aborted() || ended(), plannedWarmNs);
    const warmNs = nowNs();
    const isWarm = !aborted();
    if (isWarm) await options.onWarm?.();
    const endNs = warmNs + phase.durationMs * NS_PER_MS;
    await untilTrue(() => aborted() || ended(), endNs);
    const measuredEndNs = Math.min(nowNs(), endNs);
    const endedEarly = ended();
    if (isWarm) await options.onMeasured?.();
    await tailsRead(producers, consumers, aborted);
    return collectJavaResult({
      ...{ scenario, phase, producers, probe, warmNs, measuredEndNs, endedEarly },
      consumers: consumers.map(placed),
      interrupted: aborted(),
    });
  } finally {
    stopProgress();
  }
}

function placed({ planned: client, run }: Running<PlacedClient>): { client: PlacedClient; run: ClientRun } {
  return { client, run };
}

function startConsumers(
  { scenario, phase }: JavaPhaseOptions,
  context: CommandContext,
  planned: readonly PlannedProducer[],
  probe: Probe | null,
  start: (client: PlacedClient, command: ReturnType<typeof consumerCommand>) => Running<PlacedClient>,
): Running<PlacedClient>[] {
  return placedClients(scenario, 'consumers').map((client) => {
    const { topics, group } = scenario.consumers[client.classIndex];
    const probed = planned.map((of, index) => ({ client: of.client, records: probe?.records[index] ?? 0 }));
    const records = recordsOfTopic(scenario, topics[0], [...planned, ...probed]);
    const until = {
      // What one of several members gets is not known before.
      records: membersOf(scenario, group) === 1 ? records : Number.MAX_SAFE_INTEGER,
      silenceMs: silenceMs(scenario, phase, client),
    };
    return start(client, consumerCommand(context, client, until));
  });
}

async function consumersJoined(
  { scenario, managementServers, signal }: JavaPhaseOptions,
  consumers: readonly Running<PlacedClient>[],
): Promise<void> {
  if (consumers.length === 0) return;
  const names = [...new Set(scenario.consumers.map(({ group }) => group))];
  const waiting = await groupsJoined({
    bootstrapServers: managementServers,
    groups: names,
    deadlineMs: JOINED_DEADLINE_MS,
    isOver: () => signal?.aborted === true || consumers.some(({ run }) => run.tool.endedNs !== null),
  });
  for (const { run } of consumers) requireSuccess(run);
  if (waiting.length === 0 || signal?.aborted === true) return;
  throw new UserError(
    `${managementServers}: expected all members of group ${waiting.join(', ')} to have joined within ${JOINED_DEADLINE_MS / 1000} s; see the brokers' logs`,
    EXIT.clusterUnreachable,
  );
}

/** Waits until every producer's network thread is there: the tool begins to send then. Returns when that was, ns. */
async function producersStarted(
  producers: readonly Running<PlannedProducer>[],
  aborted: () => boolean,
): Promise<number> {
  const started = await untilTrue(
    () => {
      for (const { run } of producers) requireSuccess(run);
      return aborted() || producers.every(({ run }) => hasNetworkThread(run) || run.tool.endedNs !== null);
    },
    nowNs() + STARTED_DEADLINE_MS * NS_PER_MS,
  );
  if (started) return nowNs();
  throw new UserError(
    `expected ${producers.length} processes of kafka-producer-perf-test to begin within ${STARTED_DEADLINE_MS / 1000} s; see whether the machine is overloaded`,
    EXIT.clusterUnreachable,
  );
}

function hasNetworkThread({ tool: { pid } }: ClientRun): boolean {
  return (
    pid !== null && readThreads(pid)?.threads.some(({ name }) => name.startsWith('kafka-producer')) === true
  );
}

function tellGenerators(
  { onGenerators }: JavaPhaseOptions,
  clients: readonly { readonly client: PlacedClient; readonly run: ClientRun }[],
): void {
  onGenerators?.(
    clients.flatMap(({ client: { host, machine, name, role }, run: { tool } }) =>
      tool.pid === null ? [] : [{ pid: tool.pid, host, machine, java: { name, role } }],
    ),
  );
}

/** Waits for the tools to end by themselves; one that takes far too long is killed, and that is among its errors. */
async function tailsRead(
  producers: readonly Running<PlannedProducer>[],
  consumers: readonly Running<PlacedClient>[],
  aborted: () => boolean,
): Promise<void> {
  const over = (list: readonly { readonly run: ClientRun }[]) => () =>
    aborted() || list.every(({ run }) => run.tool.endedNs !== null);
  const plannedMs = Math.max(0, ...producers.map(({ planned }) => planned.seconds * 1000));
  const limitNs = nowNs() + (OVERTIME_MS + OVERTIMES * plannedMs) * NS_PER_MS;
  await untilTrue(over(producers), limitNs);
  for (const { run } of producers) run.tool.kill();
  await untilTrue(over(consumers), nowNs() + 2 * OVERTIME_MS * NS_PER_MS);
  for (const { run } of consumers) run.tool.kill();
  await Promise.all([...producers, ...consumers].map(({ run }) => run.tool.end));
}

function reportProgress(
  { onProgress }: JavaPhaseOptions,
  producers: readonly Running<PlannedProducer>[],
  startNs: number,
): () => void {
  if (onProgress === undefined) return () => undefined;
  const timer = setInterval(() => {
    const latest = producers.flatMap(({ run }) => run.windows.at(-1) ?? []);
    onProgress({
      elapsedSeconds: Math.max(0, nowNs() - startNs) / NS_PER_SECOND,
      recordsPerSecond: latest.reduce(
        (sum, { records, seconds }) => sum + (seconds > 0 ? records / seconds : 0),
        0,
      ),
      p99Ms: null,
    });
  }, PROGRESS_MS);
  return () => clearInterval(timer);
}
