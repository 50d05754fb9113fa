import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShardOutcome } from '../../../src/kernel/parallel/shard.ts';
import { FLOOD_MESSAGES, OBSERVED_WORDS } from '../support/talking-shards.ts';
import { FACTORY, hashOf, LIMIT, results, runTalking, talking, wrong } from './run-talking.ts';

const EIGHT = { ...talking, shards: 8 };

function assertAllTalked(outcomes: readonly ShardOutcome[]): void {
  results(outcomes).forEach(({ received, sent, log }, shard) => {
    const { name, events } = outcomes[shard];
    assert.ok(events > 400, `${name} did ${events} events`);
    assert.ok(received > 100, `${name} received ${received} messages`);
    assert.ok(sent > 100, `${name} sent ${sent} messages`);
    assert.equal(log.length, events * 4);
  });
}

describe('shards that talk to each other', () => {
  test('give the same events and the same hash on 1, 2, 3 and 8 workers', LIMIT, async () => {
    const alone = await runTalking({ input: EIGHT });
    assert.deepEqual(
      alone.map(({ name }) => name),
      Array.from({ length: 8 }, (_, shard) => `cluster-${shard}`),
    );
    assertAllTalked(alone);
    for (const workers of [2, 3, 8]) {
      const spread = await runTalking({ workers, input: EIGHT });
      assert.equal(hashOf(spread), hashOf(alone), `${workers} workers`);
      assert.deepEqual(spread, alone, `${workers} workers`);
    }
  });

  test('may be fewer than the workers', LIMIT, async () => {
    const few = await runTalking({ workers: 9 });
    assertAllTalked(few);
    assert.deepEqual(few, await runTalking());
  });

  test('lose no message', LIMIT, async () => {
    const outcomes = results(await runTalking({ workers: 2 }));
    const count = (field: 'sent' | 'received'): number =>
      outcomes.reduce((sum, outcome) => sum + outcome[field], 0);
    const onTheWay = count('sent') - count('received');
    // The longest delay is 1.3 us; 12 entities send two each 2 us, answers included.
    assert.ok(onTheWay >= 0 && onTheWay < 60, `${onTheWay} of ${count('sent')} are on their way`);
  });

  test('lose no message either when one sends many more in a window than ever before', LIMIT, async () => {
    const usual = results(await runTalking());
    const flooded = await runTalking({ input: wrong('flood') });
    assert.ok(results(flooded)[3].received > usual[3].received + 0.9 * FLOOD_MESSAGES);
    assert.deepEqual(await runTalking({ workers: 2, input: wrong('flood') }), flooded);
  });

  test('give the same whatever the lookahead, as long as it is true', LIMIT, async () => {
    const whole = hashOf(await runTalking());
    for (const lookaheadNs of [999.5, 300, 7]) {
      assert.equal(hashOf(await runTalking({ lookaheadNs })), whole);
    }
    assert.equal(hashOf(await runTalking({ lookaheadNs: 7, workers: 2 })), whole);
  });

  test('give another hash for another seed', LIMIT, async () => {
    const other = await runTalking({ input: { ...talking, seed: '8' } });
    assert.notEqual(hashOf(other), hashOf(await runTalking()));
  });

  test('handle events up to the end, the end included, also where a window ends there', LIMIT, async () => {
    const events = results(await runTalking()).flatMap(({ log }) =>
      Array.from({ length: log.length / 4 }, (_, index) => log[index * 4]),
    );
    assert.ok(events.includes(50_000), 'the run has an event there');
    for (const untilNs of [50_000, 50_000.7, 50_001]) {
      const last = results(await runTalking({ untilNs })).map(({ log }) => log.at(-4) ?? 0);
      assert.equal(Math.max(...last), 50_000);
    }
  });

  test('spend no time on windows in which nothing happens', LIMIT, async () => {
    const outcomes = await runTalking({
      workers: 2,
      input: { ...talking, stepNs: 10_000_000_000 },
      untilNs: 500_000_000_000,
    });
    assert.ok(outcomes.every(({ events }) => events > 50));
  });
});

describe('shards that keep to themselves', () => {
  test('need no lookahead', LIMIT, async () => {
    const input = { ...talking, silent: true };
    const alone = await runTalking({ input, lookaheadNs: null });
    assert.ok(alone.every(({ events }) => events > 200));
    assert.deepEqual(await runTalking({ input, lookaheadNs: null, workers: 2 }), alone);
    assert.deepEqual(await runTalking({ input }), alone);
  });
});

describe('an observer of shards', () => {
  for (const workers of [1, 2]) {
    const observed = async (kind: 'flood' | 'throw' | 'throwWhenMade'): Promise<number[][]> => {
      const memory = new SharedArrayBuffer(talking.shards * OBSERVED_WORDS * 4);
      const observer = { module: FACTORY, input: memory };
      const failing = await runTalking({ workers, observer, input: wrong(kind) }).then(
        (outcomes) => outcomes.map(({ events }) => events),
        () => null,
      );
      const seen = Array.from({ length: talking.shards }, (_, shard) => [
        ...new Int32Array(memory, shard * OBSERVED_WORDS * 4, OBSERVED_WORDS),
      ]);
      assert.equal(failing === null, kind !== 'flood');
      if (failing !== null) {
        assert.deepEqual(
          seen.map(([, , , events]) => events),
          failing,
        );
      }
      return seen;
    };

    test(`is called before a shard runs and when its run has ended, on ${workers}`, LIMIT, async () => {
      for (const [made, eventsMade, finished] of await observed('flood')) {
        assert.deepEqual([made, eventsMade, finished], [1, 0, 1]);
      }
    });

    test(`is told of the end of a run that failed, on ${workers}`, LIMIT, async () => {
      for (const [made, eventsMade, finished, events] of await observed('throw')) {
        assert.deepEqual([made, eventsMade, finished], [1, 0, 1]);
        assert.ok(events > 50);
      }
    });

    test(`is told of the end of a shard that never ran, on ${workers}`, LIMIT, async () => {
      const seen = await observed('throwWhenMade');
      assert.deepEqual(seen[0], [1, 0, 1, 0]);
      assert.deepEqual(seen[2], [0, 0, 0, 0]);
    });
  }
});
