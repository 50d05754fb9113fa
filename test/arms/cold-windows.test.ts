import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coldWindows } from '../../src/arms/cold-windows.ts';
import type { ResourceSeries } from '../../src/result/run-result.ts';

function compilers(broker: number, values: readonly (number | null)[]): ResourceSeries {
  const common = { host: 'local', broker, resource: 'jit.time', unit: 'cores', capacity: null } as const;
  return { ...common, windowSeconds: 3, values };
}

test('windows in which all compilers together use more than a tenth of a core are cold, one event a row', () => {
  const events = coldWindows([
    compilers(1, [0.3, 0.07, 0.02, null, 0.4]),
    compilers(2, [0.1, 0.05, 0.03, 0.01, 0.2]),
  ]);
  assert.deepEqual(
    events.map(({ atSeconds, what }) => [atSeconds, /until (\d+) s.*took (\S+) cores/.exec(what)?.slice(1)]),
    [
      [0, ['6', '0.26']],
      [12, ['15', '0.60']],
    ],
  );
});

test('warm brokers, and brokers that nobody observes, have none', () => {
  assert.deepEqual(coldWindows([compilers(1, [0.02, 0.1])]), []);
  assert.deepEqual(coldWindows([]), []);
});
