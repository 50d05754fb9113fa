/** What clients ask for besides records (their groups', their metadata), and what they may have (quotas). */
import type { Simulation } from '../../kernel/simulation.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { FetchSession } from '../broker/replica-manager.ts';
import type { ProducerClient } from '../clients/accumulator.ts';
import type { ConsumerClient } from '../clients/consumers.ts';
import type { ClusterParts } from '../cluster-model.ts';
import { layOutGroups } from './lay-out-groups.ts';
import { layOutMetadata } from './lay-out-metadata.ts';
import { layOutQuotas } from './lay-out-quotas.ts';
import type { Topology } from './topology.ts';

/** A cluster's clients as they are laid out; those of the topology have the same order. */
export interface UpkeepInput {
  readonly sim: Simulation;
  readonly scenario: Scenario;
  readonly topology: Topology;
  readonly producers: readonly ProducerClient[];
  readonly consumers: readonly ConsumerClient[];
  readonly sessions: readonly FetchSession[];
  /** Entity of each client thread. */
  readonly entities: readonly number[];
  /** Whether clients refresh their metadata. */
  readonly refreshes: boolean;
  readonly leadersChange: boolean;
  /** Opens one more connection of a consumer to a broker. */
  readonly connect: (broker: number, consumer: number) => number;
}

export function layOutUpkeep(
  input: UpkeepInput,
): Pick<ClusterParts, 'groupMembers' | 'quotas' | 'metadataReaders'> {
  return {
    groupMembers: layOutGroups(input),
    quotas: layOutQuotas(input),
    metadataReaders: input.refreshes ? layOutMetadata(input) : [],
  };
}
