import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from '../../../src/local/capabilities/attempt.ts';
import { findCapabilities, requireCapabilities } from '../../../src/local/capabilities/capabilities.ts';
import { cgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';
import { findLimit } from '../../../src/local/capabilities/system-probes.ts';
import { CPU_QUOTA } from '../../../src/local/capabilities/try-limit.ts';
import { missing } from '../../support/components.ts';

const POLLS = 20;
const POLL_MS = 100;
const CAPABILITIES = new URL('../../../src/local/capabilities/capabilities.ts', import.meta.url).href;

/** Names of all that a probe could leave behind; those of another test's may show for a moment. */
function leftBehind(): string[] {
  const list = (command: string, ...args: string[]): string =>
    spawnSync(command, args, { encoding: 'utf8' }).stdout;
  const layout = cgroupLayout();
  const hierarchies = layout.version === 1 ? [layout.cpu, layout.memory] : [layout.root];
  return [
    ...hierarchies.flatMap((directory) =>
      readdirSync(directory).filter((name) => name.includes('probe-of-brokertwin')),
    ),
    ...['switch', 'machine'].filter((name) => existsSync(`/run/netns/${name}`)),
    ...(list('ip', '-brief', 'link').match(/\b(bridge0|veth0@)/g) ?? []),
    ...list('losetup', '-a')
      .split('\n')
      .filter((line) => line.includes('/run/image')),
    ...list('mount')
      .split('\n')
      .filter((line) => /\/run\/(image|mounted)/.test(line)),
  ];
}

describe('on a machine that can do it', {
  skip: missing(['root', 'namespaces', 'loop', 'gcc']) ?? false,
}, () => {
  test('what a shaped cluster with log dirs of its own needs is found, and nothing is left behind', async () => {
    const found = await findCapabilities([
      'root',
      'iproute2',
      'nsenter',
      'namespaces',
      'tc tbf',
      'CPU quota',
      'memory limit',
      'loop mounts',
      'gcc',
    ]);
    assert.deepEqual(
      found.filter(({ ok }) => !ok),
      [],
    );
    for (let poll = 0; poll < POLLS && leftBehind().length > 0; poll += 1) await sleep(POLL_MS);
    assert.deepEqual(leftBehind(), []);
    await requireCapabilities(['namespaces', 'loop mounts'], 'this test');
  });

  test('another user is told about root alone, on one line', () => {
    // Another user from here on only: our sources may lie where others cannot read.
    const script = `
      import { requireCapabilities } from ${JSON.stringify(CAPABILITIES)};
      process.seteuid(65534);
      await requireCapabilities(['root', 'namespaces', 'tc tbf', 'CPU quota'], '--network shaped')
        .catch((error) => console.log(error.exitCode, error.message));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(run.stderr, '');
    assert.equal(
      run.stdout,
      '3 --network shaped needs root: found uid 65534: run it with sudo, or use --network loopback\n',
    );
  });

  test('an attempt that hangs is ended with all its processes', async () => {
    const startMs = performance.now();
    assert.equal(await attempt(['sleep 20', 'true'], 200), 'no end after 0.2 s');
    assert.ok(performance.now() - startMs < 5000);
  });

  test('an attempt that the kernel refuses is told in its words', async () => {
    assert.equal(
      await attempt(['ip link add name link0 type nosuchkind']),
      '"ip link add name link0 type nosuchkind" fails: Unknown device type',
    );
  });

  test('the group of a killed probe goes with the next', async () => {
    const layout = cgroupLayout();
    const hierarchy = layout.version === 1 ? layout.cpu : layout.root;
    const sleeper = spawn('sleep', ['30'], { stdio: 'ignore' });
    const left = join(hierarchy, `probe-of-brokertwin_cpu_${sleeper.pid}_gone:1`);
    mkdirSync(left);
    sleeper.kill('SIGKILL');
    assert.deepEqual(findLimit(CPU_QUOTA).ok, true);
    assert.equal(existsSync(left), false);
  });
});
