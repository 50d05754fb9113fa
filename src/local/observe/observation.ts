/** What was seen between begin and end, put together from samples and looks. */
import type { PhaseResult, RequestStages, ResourceSeries } from '../../result/run-result.ts';
import { activityOver, type BrokerActivity } from './broker-activity.ts';
import { type BrokerRead, type ObservedBroker, type SettledLook, watchedSeries } from './broker-watch.ts';
import { gapsOf, livesOf } from './lives.ts';
import type { ObservedMachine } from './machine-samples.ts';
import { requestStagesOver } from './request-metrics.ts';
import { type ResourceSample, resourceSeries } from './resource-samples.ts';
import type { ThreadUse } from './thread-use.ts';

/** What happened between `begin` and `end` of an observer. */
export interface Observation {
  readonly seconds: number;
  /** Begin and end on CLOCK_MONOTONIC. */
  readonly observedMs: NonNullable<PhaseResult['observedMs']>;
  readonly requestStages: readonly RequestStages[];
  readonly threadCpu: readonly ThreadUse[];
  /**
   * Windows as long as the observer's, or as a series says; the last one takes what remains, from half of it to one and a
   * half.
   */
  readonly resources: readonly ResourceSeries[];
  /** Share of the machine's core time that its hypervisor gave to others, 0 to 1. */
  readonly stealShare: number;
  readonly activity: readonly BrokerActivity[];
  /** Bytes in the page cache waiting for the disk, at the begin and the end. */
  readonly dirtyBytes: { readonly begin: number; readonly end: number };
  /** What could not be observed, one sentence each. */
  readonly problems: readonly string[];
}

/** All that was seen of one broker. */
export interface BrokerWatch {
  readonly broker: ObservedBroker;
  /** One before the first window and one at the end of each. */
  readonly looks: readonly SettledLook[];
  /** Reads beside the windows. */
  readonly extraReads: readonly BrokerRead[];
}

export interface Seen {
  /** Name of the real machine. */
  readonly host: string;
  readonly machines: readonly ObservedMachine[];
  /** One before the first window and one at the end of each. */
  readonly samples: readonly ResourceSample[];
  readonly watches: readonly BrokerWatch[];
  readonly windowSeconds: { readonly samples: number; readonly looks: number };
  readonly threadCpu: readonly ThreadUse[];
  readonly problems: readonly string[];
}

/** Puts an observation together. */
export function observationOf(seen: Seen): Observation {
  const { samples, machines, watches, windowSeconds } = seen;
  const first = samples[0];
  const last = samples[samples.length - 1];
  const beginMs = first.atMs;
  const host = machines.length === 1 ? machines[0].name : seen.host;
  const hostOf = ({ machine }: ObservedBroker): string => machine ?? host;
  const read = watches.map(({ broker, looks, extraReads }) => {
    const reads = [...looks.flatMap((look) => look.read ?? []), ...extraReads].sort(
      (a, b) => a.atMs - b.atMs,
    );
    const lives = livesOf(
      reads.filter((entry) => 'values' in entry),
      beginMs,
    );
    return { broker, looks, lives, gaps: gapsOf(broker.id, reads, beginMs) };
  });
  const known = read.filter(({ lives }) => lives.length > 0);
  return {
    seconds: (last.atMs - beginMs) / 1000,
    observedMs: { begin: beginMs, end: last.atMs },
    requestStages: known.flatMap(({ broker, lives }) => requestStagesOver(broker.id, lives)),
    threadCpu: seen.threadCpu,
    resources: [
      ...resourceSeries(samples, {
        host: seen.host,
        machines,
        brokers: new Map(watches.map(({ broker }) => [broker.id, hostOf(broker)])),
        windowSeconds: windowSeconds.samples,
      }),
      ...read.flatMap(({ broker, looks }) =>
        watchedSeries(looks, {
          host: hostOf(broker),
          broker: broker.id,
          beginMs,
          windowSeconds: windowSeconds.looks,
        }),
      ),
    ],
    stealShare: stealShareBetween(first, last),
    activity: known.map(({ broker, lives }) => activityOver(broker.id, lives)),
    dirtyBytes: { begin: first.host.dirtyBytes, end: last.host.dirtyBytes },
    problems: [...read.flatMap(({ gaps }) => gaps), ...seen.problems],
  };
}

/** Share of all core time between two samples that was stolen. */
export function stealShareBetween(
  begin: Pick<ResourceSample, 'host'>,
  end: Pick<ResourceSample, 'host'>,
): number {
  const total = ({ host: { cpu } }: typeof begin): number =>
    cpu.busySeconds + cpu.idleSeconds + cpu.stealSeconds;
  const elapsed = total(end) - total(begin);
  const stolen = end.host.cpu.stealSeconds - begin.host.cpu.stealSeconds;
  return elapsed > 0 ? Math.max(0, stolen) / elapsed : 0;
}
