import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProgress } from '../../src/cli/progress.ts';
import type { Progress } from '../../src/jobs/progress.ts';

interface Recorded {
  readonly progress: Progress;
  readonly clock: { nowMs: number };
  readonly text: () => string;
}

function record(options: {
  readonly isTTY: boolean;
  readonly quiet?: boolean;
  readonly columns?: number;
}): Recorded {
  let text = '';
  const clock = { nowMs: 0 };
  const stream = {
    isTTY: options.isTTY,
    columns: options.columns ?? 120,
    write: (part: string) => {
      text += part;
    },
  };
  const progress = createProgress({ stream, quiet: options.quiet ?? false, now: () => clock.nowMs });
  return { progress, clock, text: () => text };
}

describe('progress', () => {
  test('writes at most one line per stage every two seconds away from a terminal', () => {
    const { progress, clock, text } = record({ isTTY: false });
    progress.stage('measure');
    for (clock.nowMs = 100; clock.nowMs <= 5_000; clock.nowMs += 100) {
      progress.update(clock.nowMs / 10_000, `${clock.nowMs} ms in`);
    }
    progress.note('the generator kept its schedule');
    progress.done();
    progress.done();
    assert.deepEqual(text().split('\n'), [
      'measure',
      'measure: 20 %, 8.0 s left, 2000 ms in',
      'measure: 40 %, 6.0 s left, 4000 ms in',
      'the generator kept its schedule',
      'measure: done in 5.1 s',
      '',
    ]);
  });

  test('says nothing of the time left when the end is not known', () => {
    const { progress, clock, text } = record({ isTTY: false });
    progress.stage('wait');
    clock.nowMs = 75_000;
    progress.update(null, 'broker 1');
    progress.stage('next');
    assert.equal(text(), 'wait\nwait: broker 1\nwait: done in 1 min 15 s\nnext\n');
  });

  test('draws one line over and over on a terminal, never wider than it', () => {
    const { progress, clock, text } = record({ isTTY: true, columns: 40 });
    progress.stage('simulate');
    clock.nowMs = 1_000;
    progress.update(0.5, 'a detail that is far too long for a narrow terminal');
    progress.update(0.51, 'too early to draw again');
    progress.done();
    const drawn = text().split('\r\u001b[2K').slice(1);
    assert.equal(drawn.length, 3);
    assert.equal(drawn[1], 'simulate  ██████████████░░░░░░░░░░░░░░ ');
    assert.match(drawn[2] ?? '', /✓.* simulate {2}1\.0 s\n$/);
    assert.equal(text().split('\n').length, 2);
  });

  test('keeps a note above the bar', () => {
    const { progress, text } = record({ isTTY: true });
    progress.stage('simulate');
    progress.note('seed 7');
    assert.ok(text().endsWith('\r\u001b[2Kseed 7\n\r\u001b[2Ksimulate'));
  });

  test('is silent when asked to be', () => {
    for (const isTTY of [true, false]) {
      const { progress, text } = record({ isTTY, quiet: true });
      progress.stage('a');
      progress.update(1, 'b');
      progress.note('c');
      progress.done();
      assert.equal(text(), '');
    }
  });
});
