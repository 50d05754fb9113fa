import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FetchSession } from '../../../src/load/consumer/fetch-sessions.ts';
import type { FetchFrom } from '../../../src/load/wire/fetch-request.ts';

const from = (partition: number, offset: number, leaderEpoch = 0): FetchFrom => ({
  topicId: 'aa',
  partition,
  offset,
  leaderEpoch,
});
const numbers = (list: readonly { readonly partition: number }[]) => list.map(({ partition }) => partition);

test('after a full request only what has changed is asked for, and what is gone is forgotten', () => {
  const session = new FetchSession();
  const first = session.request([from(0, 0), from(1, 0), from(2, 0)]);
  assert.deepEqual([first.sessionId, first.sessionEpoch, numbers(first.partitions)], [0, 0, [0, 1, 2]]);
  session.answered(9);
  const second = session.request([from(0, 5), from(1, 0), from(3, 0)]);
  assert.deepEqual([second.sessionId, second.sessionEpoch], [9, 1]);
  assert.deepEqual([numbers(second.partitions), numbers(second.forgotten)], [[0, 3], [2]]);
  session.answered(9);
  const third = session.request([from(0, 5), from(1, 0, 1), from(3, 0)]);
  assert.deepEqual([third.sessionEpoch, numbers(third.partitions), third.forgotten], [2, [1], []]);
});

test('without a session, or after one is gone, each request is a full one', () => {
  const session = new FetchSession();
  session.request([from(0, 0)]);
  session.answered(0);
  assert.deepEqual(numbers(session.request([from(0, 0)]).partitions), [0]);
  session.answered(9);
  session.request([from(0, 0)]);
  session.reset();
  const { sessionId, sessionEpoch, partitions, forgotten } = session.request([from(0, 0)]);
  assert.deepEqual([sessionId, sessionEpoch, numbers(partitions), forgotten], [0, 0, [0], []]);
});

test('a broker that is told the changes knows what is wanted', () => {
  const wanted = fc.uniqueArray(
    fc.record({ partition: fc.nat(5), offset: fc.nat(3), leaderEpoch: fc.nat(1) }),
    { selector: ({ partition }) => partition },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(wanted, fc.constantFrom('answer', 'answer', 'lose'))), (turns) => {
      const session = new FetchSession();
      const known = new Map<number, FetchFrom>();
      for (const [list, fate] of turns) {
        const positions = list.map((one) => ({ topicId: 'aa', ...one }));
        const request = session.request(positions);
        if (request.sessionEpoch === 0) known.clear();
        for (const one of request.partitions) known.set(one.partition, one);
        for (const { partition } of request.forgotten) known.delete(partition);
        assert.deepEqual(new Set(known.values()), new Set(positions));
        if (fate === 'answer') session.answered(9);
        else session.reset();
      }
    }),
  );
});
