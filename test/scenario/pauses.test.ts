import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, problemsOf, small } from './scratch.ts';

const consumers = (pause: string) => small(`consumers:\n  billing: { topics: orders, pause: ${pause} }\n`);

test('a consumer class pauses at times of the measured part', () => {
  const { scenario } = load(consumers('[{ at: 30s, for: 1m }, { at: 90s, for: 500ms }]'));
  assert.deepEqual(scenario.consumers[0].pauses, [
    { atMs: 30_000, durationMs: 60_000 },
    { atMs: 90_000, durationMs: 500 },
  ]);
});

test('pauses come one after the other', () => {
  const found = problemsOf(consumers('[{ at: 30s, for: 1m }, { at: 80s, for: 1s }]'));
  assert.equal(found.length, 1);
  assert.match(
    found[0],
    /consumers\.billing\.pause\[1\]\.at: expected 90s or later, when the pause before it ends, found 80s$/,
  );
});

test('a class that never pauses has the hash that it had before there were pauses', () => {
  assert.ok(!('pauses' in load(small('consumers:\n  billing: { topics: orders }\n')).scenario.consumers[0]));
});
