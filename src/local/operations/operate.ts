/** Operating on a cluster that an earlier command left running. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import type { OperationBody } from '../../operations/operation.ts';
import type { ClusterFacts } from '../../scenario/cluster-facts.ts';
import { requireCluster } from '../cluster/cluster-commands.ts';
import { ClusterHandle } from '../cluster/cluster-handle.ts';
import { exclusively } from '../cluster/exclusive.ts';
import { bootstrapServersOf, brokersOf, type ClusterRecord, machineOf } from '../cluster/record.ts';
import { clusterDirectory } from '../cluster/state.ts';
import { commandOn } from '../hosts/command-on.ts';
import { perform } from './perform.ts';

export interface OperateOptions {
  /** By default `local`. */
  readonly name?: string;
  /** The operation for this cluster, as it is written. */
  readonly read: (facts: ClusterFacts) => OperationBody;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Carries out an operation and waits for its end. Returns how long it took, in seconds.
 *
 * @throws UserError as `perform`; when there is no such cluster, it belongs to a running command, or somebody else is at work on it
 */
export async function operate(options: OperateOptions): Promise<number> {
  const { name } = requireCluster(options.name);
  return exclusively(name, 'an operation', async () => {
    // Read again, now that nobody changes it.
    const record = requireCluster(name);
    if (record.mode === 'attached') {
      throw new UserError(
        `cluster ${name}: expected one that was started by cluster up, found one that belongs to a running command (pid ${record.owner.pid})`,
        EXIT.clusterUnreachable,
      );
    }
    const operation = options.read(factsOf(record));
    const startedAt = performance.now();
    await perform(new ClusterHandle(record, options.progress), operation, options.signal);
    return (performance.now() - startedAt) / 1000;
  });
}

/** What an operation can name in the cluster as it is now. */
function factsOf(record: ClusterRecord): ClusterFacts {
  const brokers = brokersOf(record);
  const zones = Map.groupBy(brokers, (node) => machineOf(record, node).zone);
  return {
    brokers: brokers.map(({ id }) => id),
    controllers: record.nodes.filter(({ roles }) => !roles.includes('broker')).map(({ id }) => id),
    zones: new Map(
      [...zones].flatMap(([zone, nodes]) =>
        zone === null ? [] : [[zone, nodes.map(({ id }) => id)] as const],
      ),
    ),
    logDirs: Math.max(...brokers.map(({ logDirs }) => logDirs.length)),
  };
}

/**
 * Runs a program on a machine of a cluster, with this process's own input and output, Kafka's scripts on the PATH and
 * BOOTSTRAP_SERVERS in its environment. Returns its exit code.
 *
 * @param options.machine by default the first one that runs no broker or controller, else the first one
 * @throws UserError when there is no such cluster, machine or program
 */
export async function runOnMachine(options: {
  readonly name?: string;
  readonly machine?: string;
  readonly command: readonly string[];
  readonly signal?: AbortSignal;
}): Promise<number> {
  const record = requireCluster(options.name);
  const hosting = new Set(record.nodes.map(({ machine }) => machine));
  const names = record.machines.map(({ name }) => name);
  const chosen = options.machine ?? names.find((name) => !hosting.has(name)) ?? names[0];
  if (!names.includes(chosen)) {
    throw new UserError(`--machine: expected one of ${names.join(', ')}, found "${chosen}"`);
  }
  const [program, ...args] = [...commandOn(machineOf(record, { machine: chosen })), ...options.command];
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${join(clusterDirectory(record.name), 'bin')}:${process.env.PATH ?? ''}`,
      BOOTSTRAP_SERVERS: bootstrapServersOf(record),
    },
  });
  // Ctrl-C reaches the program by itself; its end is then ours.
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  options.signal?.addEventListener('abort', stop);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new UserError(`${program} could not be started: ${error.message}`, EXIT.badInput, { cause: error }),
        ),
      );
      child.once('close', (code) => resolve(code ?? EXIT.ourFault));
    });
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}
