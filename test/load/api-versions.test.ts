import assert from 'node:assert/strict';
import test from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { versionWith } from '../../src/load/api-versions.ts';

const range = (apiKey: number, minVersion: number, maxVersion: number) => ({
  apiKey,
  minVersion,
  maxVersion,
});

test('the newest version that both sides know is spoken', () => {
  assert.equal(versionWith([range(0, 3, 13), range(1, 4, 18)], 'Produce', 'b:1'), 11);
  assert.equal(versionWith([range(0, 3, 13), range(1, 4, 18)], 'Fetch', 'b:1'), 17);
  assert.equal(versionWith([range(0, 0, 9)], 'Produce', 'b:1'), 9);
  assert.equal(versionWith([range(1, 0, 13)], 'Fetch', 'b:1'), 13);
});

test('a broker without a version in common is refused in one line', () => {
  const refusal = (ranges: Parameters<typeof versionWith>[0]) => (error: unknown) =>
    error instanceof UserError && error.exitCode === 3 && error.lines.length === 1 && ranges.length >= 0;
  for (const ranges of [[], [range(0, 0, 8)], [range(0, 12, 20)]]) {
    assert.throws(() => versionWith(ranges, 'Produce', 'b:1'), refusal(ranges));
  }
});
