import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Heartbeat, heartbeatMemory } from '../../../src/kernel/parallel/heartbeats.ts';
import type { ShardOutcome, WorkerStart } from '../../../src/kernel/parallel/shard.ts';
import { ShardGroup } from '../../../src/kernel/parallel/shard-group.ts';
import { createShard } from '../support/talking-shards.ts';
import { END_NS, FACTORY, talking } from './run-talking.ts';

const START: WorkerStart = {
  factory: { module: FACTORY, input: { ...talking, silent: true } },
  observer: null,
  plan: { startNs: 0, untilNs: END_NS, lookaheadNs: null },
  shards: [0, 1, 2, 3],
  shardsAll: 4,
  from: null,
  checkpoint: false,
  place: {
    worker: 0,
    workers: 1,
    spins: 0,
    barrier: new SharedArrayBuffer(0),
    mailboxes: [],
    heartbeats: new SharedArrayBuffer(0),
  },
};

function madeGroup(): { readonly group: ShardGroup; readonly heartbeat: Heartbeat } {
  const heartbeat = new Heartbeat(heartbeatMemory(1), 0);
  const group = new ShardGroup(START, heartbeat);
  group.make({ createShard, observeShard: null });
  return { group, heartbeat };
}

const events = (outcomes: readonly ShardOutcome[]): number =>
  outcomes.reduce((sum, outcome) => sum + outcome.events, 0);

describe('a group of shards', () => {
  for (const eventsMax of [1, 70, 1000]) {
    test(`handles at most ${eventsMax} events of all its shards at a time, and goes on from there`, () => {
      const whole = madeGroup().group;
      assert.equal(whole.run(END_NS, Number.POSITIVE_INFINITY), true);
      const expected = whole.outcomes();

      const { group } = madeGroup();
      let slices = 1;
      while (!group.run(END_NS, eventsMax)) slices += 1;
      assert.deepEqual(group.outcomes(), expected);
      const least = Math.ceil(events(expected) / eventsMax);
      assert.ok(slices >= least && slices <= least + 1, `${slices} slices`);
    });
  }

  test('shows life, and which shard is at work, with every slice', () => {
    const { group, heartbeat } = madeGroup();
    const seen = new Set<number>();
    let beats = heartbeat.beats;
    while (!group.run(END_NS, 10)) {
      assert.ok(heartbeat.beats > beats);
      beats = heartbeat.beats;
      seen.add(heartbeat.shard);
    }
    assert.deepEqual([...seen], [0, 1, 2, 3]);
  });
});
