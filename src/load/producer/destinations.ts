/** Where the records of one producer client go. */
import type { Random } from '../random.ts';
import type { WeightedDraw } from './weighted-draw.ts';

/** The record's key decides; without one, the sticky partition. */
export const ANY_PARTITION = -1;

/** The next record's; `next` goes on to that of the one after it. */
export interface Destinations {
  /** Number of the topic among the client's. */
  readonly topic: number;
  readonly partition: number;
  next(): void;
}

/** One topic after the other. */
export class TopicsInTurn implements Destinations {
  readonly partition = ANY_PARTITION;
  readonly #topics: number;
  topic: number;

  constructor(topics: number, first: number) {
    this.#topics = topics;
    this.topic = first;
  }

  next(): void {
    this.topic = this.topic + 1 === this.#topics ? 0 : this.topic + 1;
  }
}

/** All partitions of all topics, topic after topic. */
export class Partitions {
  readonly topics: Uint32Array;
  readonly partitions: Uint32Array;

  constructor(topics: readonly { readonly partitions: number }[]) {
    const all = topics.flatMap(({ partitions }, topic) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
    this.topics = Uint32Array.from(all, ({ topic }) => topic);
    this.partitions = Uint32Array.from(all, ({ partition }) => partition);
  }

  get length(): number {
    return this.topics.length;
  }
}

/** Every record's partition drawn by weight. */
export class DrawnPartitions implements Destinations {
  readonly #partitions: Partitions;
  readonly #weights: WeightedDraw;
  readonly #random: Random;
  topic = 0;
  partition = 0;

  /** `weights` are of `partitions`, in their order; both may be shared between clients. */
  constructor(partitions: Partitions, weights: WeightedDraw, random: Random) {
    this.#partitions = partitions;
    this.#weights = weights;
    this.#random = random;
    this.next();
  }

  next(): void {
    const place = this.#weights.draw(this.#random);
    this.topic = this.#partitions.topics[place];
    this.partition = this.#partitions.partitions[place];
  }
}

/** So many records to one partition, then to the next. */
export class PartitionsInTurn implements Destinations {
  readonly #partitions: Partitions;
  readonly #records: number;
  #place = 0;
  #left: number;

  constructor(partitions: Partitions, records: number) {
    this.#partitions = partitions;
    this.#records = records;
    this.#left = records;
  }

  get topic(): number {
    return this.#partitions.topics[this.#place];
  }

  get partition(): number {
    return this.#partitions.partitions[this.#place];
  }

  next(): void {
    this.#left--;
    if (this.#left === 0) {
      this.#left = this.#records;
      this.#place = this.#place + 1 === this.#partitions.length ? 0 : this.#place + 1;
    }
  }
}
