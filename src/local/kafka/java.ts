/** Finding a Java that can run a broker. */
import { resolve } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';
import { javaNeededBy, type KafkaVersion } from './kafka-version.ts';

export interface JavaAnswer {
  readonly command: string;
  /** `on the PATH`, or at which path and why there. */
  readonly where: string;
  /** What `java -version` printed; null when there is no such command. */
  readonly lines: readonly string[] | null;
  /** Major version; null when that could not be told. */
  readonly major: number | null;
}

/** Asks the Java of JAVA_HOME when that is set, else the one on the PATH, for its version. */
export async function askJava(env: NodeJS.ProcessEnv = process.env): Promise<JavaAnswer> {
  const home = env.JAVA_HOME;
  const command = home === undefined || home === '' ? 'java' : resolve(home, 'bin', 'java');
  const where = command === 'java' ? 'on the PATH' : `at ${command} (from JAVA_HOME)`;
  const run = await runTool(command, ['-version'], { env });
  return run === null
    ? { command, where, lines: null, major: null }
    : { command, where, lines: run.lines, major: parseJavaMajor(run.lines) };
}

/**
 * The `java` command to use for this Kafka version: of JAVA_HOME when that is set, else from the PATH.
 *
 * @throws UserError (exit 3) when there is none or it is too old.
 */
export async function findJava(version: KafkaVersion, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { command, where, lines, major } = await askJava(env);
  const needed = javaNeededBy(version);
  if (major !== null && major >= needed) return command;
  throw new UserError(
    `Kafka ${version.text} needs Java ${needed} or newer, ${describeAnswer(lines, major)} ${where}: ${javaRemedy(version)}`,
    EXIT.clusterUnreachable,
  );
}

function describeAnswer(lines: readonly string[] | null, major: number | null): string {
  if (lines === null) return 'none found';
  return major === null ? `found something else (${lines[0] ?? 'no answer'})` : `found Java ${major}`;
}

/** What to do for a Java that this Kafka version can use. */
export function javaRemedy(version: KafkaVersion): string {
  return `install it (Debian: apt install openjdk-${javaNeededBy(version)}-jre-headless) or set JAVA_HOME`;
}

/** Major version from the output of `java -version` (`1.8.0_402` is 8), or null when it is not Java's. */
export function parseJavaMajor(lines: readonly string[]): number | null {
  const match = /version "(?:1\.)?(\d+)/.exec(lines.join('\n'));
  return match === null ? null : Number(match[1]);
}
