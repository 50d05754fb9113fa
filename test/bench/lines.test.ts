import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Figure, Program } from '../../bench/kernel/catalogue.ts';
import { linesOf, type PeerStates, type Round } from '../../bench/kernel/lines.ts';
import type { Outcome } from '../../bench/kernel/program.ts';
import { checkCommonWork, programsOf, runRounds } from '../../bench/kernel/rounds.ts';

const mine = program('ours', 'mine');
const other = program('nexosim', 'other');

function program(side: Program['side'], name: string): Program {
  return { side, name, file: '', input: {}, smokeInput: null };
}

function figure(better: Figure['better'], ...goals: Figure['goals']): Figure {
  return { name: 'speed', unit: 'events/s', program: mine, value: 'rate', better, goals };
}

function outcome(rate: number, checksum = 'same', common: string | null = null): Outcome {
  return { values: { rate }, checksum, common };
}

/** Rounds of our rate and the peer's. */
function rounds(...rates: readonly (readonly [number, number])[]): Round[] {
  return rates.map(
    ([our, their]) =>
      new Map([
        [mine, outcome(our)],
        [other, outcome(their)],
      ]),
  );
}

const found: PeerStates = new Map([['nexosim', { label: 'nexosim 1', skipped: null }]]);
const judged = { judged: true };

describe('a line of the benchmark', () => {
  test('holds the median ratio inside a round against the goal, and its spread, where there is a peer', () => {
    const [line] = linesOf(
      [figure('higher', { against: other, bound: 3 })],
      rounds([100, 50], [10, 1], [90, 30]),
      found,
      judged,
    );
    assert.deepEqual(line, {
      name: 'speed',
      value: 90,
      unit: 'events/s',
      goal: 3,
      goalMet: true,
      ratio: 3,
      spread: [2, 10],
      against: 'nexosim 1',
    });
    const [missed] = linesOf([figure('higher', { against: other, bound: 4 })], rounds([9, 3]), found, judged);
    assert.equal(missed.goalMet, false);
  });

  test('holds the median value against the goal where there is no peer', () => {
    const [line] = linesOf(
      [figure('higher', { against: null, bound: 91 })],
      rounds([100, 1], [10, 1], [90, 1]),
      found,
      judged,
    );
    assert.deepEqual(line, {
      name: 'speed',
      value: 90,
      unit: 'events/s',
      goal: 91,
      goalMet: false,
      ratio: null,
      spread: [10, 100],
      against: null,
    });
  });

  test('meets a goal at its bound, from below where lower is better', () => {
    const met = (better: Figure['better'], value: number): boolean | null =>
      linesOf([figure(better, { against: null, bound: 5 })], rounds([value, 1]), found, judged)[0].goalMet;
    assert.deepEqual([met('higher', 4.9), met('higher', 5), met('higher', 5.1)], [false, true, true]);
    assert.deepEqual([met('lower', 4.9), met('lower', 5), met('lower', 5.1)], [true, true, false]);
  });

  test('is neither met nor missed without a goal, without its peer, and in a smoke run', () => {
    const reported = figure('higher', { against: null, bound: null });
    assert.equal(linesOf([reported], rounds([1, 1]), found, judged)[0].goalMet, null);

    const compared = figure('higher', { against: other, bound: 3 });
    const absent: PeerStates = new Map([['nexosim', { label: 'nexosim 1', skipped: 'no cargo' }]]);
    const [line] = linesOf([compared], [new Map([[mine, outcome(7)]])], absent, judged);
    assert.deepEqual(
      [line.value, line.goal, line.goalMet, line.ratio, line.spread, line.against, line.skipped],
      [7, 3, null, null, null, 'nexosim 1', 'no cargo'],
    );
    assert.equal(linesOf([compared], rounds([9, 1]), found, { judged: false })[0].goalMet, null);
  });

  test('is one of two when a figure has two peers', () => {
    const both = figure('higher', { against: other, bound: 3 }, { against: null, bound: null });
    assert.deepEqual(
      linesOf([both], rounds([9, 1]), found, judged).map(({ name, against }) => [name, against]),
      [
        ['speed', 'nexosim 1'],
        ['speed', null],
      ],
    );
  });

  test('of a program that printed something else is an error that names both', () => {
    const wrong: Round = new Map([[mine, { values: { seconds: 1 }, checksum: '', common: null }]]);
    assert.throws(
      () => linesOf([figure('higher', { against: null, bound: 1 })], [wrong], found, judged),
      /^Error: mine printed no rate$/,
    );
  });
});

describe('the rounds', () => {
  const compared = figure('higher', { against: other, bound: 3 });

  test('run each program once a round, in turned order every other round', async () => {
    const shared = { ...compared, name: 'also' };
    const ran: string[] = [];
    await runRounds({
      programs: programsOf([compared, shared]),
      rounds: 3,
      run: async ({ name }) => {
        ran.push(name);
        return outcome(1);
      },
      onOutcome: () => undefined,
    });
    assert.deepEqual(ran, ['mine', 'other', 'other', 'mine', 'mine', 'other']);
  });

  test('refuse a program that does other work in a later round', async () => {
    let runs = 0;
    const run = async (): Promise<Outcome> => {
      runs += 1;
      return outcome(1, `work ${runs}`);
    };
    await assert.rejects(
      runRounds({ programs: [mine], rounds: 2, run, onOutcome: () => undefined }),
      /^Error: mine: the checksum is work 2 in round 2, it was work 1 before$/,
    );
  });

  test('refuse a peer that began with other work, if both say with what', () => {
    const round = (theirs: string | null): Round =>
      new Map([
        [mine, outcome(1, '', '1000 ns')],
        [other, outcome(1, '', theirs)],
      ]);
    assert.throws(
      () => checkCommonWork([compared], round('1001 ns')),
      /^Error: speed: other came to 1001 ns where ours came to 1000 ns$/,
    );
    checkCommonWork([compared], round('1000 ns'));
    checkCommonWork([compared], round(null));
  });
});
