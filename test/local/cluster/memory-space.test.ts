import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireMemory } from '../../../src/local/cluster/memory-space.ts';

test('brokers that do not fit are refused before anything starts, with what was found', () => {
  requireMemory({ brokers: 2, heapMiB: 512, controllers: 0 }, 1536);
  assert.throws(
    () => requireMemory({ brokers: 3, heapMiB: 512, controllers: 0 }, 1536),
    /expected 2304 MiB available for 3 brokers \(heap 512 MiB\), each with 256 MiB beside its heap, found 1536 MiB/,
  );
});

test('controllers in processes of their own need memory too', () => {
  requireMemory({ brokers: 1, heapMiB: 512, controllers: 3 }, 2304);
  assert.throws(
    () => requireMemory({ brokers: 1, heapMiB: 512, controllers: 3 }, 2303),
    /expected 2304 MiB available for 1 broker \(heap 512 MiB\) and 3 controllers \(heap 256 MiB\), .* found 2303 MiB/,
  );
});
