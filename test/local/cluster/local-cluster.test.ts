import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newClusterId } from '../../../src/local/cluster/local-cluster.ts';

test("a cluster's id never begins with a dash, which Kafka's tools would take for an option", () => {
  const drawn = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 0x01)];
  assert.ok(drawn[0].toString('base64url').startsWith('-'));
  assert.equal(
    newClusterId(() => drawn.shift() ?? Buffer.alloc(16)),
    Buffer.alloc(16, 0x01).toString('base64url'),
  );
});
