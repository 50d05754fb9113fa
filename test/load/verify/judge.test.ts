import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type DeliveryEvidence, judgeDelivery } from '../../../src/load/verify/judge.ts';
import type { DeliveryProof } from '../../../src/result/delivery-proof.ts';
import {
  type Damage,
  type History,
  type LogRecord,
  type MadeBatch,
  type Outcome,
  oracle,
  plan,
  play,
} from './modelled-run.ts';

const batch = (damages: readonly Damage[]): fc.Arbitrary<MadeBatch> =>
  fc.record({
    stream: fc.nat(plan.streamCount - 1),
    count: fc.integer({ min: 1, max: 6 }),
    outcome: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Outcome>('acknowledged') },
      { weight: 3, arbitrary: fc.constantFrom<Outcome>('failed', 'indeterminate', 'none') },
    ),
    written: fc.boolean(),
    damage: fc.constantFrom(...damages),
    victim: fc.nat(5),
    distance: fc.nat(12),
  });

const history = (damages: readonly Damage[]): fc.Arbitrary<History> =>
  fc.record({
    batches: fc.array(batch(damages), { maxLength: 40 }),
    logStart: fc.constantFrom(0, 1000, 2 ** 40),
    markerEvery: fc.constantFrom(0, 1, 5),
    turns: fc.array(
      fc.record({
        thread: fc.nat(2),
        offsets: fc.nat(40),
        commits: fc.uniqueArray(fc.nat(39), { maxLength: 5 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    readWhole: fc.boolean(),
  });

const ANY: readonly Damage[] = [
  'none',
  'none',
  'none',
  'lost',
  'duplicated',
  'late',
  'corrupt',
  'misplaced',
  'foreign',
  'unstamped',
];

const quiet: MadeBatch = {
  stream: 0,
  count: 20,
  outcome: 'acknowledged',
  written: true,
  damage: 'none',
  victim: 7,
  distance: 6,
};
const calm: History = {
  batches: Array.from({ length: plan.streamCount }, (_, stream) => ({ ...quiet, stream })),
  logStart: 0,
  markerEvery: 0,
  turns: [{ thread: 0, offsets: 0, commits: [] }],
  readWhole: true,
};
const withDamage = (damage: Damage, change: Partial<MadeBatch> = {}): History => ({
  ...calm,
  batches: calm.batches.map((one) => (one.stream === 0 ? { ...one, damage, ...change } : one)),
});
const judge = (played: History, change: Partial<DeliveryEvidence> = {}): DeliveryProof =>
  judgeDelivery({ ...play(played).evidence, ...change });

test('any history is judged as somebody judges it who sees everything', () => {
  let clear = 0;
  let runs = 0;
  fc.assert(
    fc.property(history(ANY), (played) => {
      const run = play(played);
      const proof = judgeDelivery(run.evidence);
      const truth = oracle(played, run);
      const unclear = proof.notJudged.some((reason) => reason.includes('read by two members'));
      runs++;
      clear += unclear ? 0 : 1;
      for (const [index, { counts }] of proof.classes.entries()) {
        const expected = truth.classes[index];
        assert.deepEqual(unclear ? { ...counts, duplicated: 0 } : counts, {
          ...expected,
          ...(unclear ? { duplicated: 0 } : {}),
        });
        assert.equal(
          counts.made,
          counts.acknowledged + counts.failed + counts.indeterminate + counts.notJudged,
        );
      }
      const read = run.logs.flatMap((log, partition) => log.slice(0, run.read[partition].offsets));
      const ofKind = (kind: LogRecord['kind']) => read.filter((record) => record.kind === kind).length;
      if (!unclear) {
        assert.deepEqual(proof.log, {
          records: truth.records,
          redelivered: run.read.reduce((sum, { deliveries }) => sum + deliveries, 0) - truth.records,
          rewritten: 0,
          corrupt: ofKind('corrupt'),
          misplaced: ofKind('misplaced'),
          unstamped: ofKind('unstamped'),
          foreign: ofKind('foreign'),
        });
      }
      const { lost, duplicated, reordered, failedSeen } = proof.total;
      const { corrupt, misplaced, unstamped } = proof.log;
      const damaged = lost + duplicated + reordered + failedSeen + corrupt + misplaced + unstamped > 0;
      assert.equal(proof.verdict === 'broken', damaged);
      assert.equal(
        proof.verdict === 'proven',
        !damaged &&
          !unclear &&
          proof.total.made > 0 &&
          run.logs.every((log, at) => log.length === run.read[at].offsets),
      );
    }),
    { numRuns: 2000 },
  );
  assert.ok(clear > 0.9 * runs, `${clear} of ${runs} histories had no doubtful handover`);
});

test('calm runs are proven, with every handover', () => {
  assert.equal(judge(calm).verdict, 'proven');
  const turns = [
    { thread: 0, offsets: 30, commits: [9, 19] },
    { thread: 1, offsets: 5, commits: [] },
    { thread: 2, offsets: 10, commits: [4] },
    { thread: 0, offsets: 0, commits: [] },
  ];
  const proof = judge({ ...calm, turns, markerEvery: 4 });
  assert.equal(proof.verdict, 'proven', proof.notJudged.join('; '));
  assert.ok(proof.log.redelivered > 0);
});

const findings: readonly (readonly [name: string, history: History, broken: string, example: string])[] = [
  [
    'a lost record',
    withDamage('lost'),
    '1 acknowledged records of web are not in the log',
    'orders-0: sequence 7 of producer web-0 was acknowledged and is not in the log; sequence 8 is at offset 7',
  ],
  [
    'a record lost at the end',
    withDamage('lost', { victim: 19 }),
    '1 acknowledged records of web are not in the log',
    'orders-0: sequence 19 of producer web-0 was acknowledged and is not in the log; the partition was read to offset 39',
  ],
  [
    'a duplicate',
    withDamage('duplicated'),
    '1 records of web are in the log again',
    'orders-0: offset 13 has sequence 7 of producer web-0 again',
  ],
  [
    'a record behind later ones',
    withDamage('late'),
    '1 records of web are behind later ones',
    'orders-0: offset 13 has sequence 7 of producer web-0, behind a later one',
  ],
  [
    'a corrupt record',
    withDamage('corrupt'),
    '1 records are corrupt',
    'orders-0: offset 7 is corrupt; it says that it is sequence 7 of producer web-0 in orders-0',
  ],
  [
    'a record in the wrong partition',
    withDamage('misplaced'),
    '1 records are in a partition that they were not written to',
    'orders-1: offset 0 has sequence 7 of producer web-0 in orders-0, which was not written there',
  ],
  [
    'a record of nobody',
    withDamage('unstamped'),
    '1 records are not of any producer that is known',
    'orders-0: offset 7 is of no producer that is known',
  ],
  [
    'refused records in the log',
    withDamage('none', { outcome: 'failed' }),
    '20 records of web are in the log though they were refused',
    'orders-0: sequences 0..19 of producer web-0 were refused and are in the log',
  ],
];

for (const [name, played, broken, example] of findings) {
  test(`${name} is found, and told`, () => {
    const proof = judge(played);
    assert.equal(proof.verdict, 'broken');
    assert.ok(proof.broken.includes(broken), proof.broken.join('\n'));
    assert.ok(proof.examples.includes(example), proof.examples.join('\n'));
  });
}

test('a duplicate whose copies two members saw is found', () => {
  const played: History = {
    ...withDamage('duplicated'),
    turns: [
      { thread: 0, offsets: 12, commits: [9] },
      { thread: 1, offsets: 0, commits: [] },
    ],
  };
  const proof = judge(played);
  assert.equal(proof.total.duplicated, 1);
  assert.deepEqual(proof.examples, [
    'orders-0: sequence 7 of producer web-0 was seen by two members at different offsets',
    'orders-0: offset 13 has sequence 7 of producer web-0 again',
  ]);
});

test('what is not promised is told and breaks nothing', () => {
  for (const damage of ['lost', 'duplicated', 'late'] as const) {
    const { evidence } = play(withDamage(damage));
    const promises = { kept: false, once: false, ordered: false };
    const proof = judgeDelivery({
      ...evidence,
      classes: evidence.classes.map((one) => ({ ...one, promises })),
    });
    assert.equal(proof.verdict, 'proven');
    assert.equal(proof.permitted.length, 1);
  }
});

test('records of an earlier run are nobody’s damage, nor are those of others where others write', () => {
  const earlier = judge(withDamage('foreign'));
  assert.deepEqual([earlier.verdict, earlier.log.foreign], ['proven', 1]);
  assert.equal(judge(withDamage('unstamped'), { otherWriters: true }).verdict, 'proven');
});

test('nothing is proven where evidence is missing', () => {
  const unread = judge({ ...calm, turns: [{ thread: 0, offsets: 39, commits: [] }], readWhole: false });
  assert.equal(unread.verdict, 'not judged');
  assert.equal(unread.total.lost, 0);
  assert.ok(unread.total.unread > 0);
  assert.ok(unread.examples.includes('orders-0: nobody read offset 39'), unread.examples.join('\n'));

  const { evidence } = play(calm);
  assert.equal(judgeDelivery({ ...evidence, bounds: [] }).verdict, 'not judged');
  assert.equal(judgeDelivery({ ...evidence, missing: ['a thread died'] }).verdict, 'not judged');
  assert.equal(judge({ ...calm, batches: [] }).verdict, 'not judged');
  assert.equal(judgeDelivery({ ...evidence, producers: evidence.producers.slice(1) }).verdict, 'broken');
  const died = judgeDelivery({
    ...evidence,
    producers: evidence.producers.slice(1),
    missing: ['a thread died'],
  });
  assert.equal(died.verdict, 'not judged');
});

test('a damaged history is never proven in little memory either, and a whole one never broken', () => {
  const limits = { intervalsPerStream: 2, intervals: 12 };
  let limited = 0;
  fc.assert(
    fc.property(history(ANY), (drawn) => {
      const played = { ...drawn, readWhole: true };
      const run = play(played, limits);
      const proof = judgeDelivery(run.evidence);
      const plenty = judgeDelivery(play(played).evidence);
      if (plenty.verdict !== 'proven') assert.notEqual(proof.verdict, 'proven');
      if (plenty.verdict !== 'broken') assert.notEqual(proof.verdict, 'broken');
      if (proof.total.notJudged > 0) {
        limited++;
        assert.notEqual(proof.verdict, 'proven');
        assert.ok(proof.examples.some((sentence) => sentence.includes('too many gaps')));
      }
      for (const count of ['lost', 'failedSeen', 'reordered', 'neverMade'] as const) {
        assert.ok(proof.total[count] <= plenty.total[count], count);
      }
      const unclear = proof.notJudged.some((reason) => reason.includes('read by two members'));
      assert.ok(unclear || proof.total.duplicated <= plenty.total.duplicated, 'duplicated');
      assert.equal(proof.total.made, plenty.total.made);
    }),
    { numRuns: 2000 },
  );
  assert.ok(limited > 0, 'the limits were met');
});
