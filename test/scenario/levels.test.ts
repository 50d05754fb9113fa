import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLevel } from '../../src/scenario/levels.ts';

describe('a service level', () => {
  test('is read into subject, metric, statistic, filter, comparison and bound', () => {
    assert.deepEqual(parseLevel('checkout.publishLatency p(99) < 50ms'), {
      value: {
        text: 'checkout.publishLatency p(99) < 50ms',
        subject: 'checkout',
        metric: 'publishLatency',
        statistic: { kind: 'percentile', percentile: 99 },
        filter: {},
        comparison: '<',
        bound: 50,
      },
    });
    assert.deepEqual(parseLevel('lost(acks=all) == 0'), {
      value: {
        text: 'lost(acks=all) == 0',
        subject: null,
        metric: 'lost',
        statistic: { kind: 'total' },
        filter: { acks: 'all' },
        comparison: '==',
        bound: 0,
      },
    });
    for (const [text, statistic, bound] of [
      ['billing.lag max < 100k', { kind: 'max' }, 100_000],
      ['billing.lag<=5', { kind: 'max' }, 5],
      ['throughput >= 10k/s', { kind: 'mean' }, 10_000],
      ['endToEndLatency p(99.9) <= 1.5 s', { kind: 'percentile', percentile: 99.9 }, 1500],
      ['endToEndLatency mean < 10ms', { kind: 'mean' }, 10],
    ] as const) {
      const parsed = parseLevel(text);
      assert.ok('value' in parsed, text);
      assert.deepEqual([parsed.value.statistic, parsed.value.bound], [statistic, bound], text);
    }
  });

  test('that is not understood gets what was expected', () => {
    for (const [text, expected] of [
      ['fast', /expected a level such as/],
      [5, /expected a level such as .*, found 5/],
      [
        'checkout.publishLatency < 50ms',
        /publishLatency needs a statistic: expected one of p\(99\), mean, max/,
      ],
      [
        'checkout.publshLatency p(99) < 50ms',
        /unknown metric "publshLatency", did you mean "publishLatency"/,
      ],
      ['publishLatency p(99) < 50', /bound of publishLatency: .*add a unit/],
      ['publishLatency p(100) < 50ms', /percentile above 0 and below 100/],
      ['publishLatency p99 < 50ms', /unknown statistic "p99"/],
      ['throughput p(99) > 5/s', /unknown statistic "p\(99\)" of throughput/],
      ['lost(ack=all) == 0', /unknown filter "ack" of lost, did you mean "acks"/],
      ['lost(acks=2) == 0', /unknown acks "2" of lost/],
      ['throughput >= 10k', /bound of throughput: .*unknown unit "k"/],
    ] as const) {
      const parsed = parseLevel(text);
      assert.ok('problem' in parsed, String(text));
      assert.match(parsed.problem, expected);
    }
  });
});
