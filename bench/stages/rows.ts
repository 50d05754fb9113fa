/**
 * Figures of a phase, simulated beside real. A figure is off when it misses by more than a quarter and by more than what the
 * counter can tell: Kafka's request metrics hold whole milliseconds, of which a mean of many requests tells a fraction.
 */
import type { Comparison } from '../../src/result/comparison.ts';
import { type Figure, figure } from '../../src/result/figure.ts';
import type { PhaseComparison } from '../../src/result/phase-comparison.ts';
import { REQUEST_STAGES } from '../../src/result/phase-comparison.ts';

export interface Row extends Figure {
  readonly case: string;
  readonly phase: string;
  /** Such as `Produce LocalTimeMs` or `brokers network`. */
  readonly name: string;
  readonly unit: string;
  /** Null where an arm has no value. */
  readonly off: boolean | null;
}

/** Error from which the mechanism must be found. */
export const OFF_SHARE = 0.25;
/** What is smaller than this says nothing, by unit. */
const RESOLUTION: Readonly<Record<string, number>> = {
  ms: 0.25,
  cores: 0.02,
  'rec/s': 1,
  '/s': 5,
  'B/s': 20_000,
};

type Named = readonly [name: string, unit: string, value: Figure];

/** All figures of a case, in the order of the report. */
export function rowsOf(name: string, { phases }: Comparison): Row[] {
  return phases.flatMap((phase) =>
    figuresOf(phase).map(([of, unit, value]) => ({
      case: name,
      phase: phase.name,
      name: of,
      unit,
      ...value,
      off: isOff(value, unit),
    })),
  );
}

function isOff({ absoluteError, relativeError }: Figure, unit: string): boolean | null {
  if (absoluteError === null) return null;
  if (Math.abs(absoluteError) <= (RESOLUTION[unit] ?? 0)) return false;
  return relativeError === null || Math.abs(relativeError) > OFF_SHARE;
}

function figuresOf(phase: PhaseComparison): Named[] {
  const named: Named[] = [
    ['throughput', 'rec/s', phase.throughputRecordsPerSecond],
    ...latencies('publish', phase.publishLatencyMs),
    ...latencies('end-to-end', phase.endToEndLatencyMs),
    ...stages(phase),
    ...threads(phase),
    ...hosts(phase),
  ];
  return named.filter(([, , { predicted, measured }]) => predicted !== null || measured !== null);
}

function latencies(what: string, of: PhaseComparison['publishLatencyMs']): Named[] {
  return (['p50', 'p99'] as const).map((name) => [`${what} ${name}`, 'ms', of[name]]);
}

/** All brokers together. A fetch's remote time is a long poll, and holds all the same: it says how long nothing came. */
function stages({ requestStages, predicted, measured }: PhaseComparison): Named[] {
  return requestStages
    .filter(({ broker }) => broker === null)
    .flatMap(({ request, count, meanMs }) => [
      [
        `${request} requests`,
        '/s',
        figure(
          perSecond(count.predicted, predicted?.durationSeconds),
          perSecond(count.measured, measured?.durationSeconds),
        ),
      ] as Named,
      ...[...REQUEST_STAGES, 'TotalTimeMs' as const].map(
        (stage): Named => [`${request} ${stage}`, 'ms', meanMs[stage]],
      ),
    ]);
}

/** What the simulator has as one. */
const OTHERS = ['other', 'controller', 'main', 'observer', 'jit'];

/** Thread groups of all brokers together, and of the generator. */
function threads({ threadCpu }: PhaseComparison): Named[] {
  const groups = Map.groupBy(threadCpu, ({ process, group }) => {
    const of = process.startsWith('broker') ? 'brokers' : 'generator';
    return `${of} ${OTHERS.includes(group) ? 'others' : group}`;
  });
  return [...groups].map(([name, uses]) => [
    name,
    'cores',
    figure(sumOf(uses.map(({ cores }) => cores.predicted)), sumOf(uses.map(({ cores }) => cores.measured))),
  ]);
}

/** What all brokers' hosts receive, send and write. */
function hosts({ resources }: PhaseComparison): Named[] {
  return (['nic.in', 'nic.out', 'disk.write'] as const).map((name) => {
    const of = resources.filter(({ resource, host }) => resource === name && host.startsWith('broker'));
    return [
      name,
      'B/s',
      figure(sumOf(of.map(({ mean }) => mean.predicted)), sumOf(of.map(({ mean }) => mean.measured))),
    ];
  });
}

/** Null when nothing is known. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function perSecond(count: number | null, seconds: number | undefined): number | null {
  return count === null || seconds === undefined ? null : count / seconds;
}
