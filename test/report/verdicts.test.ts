import assert from 'node:assert/strict';
import { test } from 'node:test';
import { junit } from '../../src/report/junit.ts';
import { stepSummary } from '../../src/report/step-summary.ts';
import { verdictsOf } from '../../src/report/verdicts.ts';
import { evaluateLevels } from '../../src/result/levels.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { measured, scenario } from './fixture.ts';

const [paced, ...others] = measured.phases;
const early: RunResult = { ...measured, phases: [{ ...paced, endedEarly: 'it was interrupted' }, ...others] };
const verdicts = verdictsOf(early, evaluateLevels(scenario, early));

test('a measurement is judged by how its phases ended, its generator, its deliveries and its levels', () => {
  const found = verdicts.map(({ group, name, isGood }) => `${isGood} ${group}: ${name}`);
  for (const line of [
    'false paced: the phase was played to its end',
    'true paced: the generator kept its schedule',
    'true saturating: the generator was not the limit',
    'true paced: delivery to group billing',
    'false paced: delivery to group analytics',
    'false levels: billing.lag max < 100',
  ]) {
    assert.ok(found.includes(line), `${line} is not among\n${found.join('\n')}`);
  }
  assert.ok(!found.includes('false saturating: the phase was played to its end'));
});

test('what was found of a level says its value and phase, in JUnit and in the summary of a step', () => {
  const missed = verdicts.find(({ name }) => name === 'billing.lag max < 100');
  assert.match(missed?.found ?? '', /^missed: [\d,]+ records, phase paced$/);
  assert.match(
    junit('demo', verdicts),
    /name="billing.lag max &lt; 100"><failure message="missed: [\d,]+ records, phase paced"/,
  );
  assert.match(
    stepSummary(early, verdicts),
    /\| ✗ \| levels: billing.lag max < 100 \| missed: [\d,]+ records, phase paced \|/,
  );
});
