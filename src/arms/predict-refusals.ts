/** What the batch simulation does not do yet; each with where the scenario asks for it. */
import { mirrorLink } from '../kafka/cluster/distances.ts';
import { cacheBytesOf, statedDisk } from '../kafka/cluster/lay-out-storage.ts';
import { missingCosts, missingJavaCosts, missingTlsCosts } from '../kafka/costs.ts';
import { SIMULATED_ACTIONS } from '../kafka/timeline.ts';
import type { TimedOperation } from '../operations/operation.ts';
import type { Profile } from '../profile/profile.ts';
import { clusterPath } from '../scenario/cluster-path.ts';
import type { ClientKind, Mirror, Scenario } from '../scenario/scenario.ts';
import { hasTls } from '../scenario/security-protocols.ts';
import { compressionRefusals } from './compression-refusals.ts';
import type { Refusal } from './refusals.ts';

/** Producer slots (clients x partitions) that the accumulator's columns may have. */
const SLOTS_MAX = 20_000_000;
const CACHE_BYTES_MIN = 67_108_864;

export function predictRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  return [
    ...runRefusals(scenario),
    ...hostRefusals(scenario, profiles),
    ...linkRefusals(scenario),
    ...producerRefusals(scenario, profiles),
    ...consumerRefusals(scenario, profiles),
    ...mirrorRefusals(scenario),
    ...compressionRefusals(scenario, profiles),
    ...tlsRefusals(scenario, profiles),
    ...sizeRefusals(scenario),
  ];
}

function runRefusals(scenario: Scenario): Refusal[] {
  const refusals: Refusal[] = scenario.operations.flatMap((operation, index) => {
    const message = operationRefusal(scenario, operation);
    return message === null ? [] : [{ path: ['operations', index, operation.action], message }];
  });
  if (scenario.run.fidelity === 'flow' || scenario.run.fidelity === 'zoom') {
    refusals.push({
      path: ['run', 'fidelity'],
      message: `the simulator has no fidelity "${scenario.run.fidelity}" yet; use "batch" or "auto"`,
    });
  }
  return refusals;
}

/** Why the simulator does not carry out an operation, or null. */
function operationRefusal(scenario: Scenario, operation: TimedOperation): string | null {
  if (!SIMULATED_ACTIONS.some((action) => action === operation.action)) {
    return `the simulator does not carry out "${operation.action}" yet; leave the operation out to simulate the rest`;
  }
  if (operation.action === 'set') {
    const other = Object.keys(operation.config).find((name) => !isThrottle(name));
    if (other !== undefined) {
      return `the simulator changes replication throttles alone while it runs, found ${other}; state it in the config from the start`;
    }
  }
  const kept = scenario.topics.find(
    (topic) => topic.cluster === operation.cluster && topic.history !== undefined,
  );
  if (kept !== undefined) {
    return `the simulator does not carry out operations where topics have a history (${kept.name}) yet; leave one of them out`;
  }
  const limited = [...scenario.producers, ...scenario.consumers].find(
    (client) => client.cluster === operation.cluster && client.quota !== undefined,
  );
  if (limited !== undefined) {
    return `the simulator does not carry out operations where clients have a quota (${limited.name}) yet; leave one of them out`;
  }
  const cluster = scenario.clusters.find(({ name }) => name === operation.cluster);
  const ids = 'brokers' in operation ? (operation.brokers ?? []) : [];
  const others = ids.filter((id) => id > (cluster?.brokers.count ?? 0));
  if (others.length === 0) return null;
  return `the simulator has no controllers of their own yet, found ${others.join(', ')}; name brokers`;
}

/** Whether a property is a rate of replication or names the replicas that it holds for. */
function isThrottle(name: string): boolean {
  return /^(leader|follower)\.replication\.throttled\.(rate|replicas)$/.test(name);
}

function hostRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  const lacking = scenario.hosts.flatMap((host): Refusal[] => {
    const missing = missingCosts(profiles[host.name]);
    if (missing.length === 0) return [];
    return [
      {
        path: ['hosts', host.name, 'profile'],
        message: `profile "${profiles[host.name].name}" lacks ${missing.join(', ')}; calibrate, or name another profile`,
      },
    ];
  });
  const shared = scenario.hosts.flatMap((host): Refusal[] => {
    const users = new Set([
      ...scenario.clusters
        .filter((cluster) => cluster.brokers.host === host.name)
        .map((cluster) => cluster.name),
      ...[...scenario.producers, ...scenario.consumers]
        .filter((client) => client.host === host.name)
        .map((client) => client.cluster),
    ]);
    if (users.size < 2) return [];
    const message = `the simulator does not share one machine between clusters (${[...users].join(', ')}) yet; give each its own hosts`;
    return [{ path: ['hosts', host.name], message }];
  });
  return [...lacking, ...shared, ...memoryRefusals(scenario, profiles)];
}

/** A page cache that is modelled needs memory beside the brokers' heaps. */
function memoryRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  return scenario.hosts.flatMap((host): Refusal[] => {
    const cluster = scenario.clusters.find(({ brokers }) => brokers.host === host.name);
    if (cluster === undefined || statedDisk(host, profiles[host.name]) === null) return [];
    const brokers = Math.ceil(cluster.brokers.count / host.count);
    const cacheBytes = cacheBytesOf(host, profiles[host.name], brokers);
    if (cacheBytes >= CACHE_BYTES_MIN) return [];
    const needed = `${brokers === 1 ? 'a heap' : `${brokers} heaps`} of 1 GiB and 64 MiB of page cache`;
    return [
      {
        path: ['hosts', host.name, 'memory'],
        message: `the simulator needs memory for ${needed}, found ${cacheBytes + brokers * 2 ** 30} bytes; give more`,
      },
    ];
  });
}

function linkRefusals(scenario: Scenario): Refusal[] {
  return scenario.links.flatMap((link, index) => [
    ...(link.bytesPerSecond === null ? [] : sharedLinkRefusals(scenario, index)),
    ...(link.latencyMs > 0
      ? []
      : [
          {
            path: ['links', index, 'latency'],
            message: 'the simulator needs a latency above 0 between data centres; give it the real one',
          },
        ]),
  ]);
}

/** Clusters are simulated apart from each other: what those of one data centre send over a link does not meet. */
function sharedLinkRefusals(scenario: Scenario, index: number): Refusal[] {
  const overLink = scenario.mirrors.filter(
    (mirror) => isBetweenDataCentres(scenario, mirror) && mirrorLink(scenario, mirror).index === index,
  );
  return scenario.links[index].between.flatMap((dataCentre): Refusal[] => {
    const sources = scenario.clusters.filter(
      (cluster) => cluster.dataCentre === dataCentre && overLink.some(({ from }) => from === cluster.name),
    );
    if (sources.reduce((sum, { count }) => sum + count, 0) < 2) return [];
    const names = sources.map(({ name }) => name).join(', ');
    const message = `the simulator does not share the bandwidth of a link between clusters (${names} in ${dataCentre}) yet; leave it out`;
    return [{ path: ['links', index, 'bandwidth'], message }];
  });
}

function isBetweenDataCentres({ clusters }: Scenario, { from, to }: Mirror): boolean {
  const [source, target] = [from, to].map((name) => clusters.find((cluster) => cluster.name === name));
  return source?.dataCentre !== target?.dataCentre;
}

function producerRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  return scenario.producers.flatMap((producer) => {
    const at = ['producers', producer.name];
    return [
      ...javaRefusals(at, producer, profiles),
      ...(producer.config['transactional.id'] === null
        ? []
        : [
            {
              path: [...at, 'config', 'transactional.id'],
              message: 'the simulator has no transactions yet; remove transactional.id to simulate the rest',
            },
          ]),
      ...(producer.rate.kind === 'constant'
        ? []
        : [
            {
              path: [...at, 'rate'],
              message: `the simulator does not follow a ${producer.rate.kind} rate yet; use a constant one`,
            },
          ]),
    ];
  });
}

function consumerRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  return scenario.consumers.flatMap((consumer, index) => {
    const at = ['consumers', consumer.name];
    const other = scenario.consumers
      .slice(0, index)
      .find(({ group, cluster }) => group === consumer.group && cluster === consumer.cluster);
    return [
      ...javaRefusals(at, consumer, profiles),
      ...(consumer.config['auto.offset.reset'] === 'none' &&
      scenario.topics.some(({ name, history }) => history !== undefined && consumer.topics.includes(name))
        ? [
            {
              path: [...at, 'config', 'auto.offset.reset'],
              message:
                'a consumer without committed offsets fails with "none" where a topic has a history; use "earliest" or "latest"',
            },
          ]
        : []),
      ...(other === undefined
        ? []
        : [
            {
              path: [...at, 'group'],
              message: `the simulator does not share group "${consumer.group}" between classes (${other.name}, ${consumer.name}) yet; make it one class, or give each its own group`,
            },
          ]),
    ];
  });
}

function mirrorRefusals(scenario: Scenario): Refusal[] {
  return scenario.mirrors.flatMap((mirror) => {
    const at = ['mirrors', mirror.name];
    return [
      ...(isBetweenDataCentres(scenario, mirror)
        ? []
        : [
            {
              path: [...at, 'to'],
              message:
                'the simulator needs a link between the two clusters of a mirror; give each a data centre of its own',
            },
          ]),
      ...(mirror.client === 'brokertwin'
        ? []
        : [
            {
              path: [...at, 'client'],
              message: 'the simulator has no mirrors of Java clients yet; use "brokertwin"',
            },
          ]),
    ];
  });
}

/** Costs of TLS are needed at both ends of what it is on. */
function tlsRefusals(scenario: Scenario, profiles: Readonly<Record<string, Profile>>): Refusal[] {
  return scenario.clusters.flatMap((cluster): Refusal[] => {
    const { security } = cluster;
    if (security === undefined || !(hasTls(security.clients) || hasTls(security.brokers))) return [];
    const clients = [...scenario.producers, ...scenario.consumers].filter(
      (it) => it.cluster === cluster.name,
    );
    const mirrors = scenario.mirrors.filter(({ from, to }) => [from, to].includes(cluster.name));
    const ends = [
      { host: cluster.brokers.host, client: 'java' as const, isBroker: true },
      ...(hasTls(security.clients) ? [...clients, ...mirrors] : []).map(({ host, client }) => ({
        host,
        client,
        isBroker: false,
      })),
    ];
    return ends.flatMap(({ host, client, isBroker }, index): Refusal[] => {
      const missing = missingTlsCosts(profiles[host], client, isBroker);
      const isFirst = ends.findIndex((end) => end.host === host && end.client === client) === index;
      if (missing.length === 0 || !isFirst) return [];
      const message = `TLS needs costs that profile "${profiles[host].name}" of host ${host} lacks: ${missing.join(', ')}; name a profile that has them, or leave security out`;
      return [{ path: [...clusterPath(scenario, cluster), 'security'], message }];
    });
  });
}

/** Costs of Java clients are needed only where there are some. */
function javaRefusals(
  at: readonly string[],
  { client, host }: { readonly client: ClientKind; readonly host: string },
  profiles: Readonly<Record<string, Profile>>,
): Refusal[] {
  if (client === 'brokertwin') return [];
  const profile = profiles[host];
  const missing = missingJavaCosts(profile);
  if (missing.length === 0) return [];
  const message = `a Java client needs costs that profile "${profile.name}" of host ${host} lacks: ${missing.join(', ')}; name a profile that has them, or use "brokertwin"`;
  return [{ path: [...at, 'client'], message }];
}

function sizeRefusals(scenario: Scenario): Refusal[] {
  const partitionsOf = (names: readonly string[]): number =>
    scenario.topics.reduce(
      (sum, topic) => sum + (names.includes(topic.name) ? topic.count * topic.partitions : 0),
      0,
    );
  const slots = scenario.producers.reduce(
    (sum, producer) => sum + producer.count * partitionsOf(producer.topics),
    0,
  );
  if (slots <= SLOTS_MAX) return [];
  const message = `${slots} pairs of a producer and a partition are more than the ${SLOTS_MAX} that the simulator holds; use fewer producers or partitions`;
  return [{ path: ['producers'], message }];
}
