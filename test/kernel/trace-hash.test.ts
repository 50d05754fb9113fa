import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Columns, RecordColumn } from '../../src/kernel/columns.ts';
import { A, KIND, ROW_WORDS, TIME } from '../../src/kernel/event-rows.ts';
import { foldChains, TraceHash } from '../../src/kernel/trace-hash.ts';

interface Event {
  readonly entity: number;
  readonly words: readonly [time: number, kind: number, a: number, b: number, c: number, d: number];
}

const ENTITIES = 3;

function chains(events: readonly Event[]): Uint32Array {
  const hash = new TraceHash(new Columns());
  for (let entity = 0; entity < ENTITIES; entity += 1) hash.addEntity(entity);
  const record = new RecordColumn(ROW_WORDS);
  for (const { entity, words } of events) {
    const [time, kind, ...payload] = words;
    record.data[TIME] = time;
    record.halves[KIND] = kind;
    record.data.set(payload, A);
    hash.fold(entity, record.halves, 0);
  }
  return hash.chains();
}

const hashOf = (events: readonly Event[]): string => foldChains([chains(events)]);

const word = fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat(), fc.double({ noNaN: true }));
const event: fc.Arbitrary<Event> = fc.record({
  entity: fc.nat({ max: ENTITIES - 1 }),
  words: fc.tuple(fc.maxSafeNat(), fc.nat({ max: 9 }), word, word, word, word),
});
const events = fc.array(event, { minLength: 1, maxLength: 20 });

describe('the trace hash', () => {
  test('changes with the time, the kind or any one of the numbers of one event', () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.nat({ max: 5 }), word, (trace, which, place, other) => {
        const at = which % trace.length;
        const words = trace[at].words.map((old, index) =>
          index === place ? (place === 1 ? old + 1 : other) : old,
        ) as unknown as Event['words'];
        fc.pre(!Object.is(words[place], trace[at].words[place]));
        assert.notEqual(hashOf(trace.with(at, { ...trace[at], words })), hashOf(trace));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test('changes with the order of two events of an entity, with one left out, and with one given to another', () => {
    fc.assert(
      fc.property(events, event, event, (trace, first, second) => {
        const own = { ...second, entity: first.entity };
        fc.pre(!first.words.every((value, index) => Object.is(value, own.words[index])));
        const hashes = [
          [...trace, first, own],
          [...trace, own, first],
          [...trace, first],
          [...trace, { ...first, entity: (first.entity + 1) % ENTITIES }, own],
        ].map(hashOf);
        assert.equal(new Set(hashes).size, hashes.length);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('does not change with the order in which different entities are looked at', () => {
    fc.assert(
      fc.property(events, (trace) => {
        const byEntity = trace.toSorted((x, y) => x.entity - y.entity);
        assert.equal(hashOf(byEntity), hashOf(trace));
      }),
      { seed: 1 },
    );
  });

  test('names the entity that differs', () => {
    const trace: Event[] = [0, 1, 2].map((entity) => ({ entity, words: [5, 1, 0, 0, 0, 0] }));
    const [one, other] = [chains(trace), chains(trace.with(1, { entity: 1, words: [5, 1, 0, 0, 0, 1] }))];
    const differs = [0, 1, 2].filter((entity) =>
      [0, 1].some((lane) => one[entity * 2 + lane] !== other[entity * 2 + lane]),
    );
    assert.deepEqual(differs, [1]);
  });

  test('differs for each of the small numbers that events are made of', () => {
    const seen = new Set<string>();
    for (let time = 0; time < 16; time += 1) {
      for (let kind = 0; kind < 16; kind += 1) {
        for (let a = 0; a < 16; a += 1) {
          for (let b = 0; b < 4; b += 1) {
            seen.add(chains([{ entity: 0, words: [time, kind, a, b, 0, 0] }]).join());
          }
        }
      }
    }
    assert.equal(seen.size, 16 * 16 * 16 * 4);
  });

  test('has two lanes that do not follow one another', () => {
    const lanes: Set<number>[] = [new Set(), new Set()];
    for (let time = 0; time < 4096; time += 1) {
      const [one, two] = chains([{ entity: 0, words: [time, 1, 0, 0, 0, 0] }]);
      lanes[0].add(one);
      lanes[1].add(two);
    }
    for (const lane of lanes) assert.ok(lane.size > 4090, `${lane.size} of 4096 differ`);
  });

  test('folds the shards in their order, and knows where one ends', () => {
    const [one, two] = [Uint32Array.of(1, 2), Uint32Array.of(3, 4)];
    const hashes = [[one, two], [two, one], [Uint32Array.of(1, 2, 3, 4)], [one, two, Uint32Array.of()]];
    assert.equal(new Set(hashes.map(foldChains)).size, hashes.length);
    assert.match(foldChains([one]), /^[0-9a-f]{16}$/);
  });
});
