import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stated, wholeNumber } from '../../src/cli/options.ts';
import { UserError } from '../../src/errors/errors.ts';

describe('wholeNumber', () => {
  test('reads every whole number from its minimum on', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (min, above) => {
        assert.equal(wholeNumber('--n', min)(String(min + above)), min + above);
      }),
    );
  });

  test('refuses numbers below its minimum and what is no whole number', () => {
    const read = wholeNumber('--n', 3);
    for (const text of ['2', '-4', '4.5', '1e3', '', ' 4', '4k', '99999999999999999999']) {
      assert.throws(() => read(text), UserError, `"${text}"`);
    }
    assert.throws(() => read(['4', '5']), /found 2 values \(give it once\)/);
  });

  test('leaves out what was not given', () => {
    assert.equal(wholeNumber('--n', 1)(undefined), undefined);
    assert.deepEqual(stated({ seed: undefined, profile: 'local', report: false }), {
      profile: 'local',
      report: false,
    });
  });
});
