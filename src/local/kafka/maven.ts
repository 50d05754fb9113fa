/** Copying jars and all that they need out of Maven's repositories, whichever the user's settings name. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';

export interface MavenArtifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly classifier?: string;
  /** True for a jar that already holds everything it needs. */
  readonly selfContained?: boolean;
}

export interface MavenOptions {
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

const ERROR_LENGTH_MAX = 400;

/**
 * Copies the artifacts and their runtime dependencies into `directory`, where a pom.xml is written too.
 *
 * @throws UserError (exit 3) when Maven is missing or fails, with Maven's own reason and what to do.
 */
export async function copyJarsWithMaven(
  artifacts: readonly MavenArtifact[],
  directory: string,
  options: MavenOptions,
): Promise<void> {
  const pom = join(directory, 'pom.xml');
  writeFileSync(pom, pomOf(artifacts));
  const what = artifacts.map((artifact) => `${artifact.artifact} ${artifact.version}`).join(', ');
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${directory}`];
  const run = await runTool('mvn', ['-B', '-f', pom, ...goal], {
    env: options.env ?? process.env,
    signal: options.signal,
    onLine: (line) => {
      const jar = downloadedJar(line);
      if (jar !== null) options.progress(`downloaded ${jar}`);
    },
  });
  if (run === null) {
    throw new UserError(
      `Maven (mvn) is needed to get ${what}, and is not on the PATH: install it (Debian: apt install maven) or set KAFKA_HOME to an unpacked Kafka`,
      EXIT.clusterUnreachable,
    );
  }
  if (run.exitCode !== 0) {
    throw new UserError(
      `Maven could not get ${what}: ${mavenReason(run.lines)}: check that it is published, the network, and the mirrors in ~/.m2/settings.xml, or set KAFKA_HOME to an unpacked Kafka`,
      EXIT.clusterUnreachable,
    );
  }
}

/** A pom that depends on the artifacts and nothing else. */
export function pomOf(artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map((entry) =>
    [
      '    <dependency>',
      `      <groupId>${entry.group}</groupId>`,
      `      <artifactId>${entry.artifact}</artifactId>`,
      `      <version>${entry.version}</version>`,
      ...(entry.classifier === undefined ? [] : [`      <classifier>${entry.classifier}</classifier>`]),
      ...(entry.selfContained === true ? EXCLUDE_ALL : []),
      '    </dependency>',
    ].join('\n'),
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '  <modelVersion>4.0.0</modelVersion>',
    '  <groupId>brokertwin</groupId>',
    '  <artifactId>jars</artifactId>',
    '  <version>1</version>',
    '  <packaging>pom</packaging>',
    '  <dependencies>',
    ...dependencies,
    '  </dependencies>',
    '</project>',
    '',
  ].join('\n');
}

const EXCLUDE_ALL = [
  '      <exclusions>',
  '        <exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>',
  '      </exclusions>',
];

/** File name of the jar that a line of Maven's output says was downloaded, or null. */
export function downloadedJar(line: string): string | null {
  return /Downloaded from \S+: \S*\/([^/\s]+\.jar)\b/.exec(line)?.[1] ?? null;
}

/** Maven's own reason for a failure: its first error line; those after it only repeat it or point to help pages. */
export function mavenReason(lines: readonly string[]): string {
  const first = lines.find((line) => /^\[(ERROR|FATAL)\]\s*\S/.test(line)) ?? lines.at(-1) ?? 'no output';
  const reason = first.replace(/^\[\w+\]\s*/, '').replace(/ -> \[Help \d+\].*$/, '');
  return reason.length > ERROR_LENGTH_MAX ? `${reason.slice(0, ERROR_LENGTH_MAX)}...` : reason;
}
