/** A real Kafka cluster on this machine: started, looked at, operated on, taken down. */
import { refuseToBuild, scenarioCluster } from '../arms/scenario-cluster.ts';
import { EXIT } from '../errors/errors.ts';
import {
  type ClusterStatus,
  type ClusterUpOptions,
  clusterDown,
  clusterStatus,
  clusterUp,
} from '../local/cluster/cluster-commands.ts';
import { operate, runOnMachine } from '../local/operations/operate.ts';
import { NIC_QUEUE_MS } from '../scenario/nic-buffer.ts';
import { parseOperation } from '../scenario/read-operation.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { loadScenario } from './scenario-input.ts';

const BITS = 8;
const MEGA = 1e6;
const MIB = 1024 ** 2;

interface Context {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Starts a cluster that stays. */
export async function up(
  options: Omit<ClusterUpOptions, 'progress' | 'signal'>,
  { progress, signal }: Context,
): Promise<JobOutcome> {
  progress.stage('starting the cluster');
  const status = await clusterUp({
    ...options,
    signal,
    progress: (message) => progress.update(null, message),
  });
  return { exitCode: EXIT.good, json: status, text: describe(status) };
}

/** Starts the cluster that a scenario describes; it stays. */
export async function upFromScenario(
  { file, ...placed }: { readonly file: string } & Pick<ClusterUpOptions, 'name' | 'directory'>,
  context: Context,
): Promise<JobOutcome> {
  const loaded = loadScenario({ file, set: [] });
  refuseToBuild(loaded);
  return up({ ...scenarioCluster(loaded.scenario), ...placed }, context);
}

export async function down(which: { readonly name?: string } | { readonly all: true }): Promise<JobOutcome> {
  const names = await clusterDown(which);
  const text = names.length === 0 ? 'no cluster was there to remove' : `removed ${names.join(', ')}`;
  return { exitCode: EXIT.good, json: { removed: names }, text };
}

/** One cluster, or all of them. */
export async function status(which: { readonly name?: string }): Promise<JobOutcome> {
  const clusters = await clusterStatus(which);
  const text = clusters.length === 0 ? 'no clusters' : clusters.map(describe).join('\n');
  return { exitCode: EXIT.good, json: { clusters }, text };
}

/** Carries out one operation, in the grammar of a scenario's timeline. */
export async function operation(
  options: { readonly name?: string; readonly text: string },
  { progress, signal }: Context,
): Promise<JobOutcome> {
  progress.stage(options.text);
  const seconds = await operate({
    ...options,
    signal,
    read: (facts) => parseOperation(options.text, facts),
    progress: (message) => progress.update(null, message),
  });
  const text = `${options.text}: done in ${seconds.toFixed(1)} s`;
  return { exitCode: EXIT.good, json: { operation: options.text, seconds }, text };
}

/** Runs a program on one of the cluster's machines; its output and its exit code are ours. */
export async function exec(
  options: { readonly name?: string; readonly machine?: string; readonly command: readonly string[] },
  { signal }: Context,
): Promise<JobOutcome> {
  const exitCode = await runOnMachine({ ...options, signal });
  return { exitCode, json: null, text: '' };
}

function describe(cluster: ClusterStatus): string {
  const running = cluster.nodes.filter(({ state }) => state === 'running').length;
  return [
    `${cluster.name}  Kafka ${cluster.versions.join(', ')}  ${running} of ${cluster.nodes.length} nodes run  ${cluster.network}  ${cluster.mode}`,
    ...cluster.nodes.map((node) => {
      const machine = cluster.machines.find(({ name }) => name === node.machine);
      const role = node.roles.join('+');
      return `  ${String(node.id).padEnd(4)}${role.padEnd(18)}${node.state.padEnd(8)}  ${node.version}  ${node.address}:${node.port}  pid ${node.pid ?? '-'}${machine === undefined ? '' : limitsText(machine)}`;
    }),
    ...cluster.machines
      .filter(({ name }) => !cluster.nodes.some((node) => node.machine === name))
      .map((machine) =>
        cluster.network === 'shaped' ? `  ${machine.name}  ${machine.address}${limitsText(machine)}` : '',
      )
      .filter((line) => line !== ''),
    `  bootstrap servers  ${cluster.bootstrapServers}${cluster.network === 'shaped' ? `  (from its client machines: brokertwin cluster exec${cluster.name === 'local' ? '' : ` --name ${cluster.name}`} -- <program>)` : ''}`,
    ...cluster.clientProperties.map((file) => `  client properties  ${file}`),
    `  logs               ${cluster.logDirectory}`,
  ].join('\n');
}

function limitsText({ limits, cutFrom }: ClusterStatus['machines'][number]): string {
  const parts = [
    limits.nicBytesPerSecond === null
      ? []
      : [
          `NIC ${round((limits.nicBytesPerSecond * BITS) / MEGA)} Mbit/s each way, buffer ${round((limits.nicBufferBytes ?? 0) / 1024)} KiB, queue ${NIC_QUEUE_MS} ms`,
        ],
    limits.latencyMs === null ? [] : [`latency ${limits.latencyMs} ms`],
    limits.cores === null ? [] : [`${limits.cores} cores`],
    limits.memoryBytes === null ? [] : [`${round(limits.memoryBytes / MIB)} MiB`],
    cutFrom.length === 0 ? [] : [`cut off from ${cutFrom.join(', ')}`],
  ].flat();
  return parts.length === 0 ? '' : `  ${parts.join(', ')}`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
