/** Finding a Java that can run a broker. */
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';
import { javaNeededBy, type KafkaVersion } from './kafka-version.ts';

/**
 * The `java` command to use for this Kafka version: of JAVA_HOME when that is set, else from the PATH.
 *
 * @throws UserError (exit 3) when there is none or it is too old.
 */
export async function findJava(version: KafkaVersion, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const home = env.JAVA_HOME;
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const where = java === 'java' ? 'on the PATH' : `at ${java} (from JAVA_HOME)`;
  const needed = javaNeededBy(version);
  const remedy = `install it (Debian: apt install openjdk-${needed}-jre-headless) or set JAVA_HOME`;
  const run = await runTool(java, ['-version'], { env });
  if (run === null) {
    throw new UserError(
      `Kafka ${version.text} needs Java ${needed} or newer, none found ${where}: ${remedy}`,
      EXIT.clusterUnreachable,
    );
  }
  const found = parseJavaMajor(run.lines);
  if (found === null || found < needed) {
    const what = found === null ? `something else (${run.lines[0] ?? 'no answer'})` : `Java ${found}`;
    throw new UserError(
      `Kafka ${version.text} needs Java ${needed} or newer, found ${what} ${where}: ${remedy}`,
      EXIT.clusterUnreachable,
    );
  }
  return java;
}

/** Major version from the output of `java -version` (`1.8.0_402` is 8), or null when it is not Java's. */
export function parseJavaMajor(lines: readonly string[]): number | null {
  const match = /version "(?:1\.)?(\d+)/.exec(lines.join('\n'));
  return match === null ? null : Number(match[1]);
}
