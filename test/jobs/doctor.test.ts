import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doctorOutcome } from '../../src/jobs/doctor.ts';
import { capabilityNames } from '../../src/local/capabilities/capabilities.ts';
import type { Capability, CapabilityName } from '../../src/local/capabilities/capability.ts';

/** A machine that lacks these; in `waiting`, what was not tried for want of root. */
function machine(missing: readonly CapabilityName[], waiting: readonly CapabilityName[] = []): Capability[] {
  return capabilityNames.map((name) => ({
    name,
    ok: !missing.includes(name) && !waiting.includes(name),
    found: waiting.includes(name) ? 'not tried without root' : `seen of ${name}`,
    neededFor: 'some use',
    remedy: `get ${name}`,
    waitsFor: waiting.includes(name) ? 'root' : null,
  }));
}

const lastLine = (text: string): string => text.split('\n').at(-1) ?? '';

test('where nothing is missing everything can be done', () => {
  const { exitCode, text } = doctorOutcome(machine([]));
  assert.equal(exitCode, 0);
  assert.equal(
    lastLine(text),
    'can be done here: loopback clusters, shaped clusters, latency, memory limits, log dirs of their own, slow disks, TLS/SASL',
  );
  assert.doesNotMatch(text, /[✗–]/);
});

test('without netem only latency cannot be done', () => {
  const { exitCode, text } = doctorOutcome(machine(['tc netem']));
  assert.equal(exitCode, 0);
  assert.match(lastLine(text), /shaped clusters, memory limits, .*; not: latency$/);
});

test('without root, loopback clusters can run and what waits for root has no remedy of its own', () => {
  const { exitCode, json, text } = doctorOutcome(
    machine(['root'], ['namespaces', 'tc tbf', 'tc netem', 'CPU quota', 'memory limit', 'loop mounts']),
  );
  assert.equal(exitCode, 0);
  assert.deepEqual(json, {
    capabilities: machine(
      ['root'],
      ['namespaces', 'tc tbf', 'tc netem', 'CPU quota', 'memory limit', 'loop mounts'],
    ),
    can: ['loopback clusters', 'slow disks', 'TLS/SASL'],
    cannot: ['shaped clusters', 'latency', 'memory limits', 'log dirs of their own'],
  });
  const lines = text.split('\n');
  const root = lines.findIndex((line) => line.startsWith('✗ root '));
  assert.equal(lines[root + 1], '                needed for some use: get root');
  assert.ok(lines.includes('– tc tbf        not tried without root; needed for some use'));
});

for (const name of ['Linux', 'Java', 'Maven', 'disk space', 'memory'] as const) {
  test(`without ${name} nothing can be done, and the exit code says so`, () => {
    const { exitCode, text } = doctorOutcome(machine([name]));
    assert.equal(exitCode, 3);
    assert.match(lastLine(text), /^can be done here: nothing yet; not: loopback clusters, .*TLS\/SASL$/);
  });
}

test('columns are aligned and there is no colour where output is no terminal', () => {
  const { text } = doctorOutcome(machine(['gcc']));
  const rows = text.split('\n').filter((line) => line.includes('seen of'));
  assert.deepEqual([...new Set(rows.map((row) => row.indexOf('seen of')))], [16]);
});
