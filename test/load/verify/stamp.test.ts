import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  checkStamp,
  SEQUENCE_LIMIT,
  STAMP,
  STAMP_BYTES,
  stampSequence,
  stampStream,
  writeStamp,
  xxHash32,
} from '../../../src/load/verify/stamp.ts';
import { viewOf } from '../../support/view-of.ts';

const RUN = 0xfedc_ba98;

/** A stamped value in the middle of other bytes. */
function stamped(payload: Uint8Array, stream = 7, sequence = 11, at = 3): Buffer {
  const bytes = Buffer.alloc(at + STAMP_BYTES + payload.length + 5, 0xaa);
  bytes.set(payload, at + STAMP_BYTES);
  writeStamp(viewOf(bytes), at, STAMP_BYTES + payload.length, RUN, stream, sequence);
  return bytes;
}

test('XXH32 gives the published hashes', () => {
  const hashes: readonly (readonly [text: string, seed: number, hash: number])[] = [
    ['', 0, 0x02cc5d05],
    ['a', 0, 0x550d7456],
    ['abc', 0, 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
  ];
  for (const [text, seed, hash] of hashes) {
    const bytes = Buffer.from(`..${text}`);
    assert.equal(xxHash32(bytes, 2, bytes.length, seed), hash, text);
  }
});

test('a stamp is read as it was written, at any place and for any numbers', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(0xffff_ffff),
      fc.maxSafeNat().map((number) => number % SEQUENCE_LIMIT),
      fc.nat(9),
      (payload, stream, sequence, at) => {
        const bytes = stamped(payload, stream, sequence, at);
        const length = STAMP_BYTES + payload.length;
        assert.equal(checkStamp(bytes, at, length, RUN), STAMP.good);
        assert.equal(checkStamp(bytes, at, length, 1), STAMP.foreign);
        assert.deepEqual([stampStream(bytes, at), stampSequence(bytes, at)], [stream, sequence]);
        assert.ok(bytes.subarray(0, at).every((byte) => byte === 0xaa));
        assert.ok(bytes.subarray(at + length).every((byte) => byte === 0xaa));
      },
    ),
  );
});

test('a flipped bit, swapped bytes, a cut end and a longer one are seen', () => {
  const payload = Uint8Array.from({ length: 75 }, (_, index) => (index * 37) % 251);
  const good = stamped(payload, 7, 11, 0).subarray(0, STAMP_BYTES + payload.length);
  const isGood = (bytes: Buffer): boolean => checkStamp(bytes, 0, bytes.length, RUN) === STAMP.good;
  for (let bit = 0; bit < 8 * good.length; bit++) {
    const bytes = Buffer.from(good);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(!isGood(bytes), `bit ${bit}`);
    // In the run's own number the value is no longer known as ours.
    const ours = bit >> 3 < 12 || bit >> 3 >= 16;
    assert.equal(checkStamp(bytes, 0, bytes.length, RUN), ours ? STAMP.corrupt : STAMP.unstamped);
  }
  for (let a = 0; a < good.length; a++) {
    for (let b = a + 1; b < good.length; b++) {
      const bytes = Buffer.from(good);
      [bytes[a], bytes[b]] = [bytes[b], bytes[a]];
      assert.equal(isGood(bytes), good[a] === good[b], `bytes ${a} and ${b}`);
    }
  }
  for (let length = 0; length < good.length; length++) {
    assert.notEqual(checkStamp(good, 0, length, RUN), STAMP.good, `cut to ${length}`);
  }
  assert.ok(!isGood(Buffer.concat([good, Buffer.alloc(1)])));
});

test('a payload under the stamp of another record is seen', () => {
  const one = stamped(Uint8Array.of(1, 2, 3, 4), 7, 11, 0);
  const other = stamped(Uint8Array.of(5, 6, 7, 8), 7, 12, 0);
  other.copy(one, STAMP_BYTES, STAMP_BYTES);
  assert.equal(checkStamp(one, 0, STAMP_BYTES + 4, RUN), STAMP.corrupt);
});

test('a value without room for a stamp, and a number that is no sequence, are refused', () => {
  const bytes = Buffer.alloc(100);
  assert.throws(() => writeStamp(viewOf(bytes), 0, STAMP_BYTES - 1, RUN, 0, 0), RangeError);
  assert.throws(() => writeStamp(viewOf(bytes), 80, STAMP_BYTES, RUN, 0, 0), RangeError);
  for (const sequence of [-1, SEQUENCE_LIMIT, Number.NaN]) {
    assert.throws(() => writeStamp(viewOf(bytes), 0, STAMP_BYTES, RUN, 0, sequence), RangeError);
  }
});
