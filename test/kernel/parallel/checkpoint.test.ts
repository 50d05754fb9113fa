import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShardCheckpoint, ShardOutcome } from '../../../src/kernel/parallel/shard.ts';
import { OBSERVED_WORDS } from '../support/talking-shards.ts';
import { END_NS, FACTORY, hashOf, LIMIT, results, runTalking, talking } from './run-talking.ts';

/** The first has events at exactly that time in the run without a stop. */
const CUTS_NS = [50_000, 50_001, 123_456] as const;

function checkpoints(outcomes: readonly ShardOutcome[]): ShardCheckpoint[] {
  return outcomes.map(({ name, checkpoint }) => checkpoint ?? assert.fail(`${name} left no checkpoint`));
}

describe('a run in shards that stops at a checkpoint', () => {
  test('goes on to the end of the run that never stopped, on any mix of workers', LIMIT, async () => {
    const whole = await runTalking();
    const mixes = [
      [2, 3, 1],
      [1, 2, 1],
    ];
    for (const [index, [before, between, after]] of mixes.entries()) {
      const cutNs = CUTS_NS[index % CUTS_NS.length];
      const first = await runTalking({ workers: before, checkpointAtNs: cutNs });
      const second = await runTalking({
        workers: between,
        from: structuredClone(checkpoints(first)),
        checkpointAtNs: 150_000,
      });
      const third = await runTalking({ workers: after, from: checkpoints(second) });
      assert.equal(hashOf(third), hashOf(whole), `${before}, ${between}, ${after} workers`);
      assert.deepEqual(third, whole);
    }
  });

  test('has handled all up to that time, nothing after, and holds what is under way', LIMIT, async () => {
    const [cutNs] = CUTS_NS;
    const paused = await runTalking({ workers: 2, checkpointAtNs: cutNs });
    const plain = await runTalking({ untilNs: cutNs });
    assert.deepEqual(
      paused.map(({ checkpoint, ...outcome }) => outcome),
      plain,
    );
    assert.ok(checkpoints(paused).every(({ atNs }) => atNs === cutNs));
    assert.equal(Math.max(...results(paused).map(({ log }) => log.at(-4) ?? 0)), cutNs);
    const sum = (field: 'sent' | 'received'): number =>
      results(paused).reduce((total, result) => total + result[field], 0);
    assert.ok(sum('sent') > sum('received'), 'messages are under way');
  });

  test('can be left for several futures', LIMIT, async () => {
    const from = checkpoints(await runTalking({ checkpointAtNs: 100_000 }));
    const whole = await runTalking();
    const shorter = await runTalking({ from, untilNs: 150_000 });
    assert.deepEqual(shorter, await runTalking({ untilNs: 150_000 }));
    assert.deepEqual(await runTalking({ from }), whole);
  });

  test('may stop where it began, and at its end', LIMIT, async () => {
    const at = checkpoints(await runTalking({ checkpointAtNs: 0 }));
    const still = await runTalking({ workers: 2, from: at, checkpointAtNs: 0 });
    const end = await runTalking({ workers: 2, from: checkpoints(still), checkpointAtNs: END_NS });
    assert.equal(hashOf(end), hashOf(await runTalking()));
  });

  test('shows an observer the shards as they were left', LIMIT, async () => {
    const first = await runTalking({ checkpointAtNs: 100_000 });
    const memory = new SharedArrayBuffer(talking.shards * OBSERVED_WORDS * 4);
    const observer = { module: FACTORY, input: memory };
    await runTalking({ workers: 2, from: checkpoints(first), observer });
    const words = new Int32Array(memory);
    const seen = first.map((_, shard) => words[shard * OBSERVED_WORDS + 1]);
    assert.deepEqual(
      seen,
      first.map(({ events }) => events),
    );
  });

  test('tells progress from where it goes on', LIMIT, async () => {
    const from = checkpoints(await runTalking({ checkpointAtNs: 100_000 }));
    const progress: number[] = [];
    const stop = new AbortController();
    const onProgress = (nowNs: number): void => {
      progress.push(nowNs);
      stop.abort(new Error('enough'));
    };
    const running = runTalking({ workers: 2, from, untilNs: 1e15, onProgress, signal: stop.signal });
    await assert.rejects(running, { message: 'enough' });
    assert.ok(progress[0] > 100_000);
  });

  test('refuses times and checkpoints that do not belong together', LIMIT, async () => {
    const early = checkpoints(await runTalking({ checkpointAtNs: 50_000 }));
    const late = checkpoints(await runTalking({ checkpointAtNs: 60_000 }));
    await assert.rejects(runTalking({ from: early.slice(1) }), {
      message: 'runShards: expected 4 checkpoints of one time, found [50000 ns, 50000 ns, 50000 ns]',
    });
    await assert.rejects(runTalking({ from: [...early.slice(1), late[0]] }), {
      message:
        'runShards: expected 4 checkpoints of one time, found [50000 ns, 50000 ns, 50000 ns, 60000 ns]',
    });
    await assert.rejects(runTalking({ from: late, checkpointAtNs: 50_000 }), {
      message: 'runShards: expected an end from 60000 to 200000 ns, found 50000 ns',
    });
    await assert.rejects(runTalking({ checkpointAtNs: 200_001 }), {
      message: 'runShards: expected an end from 0 to 200000 ns, found 200001 ns',
    });
    for (const workers of [1, 2]) {
      await assert.rejects(runTalking({ workers, from: [...early].reverse() }), {
        message: 'shard 0: cluster-0 cannot go on from a checkpoint of cluster-3',
      });
    }
  });
});
