/** Formatting the storage of one node and starting its JVM. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { type ClusterRecord, machineOf, type NodeRecord } from '../cluster/record.ts';
import { commandOn } from '../hosts/command-on.ts';
import type { NodeSecurity } from '../security/security.ts';
import { spawnHeld } from '../system/held-process.ts';
import { identify, type ProcessIdentity } from '../system/process-identity.ts';
import { readIfThere } from '../system/system-files.ts';
import { runTool } from '../system/tool.ts';
import { log4j1Properties, log4j2Properties, serverProperties } from './broker-files.ts';
import type { KafkaJars } from './jars.ts';
import { explainStartFailure, hasFailedToStart, hasStarted, type StartFailure } from './start-failure.ts';

export interface NodeLaunch {
  readonly record: ClusterRecord;
  readonly node: NodeRecord;
  readonly jars: KafkaJars;
  readonly security: NodeSecurity;
  readonly logDirectory: string;
  /** Beside those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface StartedNode {
  readonly id: number;
  readonly process: ProcessIdentity;
  /** Lets it begin; call it once its process is recorded. */
  go(): void;
  /** Why its start failed, once its process has ended or its logs say that it will; null while there is hope. */
  failure(): StartFailure | null;
  /** Whether its logs say that it has started. */
  hasStarted(): boolean;
}

/** A short-lived JVM: quick to start, small, leaving nothing in /tmp. */
export const TOOL_JVM = ['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** Writes the node's configuration, as it is to be started with next. */
export function writeNodeFiles(launch: NodeLaunch): void {
  const { record, node, security } = launch;
  mkdirSync(node.directory, { recursive: true });
  mkdirSync(launch.logDirectory, { recursive: true });
  // May hold passwords that the user stated.
  writeFileSync(propertiesFile(node), serverProperties(record, node, security.properties), { mode: 0o600 });
  const log = brokerLog(launch);
  writeFileSync(join(node.directory, 'log4j2.properties'), log4j2Properties(log));
  writeFileSync(join(node.directory, 'log4j.properties'), log4j1Properties(log));
}

/**
 * Writes the node's configuration and formats its storage.
 *
 * @throws UserError when Kafka refuses the configuration (exit 2) or the disk does not take it (exit 3).
 */
export async function formatNode(launch: NodeLaunch, signal?: AbortSignal): Promise<void> {
  const { record, node, jars } = launch;
  writeNodeFiles(launch);
  for (const { path } of node.logDirs) mkdirSync(dirname(path), { recursive: true });
  const release = ['--release-version', record.releaseVersion];
  const format = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    record.kafkaClusterId,
    '-c',
    propertiesFile(node),
  ];
  const run = await runTool(
    jars.java,
    [
      ...TOOL_JVM,
      ...loggingOptions(node),
      '-cp',
      jars.classpath,
      ...format,
      ...release,
      ...launch.security.formatArguments,
    ],
    { signal },
  );
  if (run?.exitCode === 0) return;
  const failure = explainStartFailure((run?.lines ?? []).join('\n'));
  throw startError(node.id, failure, launch.logDirectory);
}

/**
 * Prepares the process of a formatted node on its machine; it begins with `go`, and ends by itself should we end before.
 *
 * @throws UserError (exit 3) when the machine gives no process.
 */
export function spawnNode(launch: NodeLaunch): StartedNode {
  const { jars, node } = launch;
  const console = openSync(consoleLog(launch), 'a');
  // What an earlier start has left in the logs says nothing of this one.
  const logged = logFiles(launch).map((file) => (readIfThere(file) ?? '').length);
  const command = [
    ...commandOn(machineOf(launch.record, node)),
    jars.java,
    ...jvmOptions(launch),
    '-cp',
    jars.classpath,
    'kafka.Kafka',
    propertiesFile(node),
  ];
  const { child, go } = spawnHeld(command, {
    cwd: node.directory,
    env: { ...process.env, ...launch.environment },
    output: console,
  });
  closeSync(console);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity === null) {
    throw new UserError(
      `node ${node.id}: no process could be started for it: check the memory and process limits (ulimit -u)`,
      EXIT.clusterUnreachable,
    );
  }
  const log = (): string =>
    logFiles(launch)
      .map((file, index) => (readIfThere(file) ?? '').slice(logged[index]))
      .join('\n');
  return {
    id: node.id,
    process: identity,
    go,
    failure: () => {
      const text = log();
      return ended || hasFailedToStart(text) ? explainStartFailure(text) : null;
    },
    hasStarted: () => hasStarted(log()),
  };
}

/** The error for a node that failed to start: exit 2 when its configuration is to blame, else 3. */
export function startError(id: number, failure: StartFailure, logDirectory: string): UserError {
  return new UserError(
    `node ${id} did not start: ${failure.message}; logs in ${logDirectory}`,
    failure.kind === 'config' ? EXIT.badInput : EXIT.clusterUnreachable,
  );
}

function jvmOptions(launch: NodeLaunch): string[] {
  const { node, jars, record } = launch;
  const { managementAddress: address, limits } = machineOf(record, node);
  const agent =
    node.jolokiaPort === null || jars.jolokiaAgent === null
      ? []
      : [`-javaagent:${jars.jolokiaAgent}=port=${node.jolokiaPort},host=${address},discoveryEnabled=false`];
  return [
    `-Xms${node.heapMiB}M`,
    `-Xmx${node.heapMiB}M`,
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    '-XX:InitiatingHeapOccupancyPercent=35',
    '-XX:+ExplicitGCInvokesConcurrent',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:-UsePerfData',
    // As the JVM itself would count them, were the quota there when it starts.
    ...(limits.cores === null ? [] : [`-XX:ActiveProcessorCount=${Math.ceil(limits.cores)}`]),
    '-Djava.awt.headless=true',
    `-XX:ErrorFile=${join(launch.logDirectory, 'hs_err.log')}`,
    ...loggingOptions(node),
    ...launch.security.jvmOptions,
    ...agent,
  ];
}

function propertiesFile(node: NodeRecord): string {
  return join(node.directory, 'server.properties');
}

function loggingOptions(node: NodeRecord): string[] {
  return [
    `-Dlog4j2.configurationFile=${join(node.directory, 'log4j2.properties')}`,
    `-Dlog4j.configuration=file:${join(node.directory, 'log4j.properties')}`,
  ];
}

function brokerLog(launch: Pick<NodeLaunch, 'logDirectory'>): string {
  return join(launch.logDirectory, 'broker.log');
}

function consoleLog(launch: Pick<NodeLaunch, 'logDirectory'>): string {
  return join(launch.logDirectory, 'console.log');
}

function logFiles(launch: Pick<NodeLaunch, 'logDirectory'>): string[] {
  return [consoleLog(launch), brokerLog(launch)];
}
