/** Builds the cluster that a scenario asks for on this machine, or takes a running one. */
import { type LocalCluster, startLocalCluster } from '../local/cluster/local-cluster.ts';
import { endOffsetsByKafkaTool } from '../local/kafka/topic-offsets.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { DrivenCluster } from './measure-phase.ts';
import { type Refusal, refuse } from './refusals.ts';

export interface ClusterOptions {
  readonly loaded: LoadedScenario;
  /** A running cluster to drive instead of one of our own. */
  readonly bootstrapServer?: string;
  readonly progress: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface OpenCluster extends DrivenCluster {
  /** The cluster that we started, or null. */
  readonly local: LocalCluster | null;
  /** Stops what we started; leaves a cluster that was there alone. */
  close(): Promise<void>;
}

/**
 * Starts the scenario's cluster on loopback, or names the running one.
 * @throws UserError for what a local cluster cannot honour (exit 2), or when it cannot be started (exit 3)
 */
export async function openCluster(options: ClusterOptions): Promise<OpenCluster> {
  const { loaded, bootstrapServer } = options;
  if (bootstrapServer !== undefined) {
    return {
      bootstrapServers: bootstrapServer,
      version: null,
      brokers: [],
      countRecords: null,
      local: null,
      close: async () => undefined,
    };
  }
  refuse(loaded, localRefusals(loaded.scenario));
  const [cluster] = loaded.scenario.clusters;
  const local = await startLocalCluster({
    version: cluster.kafka,
    brokers: cluster.brokers.count,
    config: cluster.brokers.stated,
    jmx: true,
    progress: options.progress,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return {
    bootstrapServers: local.bootstrapServers,
    version: local.version,
    brokers: local.brokers,
    countRecords: async (topic) => {
      const ends = await endOffsetsByKafkaTool(local.jars, local.bootstrapServers, topic);
      return [...ends.values()].reduce((sum, offset) => sum + offset, 0);
    },
    local,
    close: () => local.stop(),
  };
}

/** What a cluster on this one machine, over loopback, cannot honour. */
function localRefusals(scenario: Scenario): Refusal[] {
  const instead = 'give --bootstrap-server of such a cluster, or simulate';
  const machines = scenario.hosts.reduce((sum, host) => sum + host.count, 0);
  return [
    ...(machines > 1
      ? [
          {
            path: ['hosts'],
            message: `a cluster on this machine has one host, found ${machines}; ${instead}`,
          },
        ]
      : []),
    ...scenario.hosts.flatMap((host) =>
      Object.entries({
        cores: host.hardware.cores,
        memory: host.hardware.memoryBytes,
        nic: host.hardware.nicBytesPerSecond,
        disk: host.hardware.diskWriteBytesPerSecond,
      }).flatMap(([key, value]) =>
        value === null
          ? []
          : [
              {
                path: ['hosts', host.name, key],
                message: `a cluster on loopback cannot limit ${key}; ${instead}`,
              },
            ],
      ),
    ),
    ...scenario.clusters.flatMap(({ name, controllers }) =>
      controllers.mode === 'separate'
        ? [
            {
              path:
                scenario.clusters.length === 1
                  ? ['cluster', 'controllers']
                  : ['clusters', name, 'controllers'],
              message: `a cluster on this machine has its controllers in its brokers; use mode "combined", or ${instead}`,
            },
          ]
        : [],
    ),
  ];
}
