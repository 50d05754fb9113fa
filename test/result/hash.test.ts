import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, resultHash } from '../../src/result/hash.ts';
import { predicted } from '../report/fixture.ts';

test('the hash of a result does not see the run itself', () => {
  const elsewhere = {
    ...predicted,
    run: { ...predicted.run, wallSeconds: 99, startedAt: '2031-01-01T00:00:00Z' },
  };
  assert.equal(resultHash(elsewhere), resultHash(predicted));
});

test('the hash of a result sees every other figure', () => {
  const [first, ...rest] = predicted.phases;
  const changed = { ...predicted, phases: [{ ...first, throughputBytesPerSecond: 1 }, ...rest] };
  assert.notEqual(resultHash(changed), resultHash(predicted));
  assert.match(resultHash(predicted), /^[0-9a-f]{64}$/);
});

test('the order in which keys were set does not change the hash', () => {
  const reversed = Object.fromEntries(Object.entries(predicted).reverse()) as unknown as typeof predicted;
  assert.equal(resultHash(reversed), resultHash(predicted));
});

test('canonical JSON keeps the value and does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const { ['__proto__']: _, ...plain } = value;
      const reversed = Object.fromEntries(Object.entries(plain).reverse());
      assert.equal(canonicalJson(reversed), canonicalJson(plain));
      assert.deepEqual(JSON.parse(canonicalJson(plain)), JSON.parse(JSON.stringify(plain)));
    }),
  );
});

test('canonical JSON is the same text on every machine', () => {
  assert.equal(
    canonicalJson({ b: [1, { z: null, a: 'x' }], a: 0.1 }),
    '{"a":0.1,"b":[1,{"a":"x","z":null}]}',
  );
});

test('a number that JSON cannot hold is refused with its place', () => {
  assert.throws(() => canonicalJson({ phases: [{ p50: Number.NaN }] }), /\$\.phases\[0\]\.p50: .*NaN/);
});
