import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failureOf } from '../../../src/local/capabilities/attempt.ts';
import { lookElsewhere, onPath } from '../../../src/local/capabilities/programs.ts';
import {
  findCompiler,
  findDiskSpace,
  findJavaVersion,
  findLinux,
  findMaven,
  findMemory,
} from '../../../src/local/capabilities/software-probes.ts';
import { findIproute2, rootFinding } from '../../../src/local/capabilities/system-probes.ts';

interface Scratch {
  /** Holds nothing but the programs that the test adds. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Adds a program: lines of shell. */
  readonly program: (name: string, body: string) => void;
}

function scratch(t: TestContext): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'brokertwin-probes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return {
    folder,
    env: { PATH: folder, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
    program: (name, body) => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, name), 0o755);
    },
  };
}

function cacheJars(env: NodeJS.ProcessEnv, ...names: string[]): void {
  for (const name of names) {
    const directory = join(env.XDG_CACHE_HOME ?? '', 'brokertwin', name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'complete'), '');
  }
}

test('Linux is told with its release, another system by its name', () => {
  assert.deepEqual(findLinux('linux'), { ok: true, found: release() });
  assert.deepEqual(findLinux('darwin'), { ok: false, found: 'darwin' });
});

const javas: readonly (readonly [answer: string, ok: boolean, found: RegExp])[] = [
  ['openjdk version "21.0.2" 2024-01-16', true, /^Java 21 on the PATH, for Kafka 3\.9\.1 to 4\.3\.1$/],
  ['openjdk version "11.0.2"', true, /^Java 11 on the PATH, for Kafka 3\.9 only; Kafka 4: .*openjdk-17/],
  ['java version "1.8.0_402"', false, /^Java 8 on the PATH, too old/],
  ['no such thing', false, /^something else on the PATH \(no such thing\)$/],
];
for (const [answer, ok, found] of javas) {
  test(`a Java that answers ${answer}: ${ok ? 'can' : 'cannot'} run a broker`, async (t) => {
    const { env, program } = scratch(t);
    program('java', `echo '${answer}' >&2`);
    const finding = await findJavaVersion(env);
    assert.equal(finding.ok, ok);
    assert.match(finding.found, found);
  });
}

test('no Java is told with the place where it was looked for', async (t) => {
  const { env } = scratch(t);
  assert.deepEqual(await findJavaVersion(env), { ok: false, found: 'none on the PATH' });
  const { found } = await findJavaVersion({ ...env, JAVA_HOME: '/no/such' });
  assert.equal(found, 'none at /no/such/bin/java (from JAVA_HOME)');
});

test('Maven is told with what is in the cache already', async (t) => {
  const { env, program } = scratch(t);
  program('mvn', "printf '\\033[1mApache Maven 3.8.7\\033[m\\nMaven home: /x\\n'");
  cacheJars(env, 'kafka-4.3.1', 'kafka-3.9.2', 'jolokia-2.6.0');
  mkdirSync(join(env.XDG_CACHE_HOME ?? '', 'brokertwin', 'kafka-4.2.0'));
  assert.deepEqual(await findMaven(env), {
    ok: true,
    found: 'Apache Maven 3.8.7; in the cache: Kafka 3.9.2, 4.3.1',
  });
});

test('without Maven the cache is enough when the metrics agent is in it too', async (t) => {
  const { env } = scratch(t);
  assert.deepEqual(await findMaven(env), { ok: false, found: 'no mvn on the PATH' });
  cacheJars(env, 'kafka-4.3.1');
  assert.equal((await findMaven(env)).ok, false);
  cacheJars(env, 'jolokia-2.6.0');
  assert.deepEqual(await findMaven(env), {
    ok: true,
    found: 'no mvn on the PATH, and not needed; in the cache: Kafka 4.3.1',
  });
});

test('a Maven that fails is as none; KAFKA_HOME does without', async (t) => {
  const { env, program } = scratch(t);
  program('mvn', 'echo "JAVA_HOME is not set" >&2; exit 1');
  assert.deepEqual(await findMaven(env), { ok: false, found: 'mvn fails: JAVA_HOME is not set' });
  const { ok, found } = await findMaven({ ...env, KAFKA_HOME: '/opt/kafka' });
  assert.equal(ok, true);
  assert.match(found, /no metrics of brokers without it; KAFKA_HOME=\/opt\/kafka$/);
});

test('room is looked for where the state root would be, which need not exist', (t) => {
  const { folder } = scratch(t);
  const root = join(folder, 'not', 'yet');
  const { ok, found } = findDiskSpace(root);
  assert.equal(ok, true);
  assert.match(found, RegExp(`^\\d+\\.\\d GiB free for ${root}$`));
});

test('memory is told in brokers', () => {
  const GIB = 1024 ** 3;
  assert.deepEqual(findMemory(2 * GIB), {
    ok: true,
    found: '2.0 GiB available, about 2 brokers with 512 MiB heaps',
  });
  assert.deepEqual(findMemory(0.5 * GIB), {
    ok: false,
    found: '0.5 GiB available, not enough for a broker with a heap of 512 MiB',
  });
});

test('a compiler without headers is not enough', async (t) => {
  const { env, program } = scratch(t);
  assert.deepEqual(await findCompiler(env), { ok: false, found: 'no gcc on the PATH' });
  program('gcc', 'echo "<command-line>: fatal error: dlfcn.h: No such file or directory" >&2; exit 1');
  const { ok, found } = await findCompiler(env);
  assert.equal(ok, false);
  assert.match(found, /dlfcn\.h: No such file/);
});

const RIGHTS = (bits: string): string =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${bits}\nCapBnd:\t0\n`;

test('root needs its uid and its rights', () => {
  assert.deepEqual(rootFinding(0, RIGHTS('000001fffeffffff')), { ok: true, found: 'uid 0' });
  assert.deepEqual(rootFinding(1000, RIGHTS('000001fffeffffff')), { ok: false, found: 'uid 1000' });
});

test("a container's root is told which rights it lacks", () => {
  const docker = rootFinding(0, RIGHTS('00000000a80425fb'));
  assert.equal(docker.ok, false);
  assert.equal(docker.found, 'uid 0 without CAP_NET_ADMIN and CAP_SYS_ADMIN');
  assert.match(docker.remedy ?? '', /--privileged/);
  assert.equal(rootFinding(0, RIGHTS('00000000a80435fb')).found, 'uid 0 without CAP_SYS_ADMIN');
});

test('iproute2 is needed whole', async (t) => {
  const { env, program } = scratch(t);
  program('ip', 'echo "ip utility, iproute2-6.1.0, libbpf 1.1.0"');
  assert.match((await findIproute2(env)).found, /^(no tc on the PATH|tc in .*, which is not on the PATH)$/);
  program('tc', 'echo "tc utility, iproute2-6.1.0, libbpf 1.1.0"');
  assert.deepEqual(await findIproute2(env), { ok: true, found: 'iproute2-6.1.0' });
  program('ip', 'echo "BusyBox v1.36.1 multi-call binary." >&2; exit 1');
  const { ok, found } = await findIproute2(env);
  assert.equal(ok, false);
  assert.equal(found, 'another ip than that of iproute2 (BusyBox v1.36.1 multi-call binary.)');
});

test('a program in a folder that is not on the PATH is told with that folder', (t) => {
  const { folder, program } = scratch(t);
  assert.equal(onPath('tc', `/no/such:${folder}`), false);
  program('tc', '');
  assert.equal(onPath('tc', `/no/such:${folder}`), true);
  assert.deepEqual(lookElsewhere('tc', 'iproute2', ['/no/such', folder]), {
    found: `tc in ${folder}, which is not on the PATH`,
    remedy: `add ${folder} to the PATH, as sudo does`,
  });
  assert.deepEqual(lookElsewhere('tc', 'iproute2', ['/no/such']), {
    found: 'no tc on the PATH',
    remedy: 'install it (Debian: apt install iproute2)',
  });
});

test('an attempt that failed is told by its last command and the last that was said', () => {
  assert.equal(
    failureOf(['+ ip netns add a', '+ ip link add b type bridge', 'Error: Unknown device type.']),
    '"ip link add b type bridge" fails: Unknown device type',
  );
  assert.equal(
    failureOf(['unshare: unshare failed: Operation not permitted']),
    'unshare: unshare failed: Operation not permitted',
  );
  assert.equal(failureOf(['+ false']), '"false" fails');
  assert.equal(failureOf([]), 'no answer');
});
