import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exp, log, sqrt } from '../../src/kernel/math.ts';
import { golden } from './support/golden.ts';

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = { log, exp, sqrt };
const POINTS = 20_000;

function bits(x: number): string {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, x);
  return bytes.getBigUint64(0).toString(16).padStart(16, '0');
}

/** All results over a range, folded into one number: FNV-1a over their bits. */
function fold(apply: (x: number) => number, from: number, to: number): string {
  let hash = 0xcbf29ce484222325n;
  for (let point = 0; point < POINTS; point += 1) {
    const result = BigInt(`0x${bits(apply(from + ((to - from) * point) / POINTS))}`);
    hash = BigInt.asUintN(64, (hash ^ result) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}

describe('the mathematics of the simulation', () => {
  for (const name of Object.keys(FUNCTIONS)) {
    test(`gives the same bits for ${name} as when the goldens were made`, () => {
      const lines = golden('math.txt').filter((line) => line.startsWith(`${name} `));
      const found = lines.map((line) => {
        const argument = line.split(' ')[1];
        return `${name} ${argument} ${bits(FUNCTIONS[name](Number(argument)))}`;
      });
      assert.ok(lines.length > 30);
      assert.deepEqual(found, lines);
    });
  }

  test('gives the same bits over the ranges that draws come from', () => {
    assert.deepEqual(
      { log: fold(log, 1e-9, 1), exp: fold(exp, -40, 40), sqrt: fold(sqrt, 0, 1e9) },
      { log: '166a639e5104ed29', exp: '26443dc1acbb5e91', sqrt: '2e5e092df66d213b' },
    );
  });
});
