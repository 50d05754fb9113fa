import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { type KafkaJars, obtainKafkaJars } from '../../../src/local/kafka/jars.ts';
import { parseJavaMajor } from '../../../src/local/kafka/java.ts';
import { downloadedJar, mavenReason, pomOf } from '../../../src/local/kafka/maven.ts';

let directory = '';
let messages: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brokertwin-jars-'));
  messages = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Puts a shell script into the only directory of the PATH. */
function program(name: string, script: string): void {
  mkdirSync(join(directory, 'bin'), { recursive: true });
  const path = join(directory, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const JAVA_17 = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`;
/** Makes one jar where the real Maven would copy all. */
const MAVEN = [
  'echo "[INFO] Downloaded from central: https://example.org/org/x/some-1.0.jar (12 kB at 3 kB/s)"',
  'for option in "$@"; do case "$option" in -DoutputDirectory=*) : > "$' +
    '{option#*=}/some.jar";; esac; done',
].join('\n');

function obtain(version: string, env: NodeJS.ProcessEnv = {}): Promise<KafkaJars> {
  return obtainKafkaJars({
    version,
    progress: (message) => messages.push(message),
    env: { PATH: join(directory, 'bin'), XDG_CACHE_HOME: join(directory, 'cache'), ...env },
  });
}

async function refusal(attempt: Promise<unknown>): Promise<{ message: string; exitCode: number }> {
  const error = await attempt.then(
    () => assert.fail('it was expected to be refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.lines.length, 1);
  return { message: error.message, exitCode: error.exitCode };
}

test('jars come through Maven once and from the cache after that', async () => {
  program('java', JAVA_17);
  program('mvn', MAVEN);
  const first = await obtain('4.3.1');
  assert.deepEqual(messages, [
    'getting kafka-4.3.1 through Maven',
    'downloaded some-1.0.jar',
    'getting jolokia-2.6.0 through Maven',
    'downloaded some-1.0.jar',
  ]);
  assert.equal(first.classpath, join(directory, 'cache/brokertwin/kafka-4.3.1/*'));
  rmSync(join(directory, 'bin/mvn'));
  assert.deepEqual(await obtain('4.3.1'), first);
});

test('a cache entry without its marker is not used', async () => {
  program('java', JAVA_17);
  program('mvn', MAVEN);
  const half = join(directory, 'cache/brokertwin/kafka-4.3.1');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'half.jar'), '');
  await obtain('4.3.1');
  assert.equal(existsSync(join(half, 'half.jar')), false);
  assert.equal(existsSync(join(half, 'some.jar')), true);
});

test('a failure of Maven is told by its own reason and leaves nothing in the cache', async () => {
  program('java', JAVA_17);
  program(
    'mvn',
    'echo "[INFO] Scanning"; echo "[ERROR] Plugin x could not be resolved: Unknown host repo.example.org -> [Help 1]"; echo "[ERROR] "; echo "[ERROR] [Help 1] http://cwiki"; exit 1',
  );
  const { message, exitCode } = await refusal(obtain('4.3.1'));
  assert.match(
    message,
    /Maven could not get kafka_2\.13 4\.3\.1.*: Plugin x could not be resolved: Unknown host/,
  );
  assert.match(message, /KAFKA_HOME/);
  assert.equal(exitCode, 3);
  assert.deepEqual(readdirSync(join(directory, 'cache/brokertwin')), []);
});

test('without Java, with an old Java and without Maven the remedy is named', async () => {
  mkdirSync(join(directory, 'bin'));
  const none = await refusal(obtain('4.3.1'));
  assert.match(none.message, /^Kafka 4\.3\.1 needs Java 17 or newer, none found on the PATH: install it/);
  assert.equal(none.exitCode, 3);
  program('java', `echo 'java version "11.0.2"'`);
  assert.match((await refusal(obtain('4.3.1'))).message, /needs Java 17 or newer, found Java 11 on the PATH/);
  program('java', JAVA_17);
  const maven = await refusal(obtain('4.3.1'));
  assert.match(maven.message, /^Maven \(mvn\) is needed to get .* install it/);
  assert.equal(maven.exitCode, 3);
});

test('JAVA_HOME comes before the PATH', async () => {
  program('java', JAVA_17);
  const { message } = await refusal(obtain('4.3.1', { JAVA_HOME: join(directory, 'none') }));
  assert.match(message, /none found at .*none\/bin\/java \(from JAVA_HOME\)/);
});

test('Kafka 3.9 is content with Java 11', async () => {
  program('java', `echo 'openjdk version "11.0.2"'`);
  program('mvn', MAVEN);
  assert.equal((await obtain('3.9.2')).version, '3.9.2');
});

test('versions that cannot be run are refused with the nearest that can', async () => {
  const message = async (version: string): Promise<string> => (await refusal(obtain(version))).message;
  assert.match(await message('4.0.1'), /not completely published.*use 4\.0\.2/);
  assert.match(await message('4.4.0'), /expected 3\.9\.1 to 4\.3\.x, use 4\.3\.1/);
  assert.match(await message('3.8.1'), /use 3\.9\.2/);
  assert.match(await message('3.9.0'), /use 3\.9\.2/);
  assert.match(await message('latest'), /expected three numbers such as 4\.3\.1, found "latest"/);
});

test('KAFKA_HOME of the same version gives its own jars, without Maven too', async () => {
  program('java', JAVA_17);
  mkdirSync(join(directory, 'kafka/libs'), { recursive: true });
  writeFileSync(join(directory, 'kafka/libs/kafka_2.13-4.1.2.jar'), '');
  const jars = await obtain('4.1.2', { KAFKA_HOME: join(directory, 'kafka') });
  assert.equal(jars.classpath, join(directory, 'kafka/libs/*'));
  assert.equal(jars.jolokiaAgent, null);
  const home = relative(process.cwd(), join(directory, 'kafka'));
  const java = relative(process.cwd(), directory);
  const again = await obtain('4.1.2', { KAFKA_HOME: home, JAVA_HOME: java });
  assert.deepEqual(
    again,
    { ...jars, java: join(directory, 'bin/java') },
    'brokers have directories of their own',
  );
  assert.match(messages.at(-1) ?? '', /^no broker metrics: Maven \(mvn\) is needed to get jolokia-agent-jvm/);
});

test('KAFKA_HOME of another version, or without Kafka, is refused', async () => {
  program('java', JAVA_17);
  mkdirSync(join(directory, 'kafka/libs'), { recursive: true });
  const env = { KAFKA_HOME: join(directory, 'kafka') };
  assert.match((await refusal(obtain('4.3.1', env))).message, /expected Kafka 4\.3\.1, found no Kafka in/);
  writeFileSync(join(directory, 'kafka/libs/kafka_2.13-4.1.2.jar'), '');
  const { message, exitCode } = await refusal(obtain('4.3.1', env));
  assert.match(
    message,
    /expected Kafka 4\.3\.1, found Kafka 4\.1\.2: set it to a Kafka 4\.3\.1, or unset it/,
  );
  assert.equal(exitCode, 3);
});

test("Java's major version is read in its old and new spelling", () => {
  assert.equal(parseJavaMajor(['openjdk version "21" 2023-09-19']), 21);
  assert.equal(parseJavaMajor(['Picked up JAVA_TOOL_OPTIONS: x', 'java version "1.8.0_402"']), 8);
  assert.equal(parseJavaMajor(['command not found']), null);
});

test('only downloads of jars are progress', () => {
  const url = 'https://example.org/maven2/org/apache/kafka/kafka-clients/4.3.1/kafka-clients-4.3.1';
  assert.equal(
    downloadedJar(`[INFO] Downloaded from central: ${url}.jar (9.2 MB at 11 MB/s)`),
    'kafka-clients-4.3.1.jar',
  );
  assert.equal(downloadedJar(`[INFO] Downloaded from central: ${url}.pom (2 kB at 1 kB/s)`), null);
  assert.equal(downloadedJar(`[INFO] Downloading from central: ${url}.jar`), null);
});

test("Maven's reason is cut when it is very long, and never empty", () => {
  assert.equal(mavenReason([]), 'no output');
  assert.equal(mavenReason([`[ERROR] ${'x'.repeat(1000)}`]).length, 403);
});

test('a self-contained jar is asked for without what it depends on', () => {
  const pom = pomOf([
    { group: 'g', artifact: 'a', version: '1', classifier: 'javaagent', selfContained: true },
    { group: 'g', artifact: 'b', version: '2' },
  ]);
  assert.equal(pom.match(/<exclusions>/g)?.length, 1);
  assert.match(pom, /<classifier>javaagent<\/classifier>/);
});
