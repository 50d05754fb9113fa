import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAvailableMiB, requireMemory } from '../../../src/local/cluster/memory-space.ts';

test('what is available is read from meminfo', () => {
  assert.equal(parseAvailableMiB('MemTotal:       24000000 kB\nMemAvailable:    2097152 kB\n'), 2048);
});

test('brokers that do not fit are refused before anything starts, with what was found', () => {
  requireMemory(2, 512, 1536);
  assert.throws(
    () => requireMemory(3, 512, 1536),
    /expected 2304 MiB available for 3 brokers \(heap 512 MiB and 256 MiB beside it each\), found 1536 MiB/,
  );
});
