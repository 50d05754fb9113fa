/**
 * Every mechanism is worth something: a named figure of a shipped scenario changes when it is switched off, by as much as
 * docs/ablations.md states. A change of the model changes the amounts: `UPDATE_GOLDEN=1` writes the file anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/package.ts';
import { ABLATIONS, CHANGE_MIN, figureUnder } from './ablations.ts';

const FILE = path.join(packageRoot, 'docs', 'ablations.md');
const DIGITS = 3;

test('every mechanism changes its figure by the stated amount when it is switched off', () => {
  const rows = ABLATIONS.map((of) => {
    const base = of.base ?? {};
    const whole = figureUnder(of, [base]);
    const without = figureUnder(of, [base, of.off]);
    const change = (without - whole) / whole;
    return { of, whole, without, change };
  });
  const found = [
    '# What each mechanism is worth',
    '',
    'A figure of a shipped scenario with a mechanism, and with it switched off, simulated for 4 s at seed 7 with the profile',
    '`reference-2core`. Written and held by `test/golden/ablations.test.ts`; `test/golden/ablations.ts` says what is switched and how.',
    '',
    '| mechanism | scenario, phase | figure | with it | without | change |',
    '|---|---|---|---:|---:|---:|',
    ...rows.map(({ of, whole, without, change }) => {
      const { name, unit } = of.figure;
      const percent = `${change > 0 ? '+' : ''}${Math.round(change * 100)} %`;
      return `| ${of.mechanism} | ${of.scenario}, ${of.phase} | ${name}, ${unit} | ${text(whole)} | ${text(without)} | ${percent} |`;
    }),
    '',
  ].join('\n');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(FILE, found);
  for (const { of, change } of rows) {
    assert.ok(Math.abs(change) >= CHANGE_MIN, `${of.mechanism} changes ${of.figure.name} by ${change}`);
  }
  assert.equal(found, readFileSync(FILE, 'utf8'));
});

function text(value: number): string {
  return Number(value.toPrecision(DIGITS)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}
