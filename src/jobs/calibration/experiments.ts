/**
 * The workloads of a calibration. They pull the costs apart: few or many records to a request, small and large records,
 * an idle broker and a saturated one; and they share neither record size, partitions nor rate with the scenario that is
 * to be predicted, so that a prediction is never a memory of a measurement.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../package.ts';
import { type LoadedScenario, readScenario } from '../../scenario/read-scenario.ts';
import type { Scenario } from '../../scenario/scenario.ts';

const DIRECTORY = path.join(packageRoot, 'profiles', 'calibration');

const plan = z.strictObject({
  /** Played first and thrown away: the JVM compiles what it will need. */
  warmUp: z.array(z.string()),
  experiments: z.array(z.strictObject({ name: z.string(), set: z.array(z.string()) })),
});

export interface Experiment {
  readonly name: string;
  readonly loaded: LoadedScenario;
}

export interface CalibrationPlan {
  readonly warmUp: Experiment;
  readonly experiments: readonly Experiment[];
}

/** The plan, as `profiles/calibration` has it. */
export function calibrationPlan(kafka: string): CalibrationPlan {
  const { warmUp, experiments } = plan.parse(parse(readFileSync(path.join(DIRECTORY, 'plan.yaml'), 'utf8')));
  const scenarioOf = (name: string, set: readonly string[]): Experiment => ({
    name,
    loaded: readScenario(path.join(DIRECTORY, 'experiment.yaml'), {
      set: [`cluster.kafka=${kafka}`, `topics.calibration.partitions=3`, ...set],
    }),
  });
  return {
    warmUp: scenarioOf('warm-up', warmUp),
    experiments: experiments.map(({ name, set }) => scenarioOf(name, set)),
  };
}

/** What an experiment has in common with a scenario that it must not share anything with; empty when nothing. */
export function sharedWith(experiment: Scenario, scenario: Scenario): string[] {
  const sizes = (of: Scenario): Set<number> =>
    new Set(
      of.producers.flatMap(({ record }) => (record.value.kind === 'constant' ? [record.value.bytes] : [])),
    );
  const partitions = (of: Scenario): Set<number> => new Set(of.topics.map((topic) => topic.partitions));
  const rates = (of: Scenario): Set<number> =>
    new Set(
      of.producers.flatMap(({ rate }) =>
        rate.kind === 'constant'
          ? of.run.phases.flatMap(({ load }) => (load === 'max' ? [] : [rate.recordsPerSecond * load]))
          : [],
      ),
    );
  const shared = (name: string, left: Set<number>, right: Set<number>): string[] =>
    [...left].some((value) => right.has(value)) ? [name] : [];
  return [
    ...shared('record size', sizes(experiment), sizes(scenario)),
    ...shared('partitions', partitions(experiment), partitions(scenario)),
    ...shared('rate', rates(experiment), rates(scenario)),
  ];
}
