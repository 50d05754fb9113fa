/** Formatting the storage of one broker and starting its JVM. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { identify, type ProcessIdentity } from '../system/process-identity.ts';
import { readIfThere } from '../system/system-files.ts';
import { runTool } from '../system/tool.ts';
import { type BrokerSettings, log4j1Properties, log4j2Properties, serverProperties } from './broker-files.ts';
import type { KafkaJars } from './jars.ts';
import { explainStartFailure, hasFailedToStart, type StartFailure } from './start-failure.ts';

export interface BrokerLaunch {
  readonly jars: KafkaJars;
  readonly settings: BrokerSettings;
  readonly clusterId: string;
  /** Where the broker's configuration goes. */
  readonly directory: string;
  readonly logDirectory: string;
  readonly heapMiB: number;
  /** Null: no metrics agent. */
  readonly jolokiaPort: number | null;
}

export interface StartedBroker {
  readonly id: number;
  readonly process: ProcessIdentity;
  /** Why its start failed, once its process has ended or its logs say that it will; null while there is hope. */
  failure(): StartFailure | null;
}

/** A short-lived JVM: quick to start, small, leaving nothing in /tmp. */
export const TOOL_JVM = ['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/**
 * Writes the broker's configuration and formats its storage.
 *
 * @throws UserError when Kafka refuses the configuration (exit 2) or the disk does not take it (exit 3).
 */
export async function formatBroker(launch: BrokerLaunch, signal?: AbortSignal): Promise<void> {
  const { settings, jars } = launch;
  mkdirSync(launch.directory, { recursive: true });
  mkdirSync(launch.logDirectory, { recursive: true });
  writeFileSync(propertiesFile(launch), serverProperties(settings));
  const log = join(launch.logDirectory, 'broker.log');
  writeFileSync(join(launch.directory, 'log4j2.properties'), log4j2Properties(log));
  writeFileSync(join(launch.directory, 'log4j.properties'), log4j1Properties(log));
  const format = ['kafka.tools.StorageTool', 'format', '-t', launch.clusterId, '-c', propertiesFile(launch)];
  const run = await runTool(
    jars.java,
    [...TOOL_JVM, ...loggingOptions(launch), '-cp', jars.classpath, ...format],
    {
      signal,
    },
  );
  if (run?.exitCode === 0) return;
  const failure = explainStartFailure((run?.lines ?? []).join('\n'));
  throw startError(settings.broker.id, failure, launch.logDirectory);
}

/** Starts a formatted broker in a session of its own, so that Ctrl-C reaches us alone and we stop it. */
export function spawnBroker(launch: BrokerLaunch): StartedBroker {
  const { jars, settings, heapMiB } = launch;
  const id = settings.broker.id;
  const console = openSync(join(launch.logDirectory, 'console.log'), 'a');
  const agent =
    launch.jolokiaPort === null || jars.jolokiaAgent === null
      ? []
      : [`-javaagent:${jars.jolokiaAgent}=port=${launch.jolokiaPort},host=127.0.0.1,discoveryEnabled=false`];
  const child = spawn(
    jars.java,
    [
      `-Xms${heapMiB}M`,
      `-Xmx${heapMiB}M`,
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      '-XX:InitiatingHeapOccupancyPercent=35',
      '-XX:+ExplicitGCInvokesConcurrent',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
      '-Djava.awt.headless=true',
      `-XX:ErrorFile=${join(launch.logDirectory, 'hs_err.log')}`,
      ...loggingOptions(launch),
      ...agent,
      '-cp',
      jars.classpath,
      'kafka.Kafka',
      propertiesFile(launch),
    ],
    { cwd: launch.directory, detached: true, stdio: ['ignore', console, console] },
  );
  closeSync(console);
  child.unref();
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
      `broker ${id}: ${jars.java} could not be started: check the memory and process limits (ulimit -u)`,
      EXIT.clusterUnreachable,
    );
  }
  return {
    id,
    process: identity,
    failure: () => {
      const log = readLogs(launch.logDirectory);
      return ended || hasFailedToStart(log) ? explainStartFailure(log) : null;
    },
  };
}

/** The error for a broker that failed to start: exit 2 when its configuration is to blame, else 3. */
export function startError(id: number, failure: StartFailure, logDirectory: string): UserError {
  return new UserError(
    `broker ${id} did not start: ${failure.message}; logs in ${logDirectory}`,
    failure.kind === 'config' ? EXIT.badInput : EXIT.clusterUnreachable,
  );
}

function propertiesFile(launch: BrokerLaunch): string {
  return join(launch.directory, 'server.properties');
}

function loggingOptions(launch: BrokerLaunch): string[] {
  return [
    `-Dlog4j2.configurationFile=${join(launch.directory, 'log4j2.properties')}`,
    `-Dlog4j.configuration=file:${join(launch.directory, 'log4j.properties')}`,
  ];
}

function readLogs(directory: string): string {
  return ['console.log', 'broker.log'].map((name) => readIfThere(join(directory, name)) ?? '').join('\n');
}
