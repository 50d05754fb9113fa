/** How much of each resource a simulated phase uses: the machines' and those of single threads. */
import type { Profile } from '../../src/profile/profile.ts';
import { meanOfKnown } from '../../src/result/resources.ts';
import type { PhaseResult, ResourceSeries } from '../../src/result/run-result.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { connectionShare } from './connections.ts';

export interface Use {
  /** Such as `network threads of broker-1` or `nic.out of client`. */
  readonly what: string;
  /** 0 to 1. */
  readonly share: number;
}

/** From here on a resource is at its end: a thread that works so much of its time has next to none left. */
const END_SHARE = 0.9;

/**
 * The most used one of each kind, the most used first.
 *
 * @param profile of the brokers' machines
 */
export function usesOf(phase: PhaseResult, scenario: Scenario, profile: Profile): Use[] {
  const connections = "the producers' connections, each served one request at a time";
  const uses = [
    { kind: connections, what: connections, share: connectionShare(phase, scenario, profile) },
    ...threadUses(phase, scenario),
    ...phase.resources.flatMap(resourceUse),
  ];
  const byKind = Map.groupBy(uses, ({ kind }) => kind);
  return [...byKind.values()]
    .map((ofKind) => ofKind.reduce((most, use) => (use.share > most.share ? use : most)))
    .map(({ what, share }) => ({ what, share }))
    .sort((one, other) => other.share - one.share);
}

/** One sentence. */
export function limitText(uses: readonly Use[]): string {
  const ended = uses.filter(({ share }) => share >= END_SHARE);
  const told = ({ what, share }: Use): string => `${what} (${Math.round(share * 100)} %)`;
  if (ended.length > 0) return `at its end: ${ended.map(told).join(', ')}`;
  return uses.length === 0 ? 'nothing is used' : `nothing is at its end; most used: ${told(uses[0])}`;
}

interface KindOfUse extends Use {
  readonly kind: string;
}

/** Threads of a group share its work, so that the group is at its end when all are. */
function threadUses({ threadCpu, durationSeconds }: PhaseResult, scenario: Scenario): KindOfUse[] {
  return threadCpu.flatMap(({ process, group, cpuSeconds }): KindOfUse[] => {
    const threads = threadsOf(group, scenario);
    if (threads === null || threads === 0) return [];
    const kind = `${process.startsWith('broker') ? 'broker' : process} ${group}`;
    const what = process === 'generator' ? CLIENT_THREADS[group] : `${group} threads of ${process}`;
    return [{ kind, what, share: cpuSeconds / durationSeconds / threads }];
  });
}

const CLIENT_THREADS: Readonly<Record<string, string>> = {
  'producer main': "the producers' application threads",
  'producer sender': "the producers' Sender threads",
  'consumer main': "the consumers' application threads",
};

/** Null for groups whose threads are not counted. */
function threadsOf(group: string, { clusters, producers, consumers }: Scenario): number | null {
  const { config, count } = clusters[0].brokers;
  switch (group) {
    case 'network':
      return config['num.network.threads'];
    case 'handler':
      return config['num.io.threads'];
    case 'fetcher':
      return config['num.replica.fetchers'] * (count - 1);
    case 'producer main':
    case 'producer sender':
      return clients(producers);
    case 'consumer main':
      return clients(consumers);
    default:
      return null;
  }
}

function clients(classes: readonly { readonly count: number }[]): number {
  return classes.reduce((sum, { count }) => sum + count, 0);
}

function resourceUse({ host, broker, resource, capacity, values }: ResourceSeries): KindOfUse[] {
  const mean = meanOfKnown(values);
  if (broker !== null || capacity === null || mean === null) return [];
  const machine = host.replace(/-\d+$/, '');
  return [{ kind: `${machine} ${resource}`, what: `${resource} of ${host}`, share: mean / capacity }];
}
