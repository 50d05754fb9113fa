/** Probes for the programs and the room that every local cluster needs, and for the compiler. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { FREE_BYTES_MIN } from '../cluster/disk-space.ts';
import { BEYOND_HEAP_MIB } from '../cluster/memory-space.ts';
import { stateRoot } from '../cluster/state.ts';
import { cachedJarsOf } from '../kafka/jars.ts';
import { askJava, type JavaAnswer, javaRemedy } from '../kafka/java.ts';
import { javaNeededBy, parseKafkaVersion } from '../kafka/kafka-version.ts';
import { hasCode } from '../system/system-files.ts';
import { runTool } from '../system/tool.ts';
import type { Finding } from './capability.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const OLDEST_KAFKA = parseKafkaVersion('3.9.1');
const NEWEST_KAFKA = parseKafkaVersion('4.3.1');

const BROKER_HEAP_MIB = 512;

export function findLinux(platform: string = process.platform): Finding {
  return platform === 'linux' ? { ok: true, found: release() } : { ok: false, found: platform };
}

export async function findJavaVersion(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  return javaFinding(await askJava(env));
}

/** Which Kafka versions this Java can run. */
function javaFinding({ where, lines, major }: JavaAnswer): Finding {
  if (lines === null) return { ok: false, found: `none ${where}` };
  if (major === null) return { ok: false, found: `something else ${where} (${lines[0] ?? 'no answer'})` };
  if (major >= javaNeededBy(NEWEST_KAFKA)) {
    return {
      ok: true,
      found: `Java ${major} ${where}, for Kafka ${OLDEST_KAFKA.text} to ${NEWEST_KAFKA.text}`,
    };
  }
  const needed = javaNeededBy(OLDEST_KAFKA);
  if (major < needed) return { ok: false, found: `Java ${major} ${where}, too old for any Kafka from 3.9` };
  return {
    ok: true,
    found: `Java ${major} ${where}, for Kafka 3.9 only; Kafka 4: ${javaRemedy(NEWEST_KAFKA)}`,
  };
}

export async function findMaven(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const { versions, metricsAgent } = cachedJarsOf(env);
  const run = await runTool('mvn', ['--version'], { env });
  const answer = run?.lines.map(stripVTControlCharacters).find((line) => line !== '') ?? 'no answer';
  const cached = versions.length === 0 ? '' : `; in the cache: Kafka ${versions.join(', ')}`;
  if (run?.exitCode === 0)
    return { ok: true, found: `${/^Apache Maven [\d.]+/.exec(answer)?.[0] ?? answer}${cached}` };
  const found = run === null ? 'no mvn on the PATH' : `mvn fails: ${answer}`;
  if (versions.length > 0 && metricsAgent) return { ok: true, found: `${found}, and not needed${cached}` };
  const home = env.KAFKA_HOME ?? '';
  if (home !== '')
    return { ok: true, found: `${found}, and no metrics of brokers without it; KAFKA_HOME=${home}` };
  return { ok: false, found: `${found}${cached}` };
}

/** Room below the state root, which need not exist yet. */
export function findDiskSpace(root: string = stateRoot()): Finding {
  let directory = resolve(root);
  while (!existsSync(directory)) directory = dirname(directory);
  try {
    accessSync(directory, constants.W_OK);
  } catch (error) {
    if (!hasCode(error, 'EACCES') && !hasCode(error, 'EROFS')) throw error;
    return {
      ok: false,
      found: `${directory} cannot be written to`,
      remedy: 'set BROKERTWIN_STATE to a directory of yours',
    };
  }
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  return { ok: freeBytes >= FREE_BYTES_MIN, found: `${(freeBytes / GIB).toFixed(1)} GiB free for ${root}` };
}

export function findMemory(availableBytes: number = process.availableMemory()): Finding {
  const brokers = Math.floor(availableBytes / ((BROKER_HEAP_MIB + BEYOND_HEAP_MIB) * MIB));
  const room =
    brokers === 0
      ? `not enough for a broker with a heap of ${BROKER_HEAP_MIB} MiB`
      : `about ${brokers} ${brokers === 1 ? 'broker' : 'brokers'} with ${BROKER_HEAP_MIB} MiB heaps`;
  return { ok: brokers > 0, found: `${(availableBytes / GIB).toFixed(1)} GiB available, ${room}` };
}

/** Looks at a program that needs the C library's headers, without writing one. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const check = ['-fsyntax-only', '-include', 'dlfcn.h', '-x', 'c', '/dev/null'];
  const run = await runTool('gcc', check, { env: { ...env, LC_ALL: 'C' } });
  if (run === null) return { ok: false, found: 'no gcc on the PATH' };
  if (run.exitCode !== 0)
    return { ok: false, found: run.lines.find((line) => line.includes('error')) ?? 'gcc fails' };
  const version = await runTool('gcc', ['-dumpfullversion'], { env });
  return { ok: true, found: `gcc ${version?.lines[0] ?? ''}`.trim() };
}
