/**
 * The streams of a verified run, numbered densely: one for each producer client and partition that it may write to. All
 * threads number them by the same plan, so that a number is all that a record has to carry.
 */

export interface StreamTopic {
  readonly name: string;
  readonly partitions: number;
}

export interface StreamClient {
  /** As in its client.id, such as `web-2`. */
  readonly name: string;
  /** Of its producer class in the scenario. */
  readonly classIndex: number;
  /** Numbers of its topics in the plan's list, in the order in which the client knows them. */
  readonly topics: readonly number[];
}

export class StreamPlan {
  readonly clients: readonly StreamClient[];
  readonly topics: readonly StreamTopic[];
  readonly streamCount: number;
  readonly partitionCount: number;
  /** By stream: the number of its partition among those of all topics. */
  readonly partitionOf: Uint32Array;
  /** By stream: its place among the streams of its partition. */
  readonly slotOf: Uint32Array;
  readonly #firstPartition: number[] = [];
  readonly #firstStream: number[][] = [];
  readonly #clientOf: Uint32Array;
  /** By partition: where its streams begin in `#streamsByPartition`, and where the last one's end. */
  readonly #begins: Uint32Array;
  readonly #streamsByPartition: Uint32Array;

  constructor(topics: readonly StreamTopic[], clients: readonly StreamClient[]) {
    this.topics = topics;
    this.clients = clients;
    let partitions = 0;
    for (const topic of topics) {
      this.#firstPartition.push(partitions);
      partitions += topic.partitions;
    }
    this.partitionCount = partitions;
    let streams = 0;
    for (const client of clients) {
      this.#firstStream.push(
        client.topics.map((topic) => {
          const first = streams;
          streams += topics[topic].partitions;
          return first;
        }),
      );
    }
    this.streamCount = streams;
    this.partitionOf = new Uint32Array(streams);
    this.slotOf = new Uint32Array(streams);
    this.#clientOf = new Uint32Array(streams);
    this.#begins = new Uint32Array(partitions + 1);
    this.#streamsByPartition = new Uint32Array(streams);
    this.#fill();
  }

  /** The stream of a client (number in the plan) in a partition of one of its topics (number in the client's list). */
  streamOf(client: number, topic: number, partition: number): number {
    return this.#firstStream[client][topic] + partition;
  }

  /** Number of a partition among those of all topics; -1 when the plan does not have it. */
  partitionNumber(topic: string, partition: number): number {
    const index = this.topics.findIndex(({ name }) => name === topic);
    return index >= 0 && partition < this.topics[index].partitions
      ? this.#firstPartition[index] + partition
      : -1;
  }

  /** `orders-3` for a partition's number. */
  partitionName(partition: number): string {
    const topic = this.#firstPartition.findLastIndex((first) => first <= partition);
    return `${this.topics[topic].name}-${partition - this.#firstPartition[topic]}`;
  }

  /** The streams of a partition, by slot. */
  streamsOf(partition: number): Uint32Array {
    return this.#streamsByPartition.subarray(this.#begins[partition], this.#begins[partition + 1]);
  }

  clientOf(stream: number): StreamClient {
    return this.clients[this.#clientOf[stream]];
  }

  #fill(): void {
    const counts = new Uint32Array(this.partitionCount);
    let stream = 0;
    for (const [client, { topics }] of this.clients.entries()) {
      for (const topic of topics) {
        for (let partition = 0; partition < this.topics[topic].partitions; partition++) {
          const number = this.#firstPartition[topic] + partition;
          this.partitionOf[stream] = number;
          this.slotOf[stream] = counts[number]++;
          this.#clientOf[stream] = client;
          stream++;
        }
      }
    }
    for (let partition = 0; partition < this.partitionCount; partition++) {
      this.#begins[partition + 1] = this.#begins[partition] + counts[partition];
    }
    for (let one = 0; one < this.streamCount; one++) {
      this.#streamsByPartition[this.#begins[this.partitionOf[one]] + this.slotOf[one]] = one;
    }
  }
}
