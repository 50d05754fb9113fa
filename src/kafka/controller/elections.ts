/**
 * What the controller decides when a broker leaves or comes back, and when the brokers have heard of it.
 *
 * What:    a broker that is fenced or shuts down leaves every ISR that it is not the last of; where it leads, a leader is elected
 *          out of the ISR, or there is none. A broker that comes back is elected where there is no leader and it is in
 *          sync. The changes reach all brokers at once.
 * Formula: known = decided + PUBLISH: latency to the controller and controller.quorum.append.linger.ms
 * Units:   ns.
 * Source:  ReplicationControlManager (handleBrokerFenced, handleBrokerInControlledShutdown, handleBrokerUnfenced), Kafka 4.3.
 * Range:   the controller's own CPU, its log and the brokers' replay of it are free. Reassignments and other elections would call `#lead` too.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts.
 */
import { NS_PER_MS } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { NONE } from '../requests.ts';

export class Elections {
  readonly #model: ClusterModel;

  constructor(model: ClusterModel) {
    this.#model = model;
  }

  /** From a decision of the controller until brokers know it, ns. */
  publishNs(broker: number): number {
    const { config, costs } = this.#model.brokers[broker];
    return config['controller.quorum.append.linger.ms'] * NS_PER_MS + 2 * costs.linkLatencyNs;
  }

  /** The brokers hear that one has left. */
  left(broker: number): void {
    const { parts, failures } = this.#model;
    const { leadership, readers, sessions } = failures;
    const { partitions } = parts.topology;
    // A broker that shuts down is as good as fenced: it leads nothing and joins no ISR.
    sessions.setFenced(broker, true);
    readers.leave(broker);
    for (let partition = 0; partition < partitions.length; partition += 1) {
      if (leadership.numberOf(partition, broker) === NONE) continue;
      const wasInSync = leadership.isInSync(partition, broker);
      if (wasInSync) leadership.removeInSync(partition, broker);
      if (leadership.leader(partition) === broker) this.#lead(partition, broker);
      else if (wasInSync) readers.isrShrunk(partition);
    }
    readers.startFetchers();
  }

  /** The brokers hear that one is back. */
  returned(broker: number): void {
    const { parts, failures } = this.#model;
    const { leadership, readers } = failures;
    const { partitions } = parts.topology;
    for (let partition = 0; partition < partitions.length; partition += 1) {
      if (leadership.leader(partition) !== NONE) continue;
      if (leadership.numberOf(partition, broker) !== NONE) this.#lead(partition, NONE);
    }
    readers.tellEnds(broker);
    readers.startFetchers();
  }

  /** Elects a leader that is not `except`. */
  #lead(partition: number, except: number): void {
    const { sim, failures } = this.#model;
    const { leadership, readers, sessions } = failures;
    const mayLead = (broker: number): boolean => broker !== except && !sessions.isFenced(broker);
    const leader = leadership.candidate(partition, mayLead);
    if (leader === NONE && leadership.leader(partition) === NONE) return;
    const from = leadership.ofLog(partition);
    leadership.setLeader(partition, leader, sim.nowNs);
    if (leader !== NONE) readers.follow(partition, from, leader);
  }
}
