/**
 * Trace hashes of the shipped scenarios at seed 7 under the catalogue's profile. A change of the model or of the profile
 * changes them: then the commit says which equation changed, and `UPDATE_GOLDEN=1` writes the file anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { predict } from '../../src/arms/predict.ts';
import { packageRoot } from '../../src/package.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

const FILE = path.join(import.meta.dirname, 'scenarios.txt');
const NAMES = [
  'broker-failure',
  'demo',
  'fan-out',
  'small-batches',
  'three-brokers',
  'three-machines',
  'two-clusters',
];
/** Two seconds, where more is not needed to see what the scenario is about. */
const DURATIONS: Readonly<Record<string, string>> = { 'broker-failure': '40s' };

test('the shipped scenarios have the traces that they had', async () => {
  const lines: string[] = [];
  for (const name of NAMES) {
    const loaded = readScenario(path.join(packageRoot, 'scenarios', `${name}.yaml`), {
      set: ['run.seed=7', 'run.warmup=1s', `run.duration=${DURATIONS[name] ?? '2s'}`],
    });
    const { result } = await predict({ loaded, profile: 'reference-2core', workers: 1 });
    lines.push(`${name} ${result.simulation?.traceHash} ${result.simulation?.events}`);
  }
  const found = `${lines.join('\n')}\n`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(FILE, found);
  assert.equal(found, readFileSync(FILE, 'utf8'));
});
