import { spawnSync } from 'node:child_process';

type Component = 'java' | 'maven' | 'chromium';

const JAVA_VERSION_MIN = 17;
const PROBE_TIMEOUT_MS = 30_000;

const probes: Record<Component, () => string | null> = {
  java: missingJava,
  maven: () => (answers('mvn', ['--version']) === null ? 'Maven (mvn) is not on the PATH' : null),
  chromium: () =>
    ['chromium', 'chromium-browser', 'google-chrome'].some((name) => answers(name, ['--version']) !== null)
      ? null
      : 'Chromium is not on the PATH',
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

/** What a program prints when asked for its version (java prints to stderr), or null when it cannot be run. */
function answers(command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: PROBE_TIMEOUT_MS });
  return run.status === 0 ? `${run.stdout}${run.stderr}` : null;
}
