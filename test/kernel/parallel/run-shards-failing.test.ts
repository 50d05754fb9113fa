import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FLOOD_MESSAGES, type Mischief } from '../support/talking-shards.ts';
import { FACTORY, LIMIT, runTalking, talking, wrong } from './run-talking.ts';

const SILENCE = { lookaheadNs: null, input: { ...talking, silent: true, stepNs: 100 } };

describe('a run in shards', () => {
  for (const workers of [1, 2]) {
    const name = `on ${workers} ${workers === 1 ? 'worker' : 'workers'}`;

    test(`ends with a shard's error, its name and time, ${name}`, LIMIT, async () => {
      await assert.rejects(runTalking({ workers, input: wrong('throw') }), {
        name: 'RangeError',
        message: 'cluster-2 at 50050 ns: the disk is full',
      });
    });

    test(`ends when a shard cannot be made, ${name}`, LIMIT, async () => {
      await assert.rejects(runTalking({ workers, input: wrong('throwWhenMade') }), {
        message: 'shard 2: no such host',
      });
    });

    test(`ends when a shard's module cannot be read, ${name}`, LIMIT, async () => {
      await assert.rejects(runTalking({ workers, factoryModule: `${FACTORY}x` }), /talking-shards\.tsx/);
    });

    test(`ends when a shard cannot say what came out, ${name}`, LIMIT, async () => {
      await assert.rejects(runTalking({ workers, input: wrong('throwAtEnd') }), {
        message: 'cluster-2 at 200000 ns: no such file',
      });
    });

    test(`refuses an event that reaches another shard before the lookahead, ${name}`, LIMIT, async () => {
      await assert.rejects(runTalking({ workers, input: wrong('tooSoon') }), {
        message:
          'cluster-2 at 50050 ns: schedule(message) for entity 3145728 in 999 ns from talker 0: ' +
          'another shard is 1000 ns away (lookahead)',
      });
    });

    test(`refuses an event for an entity that its shard does not have, ${name}`, LIMIT, async () => {
      await assert.rejects(
        runTalking({ workers, input: wrong('nobody') }),
        /^RangeError: cluster-3 at \d+ ns: deliver\(message\): the shard has no entity 3146228$/,
      );
    });

    test(`refuses an event for a shard that there is not, ${name}`, LIMIT, async () => {
      await assert.rejects(
        runTalking({ workers, input: wrong('outside') }),
        /^RangeError: cluster-2 at \d+ ns: an event for entity 4194304 of shard 4: there are 4 shards$/,
      );
    });

    test(`refuses more events in a window than it may hold, ${name}`, LIMIT, async () => {
      const messagesPerWindowMax = FLOOD_MESSAGES / 2;
      const shards = workers === 1 ? '0, 1, 2, 3' : '1, 3';
      await assert.rejects(
        runTalking({ workers, messagesPerWindowMax, input: wrong('flood') }),
        RegExp(
          `^RangeError: cluster-2 at \\d+ ns: more than 1500 events for shards ${shards} in one window$`,
        ),
      );
    });

    test(`stops when it is told to, ${name}`, LIMIT, async () => {
      const stop = new AbortController();
      const progress: number[] = [];
      const running = runTalking({
        workers,
        untilNs: 1e15,
        signal: stop.signal,
        onProgress: (nowNs) => {
          progress.push(nowNs);
          if (progress.length === 2) stop.abort(new Error('interrupted'));
        },
      });
      await assert.rejects(running, { message: 'interrupted' });
      assert.equal(progress.length, 2);
      assert.ok(progress[0] < progress[1]);
    });

    test(`stops in the middle of a window of millions of events, ${name}`, LIMIT, async () => {
      const stop = new AbortController();
      let toldMs = 0;
      setTimeout(() => {
        toldMs = performance.now();
        stop.abort(new Error('interrupted'));
      }, 500);
      const running = runTalking({ workers, untilNs: 1e15, signal: stop.signal, ...SILENCE });
      await assert.rejects(running, { message: 'interrupted' });
      const tookMs = performance.now() - toldMs;
      assert.ok(toldMs > 0 && tookMs < 1500, `it took ${tookMs} ms`);
    });

    test(`ends when progress cannot be told, ${name}`, LIMIT, async () => {
      const onProgress = (): never => {
        throw new Error('no terminal');
      };
      await assert.rejects(runTalking({ workers, untilNs: 1e15, onProgress }), { message: 'no terminal' });
    });
  }

  test('refuses events between shards when there is no lookahead', LIMIT, async () => {
    await assert.rejects(
      runTalking({ lookaheadNs: null }),
      /there is no such entity, and no other shard to have it/,
    );
  });

  test('does not begin when it was told to stop before', LIMIT, async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    await assert.rejects(runTalking({ signal }), { message: 'interrupted' });
  });

  test('ends with the earliest of two failures in a window, on any number of workers', LIMIT, async () => {
    const mischief: Mischief[] = [
      { shard: 0, atNs: 50_060, kind: 'throw' },
      { shard: 3, atNs: 50_050, kind: 'throw' },
    ];
    for (const workers of [1, 2]) {
      await assert.rejects(runTalking({ workers, input: { ...talking, mischief } }), {
        message: 'cluster-3 at 50050 ns: the disk is full',
      });
    }
  });

  test('ends when a worker dies, naming its shards', LIMIT, async () => {
    await assert.rejects(runTalking({ workers: 2, input: wrong('exit') }), {
      message: 'the worker of shards 0, 2 ended early with code 3',
    });
  });

  test('ends when a result cannot leave its worker', LIMIT, async () => {
    await assert.rejects(runTalking({ workers: 2, input: wrong('uncloneable') }), {
      message: /^shards 0, 2: what they leave cannot be sent: .*could not be cloned/,
    });
  });

  for (const lookaheadNs of [0, -1, 0.5, Number.NaN]) {
    test(`refuses a lookahead of ${lookaheadNs} ns, with which time would not move`, LIMIT, async () => {
      await assert.rejects(runTalking({ lookaheadNs }), {
        message: `runShards: expected a lookahead of at least 1 ns, found ${lookaheadNs}`,
      });
    });
  }
});
