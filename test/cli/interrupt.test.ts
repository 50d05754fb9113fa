import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenForInterrupts } from '../../src/cli/interrupt.ts';

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM'] as const) {
  test(`${name} aborts the signal, and the same press arriving twice does not end the process`, (t) => {
    t.mock.method(process.stderr, 'write', () => true);
    const exit = t.mock.method(process, 'exit', () => undefined);
    const { signal, stop } = listenForInterrupts();
    t.after(stop);
    assert.equal(signal.aborted, false);
    process.emit(name);
    process.emit('SIGINT');
    assert.equal(signal.aborted, true);
    assert.equal(exit.mock.callCount(), 0);
  });
}

test('a second Ctrl-C a while later ends the process with 130', (t) => {
  t.mock.method(process.stderr, 'write', () => true);
  const exit = t.mock.method(process, 'exit', () => undefined);
  let nowMs = 5_000;
  t.mock.method(performance, 'now', () => nowMs);
  const { stop } = listenForInterrupts();
  t.after(stop);
  process.emit('SIGINT');
  nowMs += 1_001;
  process.emit('SIGINT');
  assert.deepEqual(exit.mock.calls[0]?.arguments, [130]);
});
