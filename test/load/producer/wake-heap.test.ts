import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { WakeHeap } from '../../../src/load/producer/wake-heap.ts';

test('the next to be woken is one of the earliest, whatever times are set', () => {
  const clients = 9;
  const times = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(clients - 1), times), { maxLength: 200, size: 'max' }), (sets) => {
      const heap = new WakeHeap(clients);
      const model = Array<number>(clients).fill(Number.POSITIVE_INFINITY);
      for (const [client, timeNs] of sets) {
        heap.set(client, timeNs);
        model[client] = timeNs;
        assert.equal(heap.nextNs, Math.min(...model));
        assert.equal(model[heap.next], heap.nextNs);
      }
      for (let left = clients; left > 0; left--) {
        assert.equal(heap.nextNs, Math.min(...model));
        model[heap.next] = Number.POSITIVE_INFINITY;
        heap.set(heap.next, Number.POSITIVE_INFINITY);
      }
    }),
    { numRuns: 300 },
  );
});

test('of nobody, nobody is to be woken', () => {
  assert.equal(new WakeHeap(0).nextNs, Number.POSITIVE_INFINITY);
});
