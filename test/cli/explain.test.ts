import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../../src/cli/explain.ts';
import { EXIT, UserError } from '../../src/errors/errors.ts';

const going = new AbortController().signal;
const interrupted = AbortSignal.abort(new DOMException('interrupted', 'AbortError'));

describe('explain', () => {
  test("shows a user's error as its lines and exits with its code", () => {
    const error = new UserError(['first', 'second'], EXIT.clusterUnreachable);
    assert.deepEqual(explain(error, going), { exitCode: 3, lines: ['first', 'second'] });
  });

  test('calls any other error a fault of brokertwin, with its stack', () => {
    const { exitCode, lines } = explain(new TypeError('x is not a function\nmore'), going);
    assert.equal(exitCode, 1);
    assert.equal(lines[0], 'brokertwin: x is not a function; this is a fault of brokertwin');
    assert.match(lines[1] ?? '', /explain\.test\.ts/);
  });

  test('explains what is thrown without being an error', () => {
    assert.deepEqual(explain('text', going), {
      exitCode: 1,
      lines: ['brokertwin: text; this is a fault of brokertwin'],
    });
  });

  test('exits 130 once interrupted, and still shows what else went wrong', () => {
    assert.deepEqual(explain(interrupted.reason, interrupted), {
      exitCode: 130,
      lines: ['brokertwin: interrupted'],
    });
    assert.deepEqual(explain(new UserError('broker 2 did not stop'), interrupted), {
      exitCode: 130,
      lines: ['brokertwin: interrupted', 'broker 2 did not stop'],
    });
  });
});
