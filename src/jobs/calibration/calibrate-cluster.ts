/** Runs the calibration's experiments on a local cluster and makes a profile of what they cost. */
import { cpus } from 'node:os';
import { type DrivenCluster, type MeasuredPhase, measurePhase } from '../../arms/measure-phase.ts';
import { predict } from '../../arms/predict.ts';
import { runFacts } from '../../arms/run-facts.ts';
import { EXIT, UserError } from '../../errors/errors.ts';
import type { Observation } from '../../local/observe/observer.ts';
import type { Cost, CostName, Profile } from '../../profile/profile.ts';
import { readProfile } from '../../profile/read-profile.ts';
import type { ThreadCpu } from '../../result/run-result.ts';
import type { Progress } from '../progress.ts';
import { countsOf } from './counts.ts';
import { calibrationPlan, type Experiment } from './experiments.ts';
import { fitCosts } from './fit-costs.ts';

const CATALOGUE = 'reference-2core';
const NS = 1e-9;
const NS_PER_MS = 1e6;

type Observed = MeasuredPhase & { readonly observation: Observation };

export interface CalibrateOptions {
  readonly cluster: DrivenCluster;
  /** Kafka version that it runs. */
  readonly version: string;
  readonly name: string;
  /** How often all experiments are played, one after the other: a machine whose speed changes is measured at several times. */
  readonly rounds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** @throws UserError (exit 3) when the brokers could not be observed */
export async function calibrateCluster(options: CalibrateOptions): Promise<Profile> {
  const { version, progress, rounds } = options;
  const plan = calibrationPlan(version);
  const experiments = Array.from({ length: rounds }, () => plan.experiments).flat();
  const total = experiments.length + 1;
  progress.stage('calibrate');
  progress.update(0, 'warming the broker up');
  await play(options, plan.warmUp, (fraction) => progress.update(fraction / total, 'warming the broker up'));
  const observed: Observed[] = [];
  for (const [index, experiment] of experiments.entries()) {
    const phase = await play(options, experiment, (fraction) =>
      progress.update((index + 1 + fraction) / total, experiment.name),
    );
    observed.push(requireObservation(phase, experiment));
  }
  const simulated: ThreadCpu[][] = [];
  for (const { loaded } of plan.experiments) {
    const { result } = await predict({ loaded, profile: CATALOGUE, workers: 1, sharedCores: cpus().length });
    simulated.push([...result.phases[0].threadCpu]);
  }
  return profileOf(options, experiments, observed, Array.from({ length: rounds }, () => simulated).flat());
}

async function play(
  { cluster, signal }: CalibrateOptions,
  { loaded }: Experiment,
  onFraction: (fraction: number) => void,
): Promise<MeasuredPhase> {
  signal.throwIfAborted();
  const { scenario } = loaded;
  const phase = await measurePhase({
    scenario,
    phase: scenario.run.phases[0],
    cluster,
    rehearsal: true,
    signal,
    onProgress: ({ fraction }) => onFraction(fraction),
  });
  signal.throwIfAborted();
  return phase;
}

function requireObservation(phase: MeasuredPhase, { name }: Experiment): Observed {
  const { observation } = phase;
  if (observation === null || observation.problems.length > 0) {
    const why = observation?.problems.join('; ') ?? 'the run was cut off';
    throw new UserError(
      `calibration experiment "${name}": expected the brokers' counters, found: ${why}; see the brokers' logs and run it again`,
      EXIT.clusterUnreachable,
    );
  }
  return { ...phase, observation };
}

function profileOf(
  options: CalibrateOptions,
  experiments: readonly Experiment[],
  observed: readonly Observed[],
  simulated: readonly (readonly ThreadCpu[])[],
): Profile {
  const { cluster } = options;
  const catalogue = readProfile(CATALOGUE);
  const tick = tickCost(observed);
  const counts = observed.map((phase, index) =>
    countsOf(
      phase,
      experiments[index].loaded.scenario.topics[0].partitions,
      tick.value * NS,
      simulated[index],
    ),
  );
  const { costs, residuals } = fitCosts(counts, catalogue);
  const { machine } = runFacts(new Date(), {});
  const span = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const sizeOf = ({ loaded }: Experiment): number => {
    const { value } = loaded.scenario.producers[0].record;
    return value.kind === 'constant' ? value.bytes : value.medianBytes;
  };
  const partitionsOf = ({ loaded }: Experiment): number => loaded.scenario.topics[0].partitions;
  const rates = observed.map((phase) => phase.result.throughputRecordsPerSecond);
  return {
    format: 'brokertwin.profile/1',
    name: options.name,
    kind: 'measured',
    provenance: {
      date: new Date().toISOString(),
      machine: `${machine.cpu}, ${machine.cores} cores, ${machine.os}`,
      kafka: options.version,
      note: `${cluster.brokers().length} broker and the generator on one machine, over loopback`,
      experiments: experiments.map((experiment, index) => ({
        name: experiment.name,
        seconds: observed[index].observation.seconds,
        recordBytes: sizeOf(experiment),
        partitions: partitionsOf(experiment),
        recordsPerSecond: rates[index],
        residuals: residuals[index],
      })),
    },
    covered: {
      recordBytes: span(experiments.map(sizeOf)),
      recordsPerSecond: span(rates),
      partitions: span(experiments.map(partitionsOf)),
      brokers: [cluster.brokers().length, cluster.brokers().length],
    },
    hardware: {
      cores: machine.cores,
      memoryBytes: machine.memoryBytes,
      nicBytesPerSecond: null,
      diskWriteBytesPerSecond: null,
    },
    costs: {
      ...heldCosts(catalogue),
      ...costs,
      'client.brokertwin.tickNs': tick,
      'host.wakeUpLatencyNs': wakeUpLatencyCost(observed),
    },
  };
}

/** Records come due evenly, so that the mean lateness of an idle producer thread is half the period of its timer. */
function tickCost(observed: readonly Observed[]): Cost {
  const lateness = observed.flatMap(({ load }) => {
    const { latenessMs } = load.generator;
    return latenessMs === null || load.workers.some((worker) => worker.utilisation > 0.5)
      ? []
      : [latenessMs.p50];
  });
  const least = Math.min(...lateness);
  return {
    value: Math.max(1, 2 * least) * NS_PER_MS,
    source: 'twice the median lateness of records in the quietest paced experiment',
    standardError: null,
  };
}

/** On an idle host a woken thread waits for nothing but its core: the time in the run queue for each wake-up. */
function wakeUpLatencyCost(observed: readonly Observed[]): Cost {
  const waits = observed.map(({ observation }) => {
    const uses = observation.threadCpu.filter(({ group }) => group === 'network' || group === 'handler');
    const wakeUps = uses.reduce((sum, use) => sum + (use.wakeUps ?? 0), 0);
    const waitSeconds = uses.reduce((sum, use) => sum + use.runQueueWaitSeconds, 0);
    return wakeUps === 0 ? Number.POSITIVE_INFINITY : waitSeconds / wakeUps / NS;
  });
  return {
    value: Math.min(...waits),
    source:
      'run-queue wait for each wake-up of network threads and handlers (/proc schedstat), quietest experiment',
    standardError: null,
  };
}

/** What these experiments say nothing about stays as the catalogue has it, and says so. */
function heldCosts(catalogue: Profile): Partial<Record<CostName, Cost>> {
  return Object.fromEntries(
    Object.entries(catalogue.costs).map(([name, cost]) => [
      name,
      { ...cost, source: `undetermined: not measured here, from the catalogue's ${catalogue.name}` },
    ]),
  );
}
