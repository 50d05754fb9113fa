import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

type Component = 'java' | 'maven' | 'chromium' | 'root' | 'namespaces' | 'loop' | 'gcc' | 'openssl';

const JAVA_VERSION_MIN = 17;
const PROBE_TIMEOUT_MS = 30_000;

/** Bits of CapEff in /proc/self/status, see capabilities(7). */
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/** Both run in namespaces that end with them, so that nothing is left behind. */
const SHAPED_NETWORK = `
  ip link add name bridge0 type bridge &&
  ip link add name veth0 type veth peer name veth1 &&
  ip link set dev veth0 master bridge0 &&
  tc qdisc add dev veth1 root tbf rate 80mbit burst 128kb latency 50ms`;
const LOOP_MOUNT = `
  mount -t tmpfs none /mnt && truncate -s 4M /mnt/image && mkfs.ext4 -q /mnt/image &&
  mkdir /mnt/mounted && mount -o loop /mnt/image /mnt/mounted`;

const probes: Record<Component, () => string | null> = {
  java: missingJava,
  maven: () => (answers('mvn', ['--version']) === null ? 'Maven (mvn) is not on the PATH' : null),
  openssl: () => (answers('openssl', ['version']) === null ? 'OpenSSL (openssl) is not on the PATH' : null),
  chromium: () =>
    ['chromium', 'chromium-browser', 'google-chrome'].some((name) => answers(name, ['--version']) !== null)
      ? null
      : 'Chromium is not on the PATH',
  root: missingRoot,
  namespaces: () =>
    missingRoot() ?? failure('a shaped network', 'unshare', ['--net', 'sh', '-c', SHAPED_NETWORK]),
  loop: () => missingRoot() ?? failure('a loop mount', 'unshare', ['--mount', 'sh', '-c', LOOP_MOUNT]),
  gcc: () =>
    failure('gcc with libc headers', 'gcc', ['-fsyntax-only', '-include', 'dlfcn.h', '-x', 'c', '/dev/null']),
};

const reasons = new Map<Component, string | null>();

/**
 * Why a test that needs `components` cannot run here, or null when all of them are there. Use it as
 * `{ skip: missing(['java', 'maven']) ?? false }`.
 *
 * @throws Error with CI=true, where a component that is not there is a failure and not a reason to skip.
 */
export function missing(components: readonly Component[]): string | null {
  const found = components.map(reasonOf).filter((reason) => reason !== null);
  if (found.length === 0) return null;
  const reason = found.join('; ');
  if (process.env.CI === 'true') throw new Error(`with CI=true nothing may be skipped, but ${reason}`);
  return reason;
}

function reasonOf(component: Component): string | null {
  const known = reasons.get(component);
  if (known !== undefined) return known;
  const reason = probes[component]();
  reasons.set(component, reason);
  return reason;
}

function missingJava(): string | null {
  const output = answers('java', ['-version']);
  if (output === null) return 'Java (java) is not on the PATH';
  const version = /version "(\d+)/.exec(output)?.[1];
  if (version !== undefined && Number(version) >= JAVA_VERSION_MIN) return null;
  return `Java ${JAVA_VERSION_MIN} or newer is needed, found ${output.split('\n')[0]}`;
}

function missingRoot(): string | null {
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const needed = (1n << CAP_NET_ADMIN) | (1n << CAP_SYS_ADMIN);
  if (process.geteuid?.() === 0 && (BigInt(`0x${effective}`) & needed) === needed) return null;
  return `root with CAP_NET_ADMIN and CAP_SYS_ADMIN is needed, found uid ${process.geteuid?.()} with ${effective}`;
}

/** Why a program that shows `what` fails, or null when it does not. */
function failure(what: string, command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: PROBE_TIMEOUT_MS });
  if (run.status === 0) return null;
  return `${what} cannot be made: ${run.error?.message ?? run.stderr.trim().split('\n')[0]}`;
}

/** What a program prints when asked for its version (java prints to stderr), or null when it cannot be run. */
function answers(command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: PROBE_TIMEOUT_MS });
  return run.status === 0 ? `${run.stdout}${run.stderr}` : null;
}
