/**
 * The partitions of a cluster and the brokers of their replicas, in arrays: an object a partition, with a list of its
 * replicas, would take more room than all that changes of it.
 */

export class Partitions {
  readonly #topic: Int32Array;
  /** Replicas of partition p are at #firstReplica[p] .. #firstReplica[p + 1] - 1, the leader first. */
  readonly #firstReplica: Int32Array;
  readonly #broker: Uint16Array;

  /** Of every partition, in their order: its topic, and the brokers of its replicas by index, the leader first. */
  constructor(topics: readonly number[], replicas: readonly (readonly number[])[]) {
    this.#topic = Int32Array.from(topics);
    this.#firstReplica = new Int32Array(topics.length + 1);
    replicas.forEach((brokers, partition) => {
      this.#firstReplica[partition + 1] = this.#firstReplica[partition] + brokers.length;
    });
    this.#broker = new Uint16Array(this.#firstReplica[topics.length]);
    replicas.forEach((brokers, partition) => {
      this.#broker.set(brokers, this.#firstReplica[partition]);
    });
  }

  get length(): number {
    return this.#topic.length;
  }

  topic(partition: number): number {
    return this.#topic[partition];
  }

  leader(partition: number): number {
    return this.#broker[this.#firstReplica[partition]];
  }

  /** How many replicas it has. */
  replicas(partition: number): number {
    return this.#firstReplica[partition + 1] - this.#firstReplica[partition];
  }

  /** The broker of one of its replicas; number 0 is the leader. */
  replica(partition: number, number: number): number {
    return this.#broker[this.#firstReplica[partition] + number];
  }
}
