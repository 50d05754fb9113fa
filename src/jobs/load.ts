/** `brokertwin load`: the measuring arm alone. */
import { openCluster } from '../arms/local-arm.ts';
import { measure, refuseToMeasure } from '../arms/measure.ts';
import { EXIT, type ExitCode } from '../errors/errors.ts';
import { RunCaps } from '../load/caps.ts';
import { withVerifier } from '../load/verify/verification.ts';
import { evaluateLevels, type LevelOutcome } from '../result/levels.ts';
import type { RunResult } from '../result/run-result.ts';
import { consumerConfig } from '../scenario/kafka-defaults.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { ClientOptions } from './client-access.ts';
import { tellContinuousIntegration } from './continuous-integration.ts';
import { dryRun } from './dry-run.ts';
import { type LoadBounds, refuseBounds } from './load-bounds.ts';
import { type PhaseLoad, writeHistograms, writeOmbResult } from './load-files.ts';
import { clusterOf, type LoadInput, readInput } from './load-input.ts';
import { loadProgress } from './load-progress.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { runDirectory, writeJson } from './run-directory.ts';
import { deliveryLines, identityLine, levelLines, resultLines } from './summary.ts';

export interface LoadOptions extends ClientOptions, LoadBounds {
  readonly input: LoadInput;
  /** Whether what was acknowledged is held against what is read. */
  readonly verify: boolean;
  /** Whether it is only said what would be done. */
  readonly dryRun: boolean;
  readonly out?: string;
  /** A file for JUnit's XML. */
  readonly junit?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function loadJob(options: LoadOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  const read = await readInput(options.input);
  const { omb } = read;
  const loaded = verified(read.loaded, options.verify);
  refuseToMeasure(loaded, options.caps);
  for (const warning of loaded.warnings) progress.note(warning);
  const driven = await clusterOf(options, options.input, read);
  refuseBounds(loaded.scenario, options, driven.bootstrapServer !== undefined);
  if (options.dryRun) return dryRun({ ...options, ...driven, loaded });
  const directory = runDirectory(options.out, loaded.scenario.name);
  const loads: PhaseLoad[] = [];
  progress.stage('cluster');
  const cluster = await openCluster({
    loaded,
    signal,
    progress: (message) => progress.update(null, message),
    ...driven,
  });
  try {
    const result = await measure({
      loaded,
      cluster,
      warmUp: cluster.local !== null,
      verify: options.verify,
      existingTopics: options.existingTopics,
      caps: new RunCaps(options.caps),
      onLeft: (line) => progress.note(line),
      signal,
      onProgress: loadProgress(progress, 'load'),
      onLoad: (phase, load) => loads.push({ phase, load }),
    });
    progress.done();
    const levels = evaluateLevels(loaded.scenario, result);
    const whole = { ...result, assumptions: [...result.assumptions, ...(omb?.assumptions ?? [])] };
    const file = writeJson(directory, 'measurement.json', whole);
    tellContinuousIntegration(options.junit, whole, levels);
    const recorded = loads.filter(({ load }) =>
      Object.values(load.recordings).some((parts) => parts.length > 0),
    );
    const files = [
      file,
      ...writeHistograms(directory, recorded, readersOf(loaded)),
      ...(omb === null || loads.length === 0
        ? []
        : [writeOmbResult(directory, loads[0], readersOf(loaded), omb.facts)]),
    ];
    return {
      exitCode: exitCodeOf(result, levels, signal),
      json: { ...whole, levels },
      text: [
        identityLine(result),
        ...resultLines(result),
        ...lateLines(result),
        ...deliveryLines(result),
        ...levelLines(levels),
        ...files.map((name) => `result ${name}`),
      ].join('\n'),
    };
  } finally {
    await cluster.close();
  }
}

/** Every topic that is written is read too in a verified run. */
function verified(loaded: LoadedScenario, verify: boolean): LoadedScenario {
  return verify
    ? { ...loaded, scenario: withVerifier(loaded.scenario, consumerConfig({ 'enable.auto.commit': false })) }
    : loaded;
}

/** By producer class: how many consumer groups read its records. */
function readersOf({ scenario: { producers, consumers } }: LoadedScenario): number[] {
  return producers.map(({ topics }) => {
    const readers = consumers.filter((consumer) => topics.every((topic) => consumer.topics.includes(topic)));
    return new Set(readers.map(({ group }) => group)).size;
  });
}

/** Interrupted before late, late before missed: the graver fact about a measurement decides. */
export function exitCodeOf(
  measured: RunResult,
  levels: readonly LevelOutcome[],
  signal: AbortSignal,
): ExitCode {
  if (signal.aborted || measured.phases.some(({ endedEarly }) => endedEarly !== undefined)) {
    return EXIT.interrupted;
  }
  if (measured.phases.some((phase) => phase.generator?.keptSchedule === false)) return EXIT.generatorLate;
  const isBroken = measured.phases.some(({ deliveries = [] }) =>
    deliveries.some(({ verdict }) => verdict === 'broken'),
  );
  return isBroken || levels.some((level) => level.verdict === 'missed') ? EXIT.levelMissed : EXIT.good;
}

/** One line for each phase whose generator did not keep its schedule. */
export function lateLines(measured: RunResult): string[] {
  return measured.phases.flatMap(({ name, generator }) =>
    generator?.keptSchedule === false ? [`${name} is invalid: ${generator.reason}`] : [],
  );
}
