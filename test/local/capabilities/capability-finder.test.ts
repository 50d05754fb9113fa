import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import type { CapabilityName, Finding, Probe } from '../../../src/local/capabilities/capability.ts';
import { CapabilityFinder } from '../../../src/local/capabilities/capability-finder.ts';

const NAMES: readonly CapabilityName[] = [
  'Linux',
  'Java',
  'Maven',
  'disk space',
  'memory',
  'root',
  'iproute2',
  'nsenter',
  'namespaces',
  'tc tbf',
  'tc netem',
  'CPU quota',
  'memory limit',
  'loop mounts',
  'gcc',
];

/** A finder whose probes all succeed but for these, and the names of the probes in the order in which they ran. */
function finderWith(special: Partial<Record<CapabilityName, Partial<Probe>>>): {
  readonly finder: CapabilityFinder;
  readonly ran: CapabilityName[];
} {
  const ran: CapabilityName[] = [];
  const probeOf = (name: CapabilityName): Probe => {
    const probe = { neededFor: 'a test', remedy: `get ${name}`, find: () => seen(true), ...special[name] };
    return {
      ...probe,
      find: () => {
        ran.push(name);
        return probe.find();
      },
    };
  };
  const probes = Object.fromEntries(NAMES.map((name) => [name, probeOf(name)]));
  return { finder: new CapabilityFinder(probes as Record<CapabilityName, Probe>), ran };
}

function seen(ok: boolean, found = 'something', remedy?: string): Finding {
  return remedy === undefined ? { ok, found } : { ok, found, remedy };
}

test('each probe runs once, however often and for whom it is asked', async () => {
  const { finder, ran } = finderWith({ namespaces: { needs: ['root'] }, 'tc tbf': { needs: ['root'] } });
  await finder.find(['namespaces', 'tc tbf']);
  await finder.find(['tc tbf', 'root']);
  assert.deepEqual(ran, ['root', 'namespaces', 'tc tbf']);
});

test('what waits for something that is missing is not tried, down to what is really missing', async () => {
  const { finder, ran } = finderWith({
    Linux: { find: () => seen(false, 'darwin') },
    root: { needs: ['Linux'] },
    namespaces: { needs: ['root', 'iproute2'] },
  });
  const [namespaces, java] = await finder.find(['namespaces', 'Java']);
  assert.deepEqual(namespaces, {
    name: 'namespaces',
    ok: false,
    found: 'not tried without Linux',
    neededFor: 'a test',
    remedy: 'get Linux',
    waitsFor: 'Linux',
  });
  assert.equal(java.ok, true);
  assert.ok(!ran.includes('namespaces'));
  assert.ok(!ran.includes('root'));
});

test('what is required and there is no reason to stop', async () => {
  const { finder } = finderWith({ gcc: { find: () => seen(false) } });
  await finder.require(['root', 'tc tbf'], '--network shaped');
});

test('everything that is missing is told at once, each cause on one line', async () => {
  const { finder } = finderWith({
    root: { find: () => seen(false, 'uid 1000'), remedy: 'run it with sudo' },
    namespaces: { needs: ['root'] },
    'tc tbf': { needs: ['root'] },
    'tc netem': { find: () => seen(false, 'this kernel has no sch_netem', 'another kernel') },
  });
  await assert.rejects(finder.require(['namespaces', 'tc tbf', 'tc netem', 'gcc'], '--latency'), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.exitCode, 3);
    assert.deepEqual(error.lines, [
      '--latency needs root: found uid 1000: run it with sudo',
      '--latency needs tc netem: found this kernel has no sch_netem: another kernel',
    ]);
    return true;
  });
});

test('what the system refuses is found missing; a mistake of ours is not hidden', async () => {
  const refused = Object.assign(new Error('EACCES: permission denied, mkdir'), { syscall: 'mkdir' });
  const { finder } = finderWith({
    'CPU quota': { find: () => Promise.reject(refused) },
    gcc: { find: () => Promise.reject(new Error('mine')) },
  });
  const [quota] = await finder.find(['CPU quota']);
  assert.equal(quota.ok, false);
  assert.equal(quota.found, 'EACCES: permission denied, mkdir');
  await assert.rejects(finder.find(['gcc']), /mine/);
});
