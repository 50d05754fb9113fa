import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exclusively } from '../../../src/local/cluster/exclusive.ts';
import { clusterDirectory } from '../../../src/local/cluster/state.ts';

test('an operation is refused while another is under way, and on a cluster that is gone', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'brokertwin-exclusive-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(clusterDirectory('one', root), { recursive: true });
  await exclusively(
    'one',
    'an operation',
    () =>
      assert.rejects(
        exclusively('one', 'its removal', assert.fail, root),
        /^UserError: cluster one: expected nobody at work on it, found "an operation" under way \(pid \d+\): wait/,
      ),
    root,
  );
  // A removal takes the directory with it.
  await exclusively('one', 'its removal', async () => rmSync(root, { recursive: true }), root);
  await assert.rejects(
    exclusively('one', 'an operation', assert.fail, root),
    /^UserError: cluster one: expected it at .*, found it gone/,
  );
});
