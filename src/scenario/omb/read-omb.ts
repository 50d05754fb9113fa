/**
 * Reads what the OpenMessaging Benchmark runs: a workload and a driver of Kafka (github.com/openmessaging/benchmark,
 * classes Workload, WorkloadGenerator and KafkaBenchmarkDriver). They are translated to a scenario file, which is then read
 * as any other; every place of it knows the line of OMB's files that it comes from.
 */
import path from 'node:path';
import { UserError } from '../../errors/errors.ts';
import { checkScenario } from '../check-scenario.ts';
import { Problems } from '../problems.ts';
import { type LoadedScenario, SCENARIO } from '../read-scenario.ts';
import { resolveScenario } from '../resolve.ts';
import { scenarioHash } from '../scenario-hash.ts';
import { applySettings } from '../set-option.ts';
import { validate } from '../validate.ts';
import type { Path, YamlSource } from '../yaml-source.ts';
import { driverSettings } from './client-settings.ts';
import { checkOmb, ombAssumptions, warnOfOmb } from './omb-checks.ts';
import { OmbProblems } from './omb-problems.ts';
import { ombName, ombPlace, ombScenario } from './omb-scenario.ts';
import { checkPresence, OMB_FORMAT } from './omb-schema.ts';
import { type OmbFiles, type OmbSource, ombSource, PROPERTY_BLOCKS } from './omb-source.ts';
import { type OmbFacts, type OmbPlan, ombPlan } from './omb-workload.ts';

export interface OmbOptions extends OmbFiles {
  /** As given to `--set`, of the scenario that the files mean: `run.duration=10s`. */
  readonly set?: readonly string[];
  /** What stands for `{zone.id}` in the common client.id. */
  readonly zone?: string;
}

/** `positionOf` and the warnings name places in OMB's files. */
export interface LoadedOmb extends LoadedScenario {
  readonly facts: OmbFacts;
  /** `host:port`, with commas between; null where the driver names none. */
  readonly bootstrapServers: string | null;
  /** How the driver's clients connect: security, client.id, client.dns.lookup; verbatim, by Kafka's names. */
  readonly clientProperties: Readonly<Record<string, string>>;
  /** What is done otherwise than in OMB, one sentence each, for the result. */
  readonly assumptions: readonly string[];
}

/** Throws one UserError with a line for every problem found in both files, each at its place. */
export function readOmb({ workload, driver, set = [], zone }: OmbOptions): LoadedOmb {
  const source = ombSource({ workload, driver });
  const problems = new OmbProblems({ source, settings: [], place: (at) => at, before: null });
  const values = validate(source.data, OMB_FORMAT, problems);
  checkPresence(source.data, problems);
  const settings = driverSettings(source, problems, zone ?? null);
  checkOmb(values, path.dirname(workload), problems);
  const plan = ombPlan(values, settings, { workload: nameOfFile(workload), driver: nameOfFile(driver) });
  const read = readTranslation({ source, problems, plan, set });
  if (read.lines.length > 0) throw new UserError(read.lines);
  warnOfOmb(values, plan, problems);
  return {
    scenario: read.scenario,
    hash: scenarioHash(read.scenario),
    positionOf: read.positionOf,
    warnings: [...problems.warnings, ...read.warnings],
    facts: plan.facts,
    bootstrapServers: settings.bootstrapServers,
    clientProperties: settings.clientProperties,
    assumptions: ombAssumptions(plan),
  };
}

interface Translation extends Pick<LoadedScenario, 'scenario' | 'positionOf' | 'warnings'> {
  /** Problems of the files and of what they mean, in the order of the files. */
  readonly lines: readonly string[];
}

interface TranslationOptions {
  readonly source: OmbSource;
  /** What was found in the files so far. */
  readonly problems: Problems;
  readonly plan: OmbPlan;
  readonly set: readonly string[];
}

function readTranslation({ source, problems: before, plan, set }: TranslationOptions): Translation {
  const written = ombScenario(plan);
  const { data, settings, refused } = applySettings(written, set);
  const place = (at: Path): Path => ombPlace(at, (of) => isStated(source, of));
  const problems = new OmbProblems({ source: placedBy(place, source, written), settings, place, before });
  for (const [text, problem] of refused) problems.setting(text, problem);
  const file = validate(data, SCENARIO, problems);
  const scenario = resolveScenario(file, {
    name: ombName(plan.facts.workload),
    directory: path.dirname(source.file),
    problems,
    data,
  });
  checkScenario(scenario, file, data, problems);
  return {
    scenario,
    positionOf: (at) => problems.positionOf(at),
    warnings: problems.warnings,
    lines: Problems.linesOf([before, problems]),
  };
}

/** The translated data, with places in OMB's files. */
function placedBy(
  place: (path: Path) => Path,
  source: OmbSource,
  data: Readonly<Record<string, unknown>>,
): YamlSource {
  return {
    file: source.file,
    data,
    duplicates: [],
    offsetOf: (at) => source.offsetOf(place(at)),
    keyOffsetOf: (at) => source.keyOffsetOf(place(at)),
    position: source.position,
  };
}

function isStated({ properties }: OmbSource, [, block, name]: Path): boolean {
  const found = PROPERTY_BLOCKS.find((it) => it === block);
  return found !== undefined && properties[found].some(({ key }) => key === name);
}

function nameOfFile(file: string): string {
  return path.basename(file).replace(/\.ya?ml$/, '');
}
