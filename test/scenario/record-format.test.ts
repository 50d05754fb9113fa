import assert from 'node:assert/strict';
import test from 'node:test';
import { createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import {
  BATCH_OVERHEAD_BYTES,
  batchBytesUpperBound,
  headersBytes,
  recordBytes,
} from '../../src/scenario/record-format.ts';

test('estimated sizes are those of the batches on the wire', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 0, max: 9000 }),
      fc.option(fc.integer({ min: 1, max: 100 })),
      fc.option(fc.integer({ min: 1, max: 100 })),
      (records, valueBytes, keyBytes, headerBytes) => {
        const shape = {
          keyBytes,
          valueBytes,
          headersBytes: headerBytes === null ? headersBytes(0, 0) : headersBytes(1, headerBytes),
        };
        const message = {
          topic: 't',
          partition: 0,
          value: Buffer.alloc(valueBytes),
          timestamp: 1n,
          ...(keyBytes === null ? {} : { key: Buffer.alloc(keyBytes) }),
          ...(headerBytes === null
            ? {}
            : { headers: new Map([[Buffer.from('h'), Buffer.alloc(headerBytes)]]) }),
        };
        const batch = createRecordsBatch(Array.from({ length: records }, () => ({ ...message })));
        let estimated = BATCH_OVERHEAD_BYTES;
        for (let i = 0; i < records; i++) {
          estimated += recordBytes(shape, i);
        }
        assert.equal(estimated, batch.length);
        assert.ok(batchBytesUpperBound(shape) >= BATCH_OVERHEAD_BYTES + recordBytes(shape, 0));
      },
    ),
    { numRuns: 60 },
  );
});
