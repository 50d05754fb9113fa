/** Which versions of Apache Kafka can be run here. */
import { UserError } from '../../errors/errors.ts';

export interface KafkaVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

const OLDEST = '3.9.1';
const NEWEST = '4.3.1';
/** The one to use in place of an older one. */
const OLDEST_ADVISED = '3.9.2';

/** Versions whose jars are not all published, with the nearest one that is complete. */
const INCOMPLETE_ON_MAVEN: Readonly<Record<string, string>> = { '4.0.1': '4.0.2' };

/**
 * Reads a version such as `4.3.1`.
 *
 * @throws UserError (bad input) for anything outside 3.9.1 to 4.3.x, naming the nearest version that can be run.
 */
export function parseKafkaVersion(text: string): KafkaVersion {
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (parts === null) {
    throw new UserError(`Kafka version: expected three numbers such as ${NEWEST}, found "${text}"`);
  }
  const version = { text, major: Number(parts[1]), minor: Number(parts[2]) };
  const tooOld = compareVersions(text, OLDEST) < 0;
  const tooNew = compareVersions(releaseOf(text), releaseOf(NEWEST)) > 0;
  if (tooOld || tooNew) {
    const nearest = tooOld ? OLDEST_ADVISED : NEWEST;
    throw new UserError(`Kafka ${text} cannot be run here: expected 3.9.1 to 4.3.x, use ${nearest}`);
  }
  return version;
}

/**
 * Refuses a version whose jars are known to be missing from Maven's repository.
 *
 * @throws UserError (bad input) naming the nearest complete version.
 */
export function requirePublished(version: KafkaVersion): void {
  const nearest = INCOMPLETE_ON_MAVEN[version.text];
  if (nearest === undefined) return;
  throw new UserError(
    `Kafka ${version.text} is not completely published (some of its jars are missing): use ${nearest}, or set KAFKA_HOME`,
  );
}

/** Java's major version that a broker of this Kafka version and its metrics agent need. */
export function javaNeededBy(version: KafkaVersion): number {
  return version.major >= 4 ? 17 : 11;
}

/** The lower of versions such as 4.3.1. */
export function oldestVersion(versions: readonly string[]): string {
  return [...versions].sort(compareVersions)[0];
}

/** The highest of versions such as 4.3.1. */
export function newestVersion(versions: readonly string[]): string {
  return [...versions].sort(compareVersions)[versions.length - 1];
}

/** The release that a version belongs to, as Kafka's StorageTool takes it: `4.3` of 4.3.1. */
export function releaseOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Negative when the first is older. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => text.split('.').map(Number));
  return a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
