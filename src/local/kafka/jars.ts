/**
 * The jars of one Kafka version: those of KAFKA_HOME when it is set, else through Maven into a cache that every
 * later run uses. The metrics agent (Jolokia) always comes through Maven, since no Kafka ships it.
 */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { cacheDirectory } from '../system/cache-directory.ts';
import { onExit } from '../system/on-exit.ts';
import { makeStagingDirectory, removeDirectory } from '../system/staging.ts';
import { hasCode } from '../system/system-files.ts';
import { findJava } from './java.ts';
import { type KafkaVersion, parseKafkaVersion, requirePublished } from './kafka-version.ts';
import { copyJarsWithMaven, type MavenArtifact } from './maven.ts';

/** All that is needed to run a class of one Kafka version. */
export interface KafkaJars {
  readonly version: string;
  /** The java command. */
  readonly java: string;
  readonly classpath: string;
  /** Jolokia's JVM agent; null when only KAFKA_HOME was there and Maven was not: then there are no broker metrics. */
  readonly jolokiaAgent: string | null;
}

export interface JarsOptions {
  readonly version: string;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

const JOLOKIA_VERSION = '2.6.0';
const LOG4J_BRIDGE_VERSION = '2.25.1';
/** Written last; a cache entry without it is not complete. */
const MARKER = 'complete';

/**
 * Finds or gets the jars of a Kafka version, 3.9.1 to 4.3.x. The first time takes 54 MB and about 12 s.
 *
 * @throws UserError for a version that cannot be run (exit 2), and for missing or too old Java, missing Maven,
 * no network, or a KAFKA_HOME of another version (exit 3).
 */
export async function obtainKafkaJars(options: JarsOptions): Promise<KafkaJars> {
  const env = options.env ?? process.env;
  const version = parseKafkaVersion(options.version);
  const home = env.KAFKA_HOME;
  if (home !== undefined && home !== '') {
    const libraries = librariesOf(resolve(home), version);
    const java = await findJava(version, env);
    return {
      version: version.text,
      java,
      classpath: join(libraries, '*'),
      jolokiaAgent: await jolokiaBesideKafkaHome(options),
    };
  }
  requirePublished(version);
  const java = await findJava(version, env);
  const libraries = await cachedJars(`kafka-${version.text}`, kafkaArtifacts(version), options);
  return {
    version: version.text,
    java,
    classpath: join(libraries, '*'),
    jolokiaAgent: await jolokiaAgent(options),
  };
}

/** Versions of Kafka whose jars are all in the cache, and whether the metrics agent's is: for these Maven is not needed. */
export function cachedJarsOf(env: NodeJS.ProcessEnv = process.env): {
  readonly versions: readonly string[];
  readonly metricsAgent: boolean;
} {
  const cache = cacheDirectory(env);
  const names = existsSync(cache) ? readdirSync(cache) : [];
  const complete = names.filter((name) => existsSync(join(cache, name, MARKER)));
  return {
    versions: complete.flatMap((name) => /^kafka-(\d.*)$/.exec(name)?.[1] ?? []).sort(),
    metricsAgent: complete.includes(`jolokia-${JOLOKIA_VERSION}`),
  };
}

function librariesOf(home: string, version: KafkaVersion): string {
  const libraries = join(home, 'libs');
  const names = existsSync(libraries) ? readdirSync(libraries) : [];
  const found = names.map((name) => /^kafka_2\.\d+-(\d+\.\d+\.\d+)\.jar$/.exec(name)?.[1]).find(Boolean);
  if (found === version.text) return libraries;
  const what = found === undefined ? `no Kafka in ${libraries}` : `Kafka ${found}`;
  throw new UserError(
    `KAFKA_HOME=${home}: expected Kafka ${version.text}, found ${what}: set it to a Kafka ${version.text}, or unset it to get the jars through Maven`,
    EXIT.clusterUnreachable,
  );
}

/** Kafka 4 logs through slf4j to log4j 2 but does not depend on the bridge; Kafka 3.9 brings its own logger. */
function kafkaArtifacts(version: KafkaVersion): MavenArtifact[] {
  const logger = {
    group: 'org.apache.logging.log4j',
    artifact: 'log4j-slf4j-impl',
    version: LOG4J_BRIDGE_VERSION,
  };
  return [
    { group: 'org.apache.kafka', artifact: 'kafka_2.13', version: version.text },
    { group: 'org.apache.kafka', artifact: 'kafka-tools', version: version.text },
    ...(version.major >= 4 ? [logger] : []),
  ];
}

async function jolokiaAgent(options: JarsOptions): Promise<string> {
  const artifact = {
    group: 'org.jolokia',
    artifact: 'jolokia-agent-jvm',
    version: JOLOKIA_VERSION,
    classifier: 'javaagent',
    selfContained: true,
  };
  const directory = await cachedJars(`jolokia-${JOLOKIA_VERSION}`, [artifact], options);
  return join(directory, `jolokia-agent-jvm-${JOLOKIA_VERSION}-javaagent.jar`);
}

async function jolokiaBesideKafkaHome(options: JarsOptions): Promise<string | null> {
  try {
    return await jolokiaAgent(options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    options.progress(`no broker metrics: ${error.message}`);
    return null;
  }
}

async function cachedJars(
  name: string,
  artifacts: readonly MavenArtifact[],
  options: JarsOptions,
): Promise<string> {
  const cache = cacheDirectory(options.env);
  const target = join(cache, name);
  if (existsSync(join(target, MARKER))) return target;
  options.progress(`getting ${name} through Maven`);
  const staging = makeStagingDirectory(cache);
  const forget = onExit(() => removeDirectory(staging));
  try {
    await copyJarsWithMaven(artifacts, staging, options);
    writeFileSync(join(staging, MARKER), '');
    putInPlace(staging, target);
  } finally {
    forget();
    removeDirectory(staging);
  }
  return target;
}

/** Another process may have got the same jars meanwhile: then theirs stay. */
function putInPlace(staging: string, target: string): void {
  if (existsSync(target) && !existsSync(join(target, MARKER))) removeDirectory(target);
  try {
    renameSync(staging, target);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
  }
}
