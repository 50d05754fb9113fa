import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { capAssumptions, capRefusals, RunCaps } from '../../src/load/caps.ts';
import { plannedLoad, plannedRecords } from '../../src/load/planned-load.ts';
import { createSchedule } from '../../src/load/schedule.ts';
import type { Rate } from '../../src/scenario/scenario.ts';
import { examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';

const perSecond = fc.integer({ min: 1, max: 500 });

const rates: fc.Arbitrary<Rate> = fc.oneof(
  perSecond.map((recordsPerSecond): Rate => ({ kind: 'constant', recordsPerSecond })),
  fc
    .array(fc.tuple(perSecond, perSecond, fc.integer({ min: 100, max: 3000 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map(
      (segments): Rate => ({
        kind: 'piecewise',
        segments: segments.map(([from, to, durationMs]) => ({
          fromRecordsPerSecond: from,
          toRecordsPerSecond: to,
          durationMs,
        })),
      }),
    ),
  fc.tuple(perSecond, perSecond, fc.integer({ min: 0, max: 86_399_999 })).map(
    ([trough, more, peakAtMs]): Rate => ({
      kind: 'diurnal',
      troughRecordsPerSecond: trough,
      peakRecordsPerSecond: trough + more,
      peakAtMs,
    }),
  ),
);

test('the records that are planned are those that come due', () => {
  fc.assert(
    fc.property(
      rates,
      fc.double({ min: 0.2, max: 3, noNaN: true }),
      fc.integer({ min: 0, max: 2000 }),
      fc.integer({ min: 500, max: 6000 }),
      (rate, load, warmupMs, durationMs) => {
        const schedule = createSchedule({
          ...{ rate, load, startNs: 0, warmupNs: warmupMs * 1e6, client: 0, clients: 1, stream: 's' },
        });
        let due = 0;
        while (schedule.dueNs < (warmupMs + durationMs) * 1e6) {
          due++;
          schedule.advance();
        }
        const planned = plannedRecords(rate, examplePhase({ load, warmupMs, durationMs }));
        assert.ok(Math.abs(planned - due) <= 1.01, `${planned} planned, ${due} due`);
      },
    ),
    { numRuns: 60 },
  );
});

test('a paced phase above the cap is refused by its place, with the highest rate that its producers come to', () => {
  const scenario = exampleScenario({
    producers: [
      exampleProducer(),
      exampleProducer({
        name: 'ramp',
        rate: {
          kind: 'piecewise',
          segments: [{ fromRecordsPerSecond: 0, toRecordsPerSecond: 8000, durationMs: 8000 }],
        },
      }),
    ],
    run: {
      ...exampleScenario().run,
      phases: [
        examplePhase({ name: 'half', load: 0.5, durationMs: 2000 }),
        examplePhase({ name: 'whole', durationMs: 4000 }),
        examplePhase({ name: 'max', load: 'max' }),
      ],
    },
  });
  assert.deepEqual(
    capRefusals(scenario, { recordsPerSecond: 2500, bytes: null }).map(({ path }) => path),
    [['run', 'phases', 1]],
  );
  assert.match(
    capRefusals(scenario, { recordsPerSecond: 2500, bytes: null })[0].message,
    /phase whole: expected .* at most 2,500 .*--max-rate.*found up to 6,000 records\/s; lower/,
  );
  assert.deepEqual(capRefusals(scenario, { recordsPerSecond: 6000, bytes: null }), []);
});

test('shares of all clients together are never more than is left of the bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), rates), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.boolean(),
      (classes, made, saturates) => {
        const scenario = exampleScenario({
          producers: classes.map(([count, rate], index) =>
            exampleProducer({ name: `p${index}`, count, rate }),
          ),
        });
        const caps = new RunCaps({ recordsPerSecond: 1000, bytes: 8000 });
        caps.made(made);
        const shares = caps.ofClients(scenario, examplePhase({ load: saturates ? 'max' : 1 }));
        const bytes = shares.reduce((sum, share, index) => sum + (share.bytes ?? 0) * classes[index][0], 0);
        assert.ok(Math.abs(bytes - Math.max(0, 8000 - made)) < 0.01);
        const rate = shares.reduce(
          (sum, share, index) => sum + (share.recordsPerSecond ?? 0) * classes[index][0],
          0,
        );
        assert.ok(saturates ? Math.abs(rate - 1000) < 1e-6 : rate === 0);
      },
    ),
  );
});

test('what the caps did is told of the phases that they touched, and of no others', () => {
  const scenario = exampleScenario();
  const caps = new RunCaps({ recordsPerSecond: 1000, bytes: 8000 });
  caps.made(7900);
  assert.deepEqual(capAssumptions(caps, scenario, examplePhase(), false), []);
  assert.match(
    capAssumptions(caps, scenario, examplePhase({ load: 'max' }), false)[0],
    /held the rate at 1,000/,
  );
  assert.match(capAssumptions(caps, scenario, examplePhase(), true)[0], /7,900 of the 8,000 bytes/);
});

test('a plan of bytes counts the mean of keys, values and headers', () => {
  const scenario = exampleScenario({
    producers: [
      exampleProducer({
        record: {
          value: { kind: 'lognormal', medianBytes: 1000, p99Bytes: 1000 },
          key: { cardinality: 10, bytes: 12, zipf: null },
          headersBytes: 8,
        },
      }),
    ],
  });
  assert.deepEqual(plannedLoad(scenario, examplePhase()), {
    records: 10_000,
    bytes: 10_200_000,
    recordsPerSecondMax: 2000,
    seconds: 5,
  });
});
