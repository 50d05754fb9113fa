import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunShardsOptions, runShards } from '../../../src/kernel/parallel/run-shards.ts';
import type { ShardOutcome } from '../../../src/kernel/parallel/shard.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import { runProgram } from '../../support/run-program.ts';
import { LOOKAHEAD_NS, type TalkingInput, type TalkingResult } from '../support/talking-shards.ts';

const SHARDS = 4;
const END_NS = 200_000;
const FACTORY = new URL('../support/talking-shards.ts', import.meta.url).href;
const LIMIT = { timeout: 20_000 };

const talking: TalkingInput = { seed: '7', shards: SHARDS, stepNs: 2000 };

function run(options: Partial<RunShardsOptions> & { readonly input?: TalkingInput } = {}) {
  return runShards({
    factoryModule: FACTORY,
    input: talking,
    shards: SHARDS,
    workers: 1,
    untilNs: END_NS,
    lookaheadNs: LOOKAHEAD_NS,
    ...options,
  });
}

function wrong(kind: NonNullable<TalkingInput['mischief']>['kind']): TalkingInput {
  return { ...talking, mischief: { shard: 2, atNs: 50_050, kind } };
}

const results = (outcomes: readonly ShardOutcome[]): TalkingResult[] =>
  outcomes.map(({ result }) => result as TalkingResult);
const hashOf = (outcomes: readonly ShardOutcome[]): string =>
  foldChains(outcomes.map(({ hashChains }) => hashChains));

describe('shards that talk to each other', () => {
  test('give the same events and the same hash on 1, 2, 3 and 4 workers', LIMIT, async () => {
    const alone = await run();
    assert.deepEqual(
      alone.map(({ name }) => name),
      ['cluster-0', 'cluster-1', 'cluster-2', 'cluster-3'],
    );
    for (const { name, events, result } of alone) {
      const { received, sent, log } = result as TalkingResult;
      assert.ok(events > 400, `${name} did ${events} events`);
      assert.ok(received > 100, `${name} received ${received} messages`);
      assert.ok(sent > 100, `${name} sent ${sent} messages`);
      assert.equal(log.length, events * 4);
    }
    for (const workers of [2, 3, 4, 9]) {
      const spread = await run({ workers });
      assert.equal(hashOf(spread), hashOf(alone), `${workers} workers`);
      assert.deepEqual(spread, alone, `${workers} workers`);
    }
  });

  test('lose no message', LIMIT, async () => {
    const outcomes = results(await run({ workers: 2 }));
    const count = (field: 'sent' | 'received'): number =>
      outcomes.reduce((sum, outcome) => sum + outcome[field], 0);
    const onTheWay = count('sent') - count('received');
    // The longest delay is 1.3 us; 12 entities send two each 2 us, answers included.
    assert.ok(onTheWay >= 0 && onTheWay < 60, `${onTheWay} of ${count('sent')} are on their way`);
  });

  test('give the same whatever the lookahead, as long as it is true', LIMIT, async () => {
    const whole = hashOf(await run());
    for (const lookaheadNs of [999.5, 300, 7]) assert.equal(hashOf(await run({ lookaheadNs })), whole);
  });

  test('give another hash for another seed', LIMIT, async () => {
    assert.notEqual(hashOf(await run({ input: { ...talking, seed: '8' } })), hashOf(await run()));
  });

  test('handle events up to the end, the end included, also where a window ends there', LIMIT, async () => {
    for (const untilNs of [50_000, 50_001]) {
      const last = results(await run({ untilNs })).map(({ log }) => log.at(-4) ?? 0);
      const events = results(await run()).flatMap(({ log }) =>
        Array.from({ length: log.length / 4 }, (_, index) => log[index * 4]),
      );
      assert.ok(events.includes(50_000), 'the run has an event there');
      assert.equal(Math.max(...last), 50_000);
    }
  });

  test('spend no time on windows in which nothing happens', LIMIT, async () => {
    const outcomes = await run({
      workers: 2,
      input: { ...talking, stepNs: 10_000_000_000 },
      untilNs: 1_000_000_000_000,
    });
    assert.ok(outcomes.every(({ events }) => events > 100));
  });
});

describe('a run in shards', () => {
  for (const workers of [1, 2]) {
    const name = `on ${workers} ${workers === 1 ? 'worker' : 'workers'}`;

    test(`ends with a shard's error, its name and time, ${name}`, LIMIT, async () => {
      await assert.rejects(run({ workers, input: wrong('throw') }), {
        name: 'RangeError',
        message: 'cluster-2 at 50050 ns: the disk is full',
      });
    });

    test(`ends when a shard cannot be made, ${name}`, LIMIT, async () => {
      await assert.rejects(run({ workers, input: wrong('throwWhenMade') }), {
        message: 'shard 2: no such host',
      });
    });

    test(`ends when a shard's module cannot be read, ${name}`, LIMIT, async () => {
      await assert.rejects(run({ workers, factoryModule: `${FACTORY}x` }), /talking-shards\.tsx/);
    });

    test(`refuses an event that reaches another shard before the lookahead, ${name}`, LIMIT, async () => {
      await assert.rejects(run({ workers, input: wrong('tooSoon') }), {
        message:
          'cluster-2 at 50050 ns: schedule(message) for entity 3145728 in 999 ns from talker 0: ' +
          'another shard is 1000 ns away (lookahead)',
      });
    });

    test(`refuses an event for an entity that its shard does not have, ${name}`, LIMIT, async () => {
      await assert.rejects(
        run({ workers, input: wrong('nobody') }),
        /^RangeError: cluster-3 at \d+ ns: deliver\(message\): the shard has no entity 3146228$/,
      );
    });

    test(`refuses an event for a shard that there is not, ${name}`, LIMIT, async () => {
      await assert.rejects(run({ workers, input: wrong('outside') }), {
        message: 'an event for entity 4194304 of shard 4: there are 4 shards',
      });
    });

    test(`refuses events between shards when there is no lookahead, ${name}`, LIMIT, async () => {
      await assert.rejects(
        run({ workers, lookaheadNs: null }),
        /there is no such entity, and no other shard to have it/,
      );
    });

    test(`stops when it is told to, ${name}`, LIMIT, async () => {
      const stop = new AbortController();
      const progress: number[] = [];
      const running = run({
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
  }

  test('ends when a worker dies, naming its shards', LIMIT, async () => {
    await assert.rejects(run({ workers: 2, input: wrong('exit') }), {
      message: 'the worker of shards 0, 2 ended early with code 3',
    });
  });

  test('ends when a result cannot leave its worker', LIMIT, async () => {
    await assert.rejects(run({ workers: 2, input: wrong('uncloneable') }), /could not be cloned/);
  });

  for (const lookaheadNs of [0, -1, 0.5, Number.NaN]) {
    test(`refuses a lookahead of ${lookaheadNs} ns, with which time would not move`, LIMIT, async () => {
      await assert.rejects(run({ lookaheadNs }), {
        message: `runShards: expected a lookahead of at least 1 ns, found ${lookaheadNs}`,
      });
    });
  }

  test('leaves nothing behind that keeps the process alive', LIMIT, async () => {
    const program = fileURLToPath(new URL('../support/run-and-end.ts', import.meta.url));
    const inputs = [talking, wrong('throw'), wrong('exit'), wrong('throwWhenMade')];
    const { code, stdout, stderr } = await runProgram(process.execPath, [program, JSON.stringify(inputs)], {
      timeoutMs: 10_000,
    });
    assert.deepEqual(
      [code, stderr, ...stdout.trim().split('\n')],
      [
        0,
        '',
        'good',
        'cluster-2 at 50050 ns: the disk is full',
        'the worker of shards 0, 2 ended early with code 3',
        'shard 2: no such host',
      ],
    );
  });
});
