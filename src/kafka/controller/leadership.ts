/**
 * Who leads each partition, and who is in sync with it: what the controller has decided.
 *
 * What:    a partition has a leader or none, a leader epoch that grows with each change, and in-sync replicas (ISR), one
 *          bit for each replica in the order of its assignment. Its log is that of the leader, or of the last one while it
 *          has none. Clients know leaders as they were when they last asked.
 * Formula: elected is the first replica in the assignment's order that is in sync and not fenced
 *          min ISR = min(min.insync.replicas, replicas)
 * Units:   22 bytes a partition where a scenario has operations, else none.
 * Source:  PartitionChangeBuilder.electLeader, Partition.effectiveMinIsr, Kafka 4.3.
 * Range:   at most 16 replicas. No unclean elections, no eligible leader replicas (ELR), no preferred elections: auto.leader.rebalance
 *          comes every 300 s and would be another caller of `setLeader`. A client that missed two changes knows the one before the last.
 * Error:   exact rules; unvalidated in time.
 * Test:    test/kafka/failures.test.ts.
 */
import type { Columns, Float64Column, Int32Column, Uint8Column, Uint16Column } from '../../kernel/columns.ts';
import type { Partitions } from '../cluster/partitions.ts';
import { NONE } from '../requests.ts';

const NOBODY = 255;
const REPLICAS_MAX = 16;

export class Leadership {
  readonly #partitions: Partitions;
  readonly #minInSyncReplicas: (partition: number) => number;
  /** By partition, as numbers of its replicas. */
  readonly #leader: Uint8Column;
  readonly #former: Uint8Column;
  readonly #ofLog: Uint8Column;
  readonly #inSync: Uint16Column;
  readonly #epoch: Int32Column;
  readonly #sinceNs: Float64Column;
  readonly #hasChanged: boolean;

  /** @param isOn whether leaders may change at all */
  constructor(
    columns: Columns,
    partitions: Partitions,
    isOn: boolean,
    minInSyncReplicas: (partition: number) => number,
  ) {
    const length = isOn ? partitions.length : 0;
    this.#partitions = partitions;
    this.#minInSyncReplicas = minInSyncReplicas;
    this.#hasChanged = isOn;
    this.#leader = columns.uint8('leadership/leader', length);
    this.#former = columns.uint8('leadership/former', length);
    this.#ofLog = columns.uint8('leadership/of-log', length);
    this.#inSync = columns.uint16('leadership/in-sync', length);
    this.#epoch = columns.int32('leadership/epoch', length);
    this.#sinceNs = columns.float64('leadership/since', length);
    for (let partition = 0; partition < length; partition += 1) {
      const replicas = partitions.replicas(partition);
      if (replicas > REPLICAS_MAX)
        throw new Error(`a partition has ${replicas} replicas, expected at most 16`);
      this.#inSync.data[partition] = (1 << replicas) - 1;
    }
  }

  /** The broker that leads, or NONE. */
  leader(partition: number): number {
    if (!this.#hasChanged) return this.#partitions.leader(partition);
    return this.#brokerOf(partition, this.#leader.data[partition]);
  }

  /** The broker whose log is the partition's: the leader, or who led last. */
  ofLog(partition: number): number {
    return this.#partitions.replica(partition, this.#ofLog.data[partition]);
  }

  /** The leader that a client knows who asked at that time. */
  leaderKnown(partition: number, askedNs: number): number {
    const isKnown = askedNs >= this.#sinceNs.data[partition];
    return this.#brokerOf(partition, (isKnown ? this.#leader : this.#former).data[partition]);
  }

  epoch(partition: number): number {
    return this.#epoch.data[partition];
  }

  /** The number of a broker among the partition's replicas, or NONE. */
  numberOf(partition: number, broker: number): number {
    const replicas = this.#partitions.replicas(partition);
    for (let number = 0; number < replicas; number += 1) {
      if (this.#partitions.replica(partition, number) === broker) return number;
    }
    return NONE;
  }

  isInSync(partition: number, broker: number): boolean {
    return (this.#inSync.data[partition] & (1 << this.numberOf(partition, broker))) !== 0;
  }

  inSyncReplicas(partition: number): number {
    let count = 0;
    for (let bits = this.#inSync.data[partition]; bits !== 0; bits &= bits - 1) count += 1;
    return count;
  }

  isUnderReplicated(partition: number): boolean {
    return this.inSyncReplicas(partition) < this.#partitions.replicas(partition);
  }

  isUnderMinIsr(partition: number): boolean {
    const minimum = Math.min(this.#minInSyncReplicas(partition), this.#partitions.replicas(partition));
    return this.inSyncReplicas(partition) < minimum;
  }

  /** The last one in sync stays so. */
  removeInSync(partition: number, broker: number): void {
    if (this.inSyncReplicas(partition) === 1) return;
    this.#inSync.data[partition] &= ~(1 << this.numberOf(partition, broker));
  }

  addInSync(partition: number, broker: number): void {
    this.#inSync.data[partition] |= 1 << this.numberOf(partition, broker);
  }

  /** The broker to elect, or NONE. */
  candidate(partition: number, mayLead: (broker: number) => boolean): number {
    const replicas = this.#partitions.replicas(partition);
    for (let number = 0; number < replicas; number += 1) {
      const broker = this.#partitions.replica(partition, number);
      if ((this.#inSync.data[partition] & (1 << number)) !== 0 && mayLead(broker)) return broker;
    }
    return NONE;
  }

  /** Makes a broker, or NONE, the leader of a new epoch. */
  setLeader(partition: number, broker: number, nowNs: number): void {
    this.#former.data[partition] = this.#leader.data[partition];
    this.#leader.data[partition] = broker === NONE ? NOBODY : this.numberOf(partition, broker);
    if (broker !== NONE) this.#ofLog.data[partition] = this.#leader.data[partition];
    this.#sinceNs.data[partition] = nowNs;
    this.#epoch.data[partition] += 1;
  }

  #brokerOf(partition: number, number: number): number {
    return number === NOBODY ? NONE : this.#partitions.replica(partition, number);
  }
}
