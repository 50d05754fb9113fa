import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateLevels, type LevelOutcome } from '../../src/result/levels.ts';
import type { PhaseResult, RunResult } from '../../src/result/run-result.ts';
import { parseLevel } from '../../src/scenario/levels.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { latency, predicted, scenario } from '../report/fixture.ts';

function evaluate(text: string, result: RunResult = predicted, of: Scenario = scenario): LevelOutcome {
  const parsed = parseLevel(text);
  assert.ok('value' in parsed, JSON.stringify(parsed));
  return evaluateLevels({ ...of, levels: [parsed.value] }, result)[0];
}

function changed(change: (phase: PhaseResult, index: number) => Partial<PhaseResult>): RunResult {
  return {
    ...predicted,
    phases: predicted.phases.map((phase, index) => ({ ...phase, ...change(phase, index) })),
  };
}

test('a latency level is judged in the phases with a stated load and not under saturation', () => {
  const outcome = evaluate('publishLatency p(99) < 50ms');
  assert.equal(outcome.verdict, 'met');
  assert.equal(outcome.phase, 'paced');
  assert.equal(outcome.value, predicted.phases[0].publishLatencyMs?.p99);
  assert.equal(evaluate('checkout.publishLatency p(99) < 10ms').verdict, 'missed');
});

test('mean and maximum of an end-to-end latency can be asked for', () => {
  const summary = predicted.phases[0].endToEndLatencyMs;
  assert.equal(evaluate('billing.endToEndLatency mean < 1s').value, summary?.mean);
  assert.equal(evaluate('endToEndLatency max < 1s').value, summary?.max);
});

test('records that were never acknowledged are longer than any latency that a percentile reaches', () => {
  const due = predicted.phases[0].counts.recordsDue;
  const stuck = (count: number) =>
    changed((phase) => ({ counts: { ...phase.counts, recordsAcknowledged: due - count } }));
  const few = stuck(Math.floor(due / 1000));
  const many = stuck(Math.ceil(due / 20));
  assert.equal(evaluate('publishLatency p(99) < 50ms', few).verdict, 'met');
  assert.equal(evaluate('publishLatency max < 1h', few).verdict, 'missed');
  const { verdict, value, reason } = evaluate('checkout.publishLatency p(99) < 1h', many);
  assert.deepEqual([verdict, value], ['missed', null]);
  assert.match(reason ?? '', /of .* records due were not acknowledged/);
  assert.equal(evaluate('endToEndLatency p(99) < 1h', many).verdict, 'missed');
  // Counts are of all classes: they do not say which one is stuck.
  const two = { ...scenario, producers: [...scenario.producers, { ...scenario.producers[0], name: 'web' }] };
  assert.equal(evaluate('checkout.publishLatency p(99) < 1h', many, two).verdict, 'met');
});

test('with several paced phases the worst one decides', () => {
  const paced = predicted.phases[0];
  const slow = { ...paced, name: 'peak', publishLatencyMs: latency(70, 0.3) };
  const outcome = evaluate('publishLatency p(50) < 50ms', { ...predicted, phases: [paced, slow] });
  assert.deepEqual([outcome.verdict, outcome.phase], ['missed', 'peak']);
});

test('a bound itself is missed by < and met by <=', () => {
  const exact = changed(() => ({ throughputRecordsPerSecond: 5000 }));
  assert.equal(evaluate('throughput < 5k/s', exact).verdict, 'missed');
  assert.equal(evaluate('throughput <= 5k/s', exact).verdict, 'met');
  assert.equal(evaluate('throughput == 5k/s', exact).verdict, 'met');
  assert.equal(evaluate('throughput > 5k/s', exact).verdict, 'missed');
});

test('a throughput level asks for capacity, so the saturating phase answers it', () => {
  assert.deepEqual(
    [evaluate('throughput >= 40k/s').verdict, evaluate('throughput >= 40k/s').phase],
    ['met', 'saturating'],
  );
  assert.equal(evaluate('checkout.throughput >= 42k/s').verdict, 'missed');
});

test('a lost level counts the records that producers gave up on and says so', () => {
  assert.equal(evaluate('lost(acks=all) == 0').verdict, 'met');
  const failing = changed((phase, index) => ({ counts: { ...phase.counts, recordsFailed: index * 3 } }));
  const outcome = evaluate('lost(acks=all) == 0', failing);
  assert.deepEqual([outcome.verdict, outcome.value, outcome.phase], ['missed', 3, 'saturating']);
  assert.match(outcome.evaluated, /gave up on/);
});

test('a lost level about producers that the scenario has not is not evaluable', () => {
  assert.equal(evaluate('lost(acks=1) == 0').verdict, 'not evaluable');
});

test('failures that may belong to other producers leave a lost level open', () => {
  const failing = changed((phase) => ({ counts: { ...phase.counts, recordsFailed: 2 } }));
  const two = { ...scenario, producers: [...scenario.producers, { ...scenario.producers[0], name: 'web' }] };
  const outcome = evaluate('checkout.lost == 0', failing, two);
  assert.equal(outcome.verdict, 'not evaluable');
  assert.match(outcome.reason ?? '', /not counted by class/);
  assert.equal(evaluate('checkout.lost == 0', predicted, two).verdict, 'met');
});

test('a lag level takes the largest lag of its consumer classes in the paced phases', () => {
  assert.deepEqual([evaluate('billing.lag max < 1k').verdict, evaluate('lag max < 1k').value], ['met', 410]);
});

test('a level without a figure to judge is not evaluable, with the reason', () => {
  const silent = changed(() => ({ publishLatencyMs: null }));
  assert.match(evaluate('publishLatency p(99) < 50ms', silent).reason ?? '', /no latency sample/);
  assert.match(evaluate('publishLatency p(97) < 50ms').reason ?? '', /p97 is not recorded.*p\(99\)/);
  assert.match(evaluate('nobody.publishLatency p(99) < 50ms').reason ?? '', /no producer class "nobody"/);
  const saturated = { ...predicted, phases: [predicted.phases[1]] };
  assert.match(
    evaluate('publishLatency p(99) < 50ms', saturated).reason ?? '',
    /no phase with a stated load/,
  );
  assert.equal(evaluate('publishLatency p(99) < 50ms', saturated).value, null);
});
