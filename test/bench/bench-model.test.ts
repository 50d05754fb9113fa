import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Line } from '../../bench/kernel/lines.ts';
import { FIGURES } from '../../bench/model/catalogue.ts';
import { packageRoot } from '../../src/package.ts';
import { runProgram } from '../support/run-program.ts';

function benchModel(...args: readonly string[]) {
  return runProgram(process.execPath, [join(packageRoot, 'bench', 'model', 'bench-model.ts'), ...args]);
}

describe('npm run bench:model', () => {
  test('measures every figure at smoke size, a line each, and says the events of a request by kind', async () => {
    const { code, stdout, stderr } = await benchModel('--smoke', '--json');
    assert.equal(code, 0, stderr);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Line);
    assert.deepEqual(
      lines.map(({ name }) => name),
      FIGURES.map(({ name }) => name),
    );
    for (const { name, value, goalMet } of lines) {
      assert.ok(value > 0, name);
      assert.equal(goalMet, null, name);
    }
    assert.match(stderr, /cluster-linger-100 .*requestArrivesPerRequest (1|1\.0\d*|0\.9\d*), /);
  });

  test('refuses figures that it does not know', async () => {
    const { code, stderr } = await benchModel('--only', 'cluster-linger-7');
    assert.equal(code, 2);
    assert.match(stderr, /^bench:model: --only: no figure is named "cluster-linger-7"; there are cluster-/);
  });
});
