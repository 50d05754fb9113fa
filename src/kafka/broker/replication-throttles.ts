/**
 * Replication throttles: how much brokers send to and receive from replicas that are not in sync.
 *
 * What:    a replica is throttled at its leader, or at its follower, if the topic's list names it there. Everything that is replicated of
 *          throttled replicas counts on both brokers, of those in sync too; beyond the rate those that are behind get nothing: the
 *          leader leaves them out of its responses, the follower out of its fetches. A follower that is left with no
 *          partition looks again after replica.fetch.backoff.ms.
 * Formula: exceeded, when sum / max(window, since the oldest sample began) > rate; n windows (sampled-stats.ts)
 *          held = named, exceeded, and behind: at the leader not in the ISR, at the follower below the high watermark
 * Units:   bytes, ns; rates per second.
 * Source:  ReplicationQuotaManager.scala, SimpleRate.java, RemoteLeaderEndPoint.scala (shouldFollowerThrottle),
 *          ReplicaManager.scala (shouldLeaderThrottle, readFromLog), KafkaApis.scala (sizeOfThrottledPartitions), Kafka 4.3.
 * Range:   rates and lists change by operations. A change is known everywhere at once. A follower sees the leader's high
 *          watermark as it is, not as its last response had it.
 * Error:   a fetch that waits at the leader is not looked at again when the rate falls below the limit, as it is in Kafka with the
 *          next append: it waits up to replica.fetch.wait.max.ms more. A broker that starts has the follower's throttle from
 *          the first fetch, where Kafka's begins to fetch before its properties are published (docs/model.md has what that makes).
 * Test:    test/kafka/replication-throttles.test.ts.
 */
import type { Float64Column, Int32Column, Uint16Column } from '../../kernel/columns.ts';
import { NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { Leadership } from '../controller/leadership.ts';
import { NONE } from '../requests.ts';
import { HELD, QUEUED } from './reader-columns.ts';
import { SampledStats, type SampleWindows } from './sampled-stats.ts';

/** The brokers' ends of replication. */
export const SIDES = ['leader', 'follower'] as const;
export type Side = (typeof SIDES)[number];

/** Replicas that are throttled: all of a topic, or those with these numbers of partition and broker. */
export type ThrottledReplicas = 'all' | readonly { readonly partition: number; readonly broker: number }[];

/** What an operation changes; null: no limit. */
export interface ThrottleChange {
  readonly bytesPerSecond: { readonly [Of in Side]?: number | null };
  readonly replicas: { readonly [Of in Side]?: ThrottledReplicas };
  /** Whose replicas are meant. */
  readonly topics: readonly number[];
}

const ALL = 0xff_ff;

export class ReplicationThrottles {
  /** Whether there may be a rate at all. */
  readonly isOn: boolean;
  readonly #model: ClusterModel;
  readonly #leadership: Leadership;
  /** Per broker and side. */
  readonly #bytesPerSecond: Float64Column;
  readonly #windows: readonly SampleWindows[];
  readonly #stats: SampledStats;
  /** Per partition: its throttled replicas on each side, as bits by their numbers. */
  readonly #replicas: Readonly<Record<Side, Uint16Column>>;
  /** Per session: its readers that are held. */
  readonly #held: Int32Column;

  constructor(model: ClusterModel, leadership: Leadership, isOn: boolean) {
    const { brokers, parts } = model;
    const { columns } = model.sim;
    this.isOn = isOn;
    this.#model = model;
    this.#leadership = leadership;
    const windows = isOn
      ? brokers.flatMap(({ config }) => {
          const of = {
            windows: config['replication.quota.window.num'],
            windowNs: config['replication.quota.window.size.seconds'] * NS_PER_SECOND,
          };
          return SIDES.map(() => of);
        })
      : [];
    this.#bytesPerSecond = columns.float64('throttles/rate', windows.length);
    this.#bytesPerSecond.data.fill(Number.POSITIVE_INFINITY);
    this.#windows = windows;
    this.#stats = new SampledStats(columns, 'throttles', windows);
    const partitions = isOn ? parts.topology.partitions.length : 0;
    this.#replicas = {
      leader: columns.uint16('throttles/leader', partitions),
      follower: columns.uint16('throttles/follower', partitions),
    };
    this.#held = columns.int32('throttles/held', isOn ? parts.sessions.length : 0);
    if (!isOn) return;
    parts.topology.topics.forEach(({ class: { config } }, topic) => {
      for (const side of SIDES) {
        this.#name(topic, side, throttledReplicas(config[`${side}.replication.throttled.replicas`]));
      }
    });
  }

  /** Rates of the brokers, or lists of topics, are others from here on. */
  change(brokers: readonly number[], { bytesPerSecond, replicas, topics }: ThrottleChange): void {
    for (const side of SIDES) {
      const rate = bytesPerSecond[side];
      if (rate !== undefined) {
        for (const broker of brokers) {
          this.#bytesPerSecond.data[row(broker, side)] = rate ?? Number.POSITIVE_INFINITY;
        }
      }
      const named = replicas[side];
      if (named !== undefined) for (const topic of topics) this.#name(topic, side, named);
    }
  }

  /** A broker's process is gone, with what it has counted. */
  forget(broker: number): void {
    if (!this.isOn) return;
    for (const side of SIDES) this.#stats.clear(row(broker, side));
  }

  /** A leader sends so much of a partition to a follower. */
  sent(session: number, partition: number, bytes: number): void {
    this.#count('leader', this.#brokerOf(session, 'leader'), partition, bytes);
  }

  /** A follower has it. */
  received(session: number, partition: number, bytes: number): void {
    this.#count('follower', this.#brokerOf(session, 'follower'), partition, bytes);
  }

  /** Of a follower's readers with news, holds those that get nothing now as one side sees it, the others no longer. */
  review(session: number, side: Side): void {
    const { news, readerQueued, available } = this.#model.replicas.columns;
    const broker = this.#brokerOf(session, side);
    const exceeds = this.#exceeds(broker, side);
    // The leader does not see what the follower has left out; the follower begins anew with each fetch.
    if (!exceeds && (side === 'leader' || this.#held.data[session] === 0)) return;
    for (let left = news.length(session); left > 0; left -= 1) {
      const reader = news.shift(session);
      news.push(session, reader);
      const isHeld = readerQueued.data[reader] === HELD;
      if (isHeld && side === 'leader') continue;
      const holds = exceeds && this.#isBehind(reader, side, broker);
      if (holds === isHeld) continue;
      const bytes = this.#model.failures.readers.readableBytes(reader);
      readerQueued.data[reader] = holds ? HELD : QUEUED;
      available.add(session, holds ? -bytes : bytes);
      this.#held.data[session] += holds ? 1 : -1;
    }
  }

  /** Whether none of a session's partitions is left to be fetched. */
  holdsAll(session: number): boolean {
    return this.#held.data[session] === this.#model.replicas.columns.sessionSize.get(session);
  }

  /** A reader that was held leaves the readers with news. */
  letGo(session: number): void {
    this.#held.data[session] -= 1;
  }

  #count(side: Side, broker: number, partition: number, bytes: number): void {
    if (bytes === 0 || !this.#isThrottled(side, partition, broker)) return;
    this.#stats.record(row(broker, side), bytes, this.#model.sim.nowNs);
  }

  #brokerOf(session: number, side: Side): number {
    const { parts, replicas } = this.#model;
    if (side === 'leader') return parts.sessions[session].broker;
    return parts.fetchers[replicas.ownerOf(session)].follower;
  }

  /** Whether a reader of a throttled replica is not in sync. */
  #isBehind(reader: number, side: Side, broker: number): boolean {
    const { replicas, failures } = this.#model;
    const { readerPartition, replicaEnd, highWatermark } = replicas.columns;
    const partition = readerPartition[reader];
    if (!this.#isThrottled(side, partition, broker)) return false;
    if (side === 'leader') return !failures.inSync.isInSync(partition, reader);
    return replicaEnd.data[reader] < highWatermark.data[partition];
  }

  #isThrottled(side: Side, partition: number, broker: number): boolean {
    const bits = this.#replicas[side].data[partition];
    return bits !== 0 && (bits & (1 << this.#leadership.numberOf(partition, broker))) !== 0;
  }

  #exceeds(broker: number, side: Side): boolean {
    const at = row(broker, side);
    const rate = this.#bytesPerSecond.data[at];
    if (rate === Number.POSITIVE_INFINITY) return false;
    const { nowNs } = this.#model.sim;
    const spanNs = Math.max(this.#windows[at].windowNs, this.#stats.spanNs(at, nowNs));
    return this.#stats.sum(at, nowNs) * NS_PER_SECOND > rate * spanNs;
  }

  #name(topic: number, side: Side, named: ThrottledReplicas): void {
    const { topics } = this.#model.parts.topology;
    const { firstPartition, class: of } = topics[topic];
    const bits = this.#replicas[side].data;
    bits.fill(named === 'all' ? ALL : 0, firstPartition, firstPartition + of.partitions);
    if (named === 'all') return;
    for (const { partition, broker } of named) {
      const at = firstPartition + partition;
      const number = partition < of.partitions ? this.#leadership.numberOf(at, broker) : NONE;
      if (number !== NONE) bits[at] |= 1 << number;
    }
  }
}

/** Reads a list in Kafka's notation: `partition:broker` each, or `*` alone; brokers by index. */
export function throttledReplicas(list: readonly string[]): ThrottledReplicas {
  if (list[0] === '*') return 'all';
  return list.map((replica) => {
    const [partition, id] = replica.split(':').map(Number);
    return { partition, broker: id - 1 };
  });
}

function row(broker: number, side: Side): number {
  return broker * SIDES.length + SIDES.indexOf(side);
}
