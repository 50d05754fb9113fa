/**
 * `npm run published`: measurements of real clusters that others published, predicted from their hardware and settings. The figures
 * go to stdout, progress to stderr; a full run writes reports/validation/published.md and is appended to
 * bench/history/published.ndjson. Exit code: 0 predicted (goals met or not), 1 our fault, 2 bad options, 130 interrupted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { predict } from '../../src/arms/predict.ts';
import { listenForInterrupts } from '../../src/cli/interrupt.ts';
import { EXIT } from '../../src/errors/errors.ts';
import { hostGroupOf } from '../../src/kafka/cluster/lay-out-hosts.ts';
import { packageRoot } from '../../src/package.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { appendHistory } from '../history.ts';
import { runBench, say } from '../run-bench.ts';
import { readAssumptions } from './assumptions.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { writeProfiles } from './profiles.ts';
import { type Outcome, readFindings, reportOf } from './report.ts';
import { type Row, rowsOf } from './rows.ts';
import { type PublishedRun, readRuns, scenarioFile } from './runs.ts';
import { usesOf } from './uses.ts';
import { effectsOf, keyFigures } from './variations.ts';

const REPORT = join(packageRoot, 'reports', 'validation', 'published.md');

const interrupts = listenForInterrupts();
const exitCode = await runBench({ name: 'published', usage: USAGE, read: readOptions, bench });
process.exitCode = interrupts.signal.aborted ? EXIT.interrupted : exitCode;
interrupts.stop();

async function bench({ only, profiles, json }: Options): Promise<void> {
  writeProfiles();
  if (profiles) return;
  const runs = readRuns(only);
  const [loadBefore] = loadavg();
  const outcomes: Outcome[] = [];
  for (const [index, run] of runs.entries()) {
    say('published', `${run.name} (${index + 1} of ${runs.length})`);
    const outcome = await outcomeOf(run);
    interrupts.signal.throwIfAborted();
    outcomes.push(outcome);
    const lines = outcome.rows.map((row) => (json ? JSON.stringify(lineOf(row)) : textOf(row)));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (only !== null) return;
  mkdirSync(join(REPORT, '..'), { recursive: true });
  writeFileSync(REPORT, reportOf(outcomes, readFindings(), readAssumptions()));
  say('published', `report ${REPORT}`);
  const figures = outcomes.flatMap(({ rows }) => rows.map(lineOf));
  await appendHistory('published', { loadBefore, figures });
}

async function outcomeOf(run: PublishedRun): Promise<Outcome> {
  if (run.notPredicted !== null) return { run, rows: rowsOf(run, null), predicted: null };
  const { signal } = interrupts;
  const loaded = readScenario(scenarioFile(run.name));
  const { result } = await predict({ loaded, workers: 1, signal });
  const [phase] = result.phases;
  return {
    run,
    rows: rowsOf(run, phase),
    predicted: {
      question: loaded.scenario.question ?? '',
      uses: usesOf(phase, loaded.scenario, brokerProfile(loaded.scenario)),
      stages: phase.requestStages,
      keyFigures: keyFigures(run),
      effects: await effectsOf(run, loaded, signal),
      remarks: result.assumptions,
    },
  };
}

function brokerProfile(scenario: Scenario): Profile {
  return readProfile(hostGroupOf(scenario, scenario.clusters[0].brokers.host).profile);
}

/** The predicted value, held against the published one. */
function lineOf({ run, name, unit, predicted, published, relativeError, goal }: Row) {
  return {
    name: `${run}/${name.replaceAll(' ', '/')}`,
    value: predicted,
    unit,
    goal,
    goalMet: goal === null || relativeError === null ? null : Math.abs(relativeError) <= goal,
    ratio: predicted === null ? null : predicted / published,
    spread: null,
    against: `published ${published}`,
    ...(predicted === null ? { skipped: 'not predicted; the report says why' } : {}),
  };
}

function textOf({ run, name, unit, predicted, published, relativeError }: Row): string {
  if (predicted === null) return `${run} ${name}: not predicted, published ${published} ${unit}`;
  const error = relativeError === null ? '' : `  ${Math.round(relativeError * 100)} %`;
  return `${run} ${name}: predicted ${Number(predicted.toPrecision(4))}, published ${published} ${unit}${error}`;
}
