import assert from 'node:assert/strict';
import test from 'node:test';
import { deficitOf, recordsBehind, recordsUntilSleep, sleepNs } from '../../src/kafka/clients/throttler.ts';

const MS = 1e6;
const SECOND = 1e9;

interface Burst {
  readonly atNs: number;
  readonly records: number;
}

/** The tool's own loop, a record at a time, on a clock that only its sleeps move (and what `oversleepNs` adds to them). */
function oracle(recordsPerSecond: number, untilNs: number, oversleepNs: number): Burst[] {
  const stepNs = Math.floor(SECOND / recordsPerSecond);
  const bursts: Burst[] = [];
  let nowNs = 0;
  let deficit = 0;
  let inBurst = 0;
  for (let sent = 0; nowNs < untilNs; sent += 1) {
    inBurst += 1;
    if (sent * 1000 > recordsPerSecond * Math.floor(nowNs / MS)) {
      deficit += stepNs;
      if (deficit >= 2 * MS) {
        bursts.push({ atNs: nowNs, records: inBurst });
        inBurst = 0;
        nowNs += Math.ceil(deficit / MS) * MS + oversleepNs;
        deficit = 0;
      }
    }
  }
  return bursts;
}

/** The same with whole bursts. */
function inBursts(recordsPerSecond: number, untilNs: number, oversleepNs: number): Burst[] {
  const gapNs = SECOND / recordsPerSecond;
  const bursts: Burst[] = [];
  let sent = 0;
  for (let nowNs = 0; nowNs < untilNs; ) {
    const behind = recordsBehind(nowNs, sent, gapNs);
    const ahead = recordsUntilSleep(0, gapNs);
    bursts.push({ atNs: nowNs, records: behind + ahead });
    sent += behind + ahead;
    nowNs += sleepNs(deficitOf(ahead, gapNs)) + oversleepNs;
  }
  return bursts;
}

test("bursts are those of the tool's own loop, at any rate and however long it oversleeps", () => {
  for (const recordsPerSecond of [50, 400, 500, 1000, 3000, 6000, 10_000, 64_000, 250_000]) {
    for (const oversleepNs of [0, 60_000, 5 * MS]) {
      assert.deepEqual(
        inBursts(recordsPerSecond, SECOND, oversleepNs),
        oracle(recordsPerSecond, SECOND, oversleepNs),
        `${recordsPerSecond}/s, ${oversleepNs} ns`,
      );
    }
  }
});

test('the rate is kept, in bursts of 2 ms of it or, where steps do not divide 2 ms, of 3 ms', () => {
  for (const [recordsPerSecond, everyMs] of [
    [10_000, 2],
    [6000, 3],
    [400, 3],
    [100, 10],
  ] as const) {
    const bursts = inBursts(recordsPerSecond, 10 * SECOND, 0);
    const sent = bursts.reduce((sum, { records }) => sum + records, 0);
    assert.ok(Math.abs(sent / recordsPerSecond / 10 - 1) < 0.005, `${recordsPerSecond}/s: ${sent}`);
    assert.ok(Math.abs(bursts.length - 10_000 / everyMs) <= 25, `${recordsPerSecond}/s: ${bursts.length}`);
  }
});
