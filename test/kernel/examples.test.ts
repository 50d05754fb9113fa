import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/package.ts';

const MMC = 'docs/examples/mmc.ts';

test('the M/M/c example runs as it says, and prints a mean wait within 2 % of the closed form beside it', () => {
  const source = readFileSync(path.join(packageRoot, MMC), 'utf8');
  assert.match(source, new RegExp(`Run it: node ${MMC}\n`));
  const shown = execFileSync(process.execPath, [MMC], { cwd: packageRoot, encoding: 'utf8' });
  const found = /^customers (\d+)\nmean wait ([\d.]+) ms\nErlang C {2}([\d.]+) ms\n$/.exec(shown);
  assert.ok(found, shown);
  const [customers, meanWaitMs, erlangMs] = found.slice(1).map(Number);
  assert.ok(Math.abs(customers / (180 * 7200) - 1) < 0.01, `${customers} customers`);
  // Of three servers at 60 % the closed form is 2.956 ms.
  assert.equal(erlangMs, 2.96);
  assert.ok(Math.abs(meanWaitMs / erlangMs - 1) < 0.02, shown);
});
