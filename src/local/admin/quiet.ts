/**
 * Waiting until nothing of an earlier run is at work any more, so that a cluster that runs can be measured again: no topic of a
 * user, no files about to be deleted, all replicas in sync, brokers that do next to nothing, no data waiting for the disks.
 */
import { runTool } from '../system/tool.ts';
import { type ClusterDescription, describeWith } from './describe-cluster.ts';
import { cpuSeconds, unwrittenBytes } from './machine-rest.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';
import { directoriesToDelete, userTopics } from './topics-gone.ts';

export interface QuietOptions extends AdminTarget {
  readonly brokers: readonly { readonly pid: number }[];
  /** Of all brokers that run. */
  readonly logDirs: readonly string[];
  readonly timeoutMs: number;
  /** Cores that a broker uses when it has nothing to do; by default what brokers were seen to use. */
  readonly idleCores?: number;
}

export interface QuietResult {
  readonly quiet: boolean;
  readonly tookMs: number;
  /** What was restless at the end, a line each; empty when it is quiet. */
  readonly restless: readonly string[];
}

/** Brokers with controllers in them use 0.03 to 0.04 at rest. */
const IDLE_CORES = 0.04;
const RESTLESS_CORES = 0.05;
const CPU_WINDOW_MS = 1_000;
const POLL_MS = 200;
const UNWRITTEN_BYTES_LOW = 16 * 1024 * 1024;
/** Less than this in a window is not taken for falling. */
const FALLING_BYTES = 1024 * 1024;

/**
 * Waits until the cluster is quiet or the time is up, which is no error: the result says so. Data that wait for the disks of the
 * log dirs are written at once, as the kernel would do it half a minute later.
 *
 * @throws UserError (exit 3) when no broker answers.
 */
export async function waitUntilQuiet(options: QuietOptions): Promise<QuietResult> {
  const startedAt = performance.now();
  const result = (restless: readonly string[]): QuietResult => ({
    quiet: restless.length === 0,
    tookMs: performance.now() - startedAt,
    restless,
  });
  return withSession(options, async (session) => {
    const inCluster = async (): Promise<string[]> =>
      restlessInCluster(await describeWith(session), options.logDirs);
    let written = false;
    for (;;) {
      const before = await inCluster();
      const late = performance.now() - startedAt > options.timeoutMs;
      if (before.length > 0 && !late) {
        await session.pause(POLL_MS);
        continue;
      }
      if (!written) await writeBack(options);
      written = true;
      const onMachine = await restlessOnMachine(session, options);
      const restless = [...(await inCluster()), ...onMachine];
      if (restless.length === 0 || late) return result(restless);
    }
  });
}

/** What a cluster has still to do, a line each. */
export function restlessInCluster(
  cluster: Pick<ClusterDescription, 'partitions' | 'underReplicated' | 'offline'>,
  logDirs: readonly string[],
): string[] {
  const topics = userTopics(cluster.partitions);
  const directories = directoriesToDelete(logDirs, new Set(cluster.partitions.map(({ topic }) => topic)));
  const { underReplicated, offline } = cluster;
  return [
    ...(topics.length === 0 ? [] : [`${count(topics.length, 'topic')} not deleted: ${listed(topics)}`]),
    ...(offline.length === 0 ? [] : [`${count(offline.length, 'partition')} without a leader`]),
    ...(underReplicated.length === 0
      ? []
      : [
          `${count(underReplicated.length, 'partition')} with replicas that are not in sync: ${listed(
            underReplicated.map(({ topic, partition }) => `${topic}-${partition}`),
          )}`,
        ]),
    ...(directories.length === 0
      ? []
      : [
          `${directories.length === 1 ? 'one directory' : `${directories.length} directories`} of deleted replicas not removed yet, which Kafka does log.segment.delete.delay.ms after the deletion: ${listed(directories)}`,
        ]),
  ];
}

async function restlessOnMachine(session: AdminSession, options: QuietOptions): Promise<string[]> {
  const pids = options.brokers.map(({ pid }) => pid);
  const cpuBefore = cpuSeconds(pids);
  const bytesBefore = unwrittenBytes();
  const startedAt = performance.now();
  await session.pause(CPU_WINDOW_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuAfter = cpuSeconds(pids);
  const bytesAfter = unwrittenBytes();
  const limitCores = (options.idleCores ?? IDLE_CORES) + RESTLESS_CORES;
  const busy = pids.flatMap((pid): string[] => {
    const before = cpuBefore.get(pid) ?? null;
    const after = cpuAfter.get(pid) ?? null;
    // A broker that was stopped or paused is quiet.
    if (before === null || after === null) return [];
    const cores = (after - before) / seconds;
    if (cores <= limitCores) return [];
    return [
      `broker process ${pid} uses ${percent(cores)} of a core, more than the ${percent(limitCores)} of one at rest`,
    ];
  });
  if (bytesAfter <= UNWRITTEN_BYTES_LOW || bytesBefore - bytesAfter < FALLING_BYTES) return busy;
  return [...busy, `${Math.round(bytesAfter / 1024 / 1024)} MiB are still being written to disks`];
}

/** Without the tool the kernel writes it in its own time. */
async function writeBack({ logDirs, signal }: QuietOptions): Promise<void> {
  if (logDirs.length > 0) await runTool('sync', ['--file-system', ...logDirs], { signal });
}

function count(number: number, noun: string): string {
  return number === 1 ? `one ${noun}` : `${number} ${noun}s`;
}

function percent(cores: number): string {
  return `${(cores * 100).toFixed(1)} %`;
}

const LISTED_MAX = 3;

function listed(names: readonly string[]): string {
  if (names.length <= LISTED_MAX) return names.join(', ');
  return `${names.slice(0, LISTED_MAX).join(', ')} and ${names.length - LISTED_MAX} more`;
}
