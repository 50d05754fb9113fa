/**
 * The cache of incremental fetch sessions of every broker (KIP-227).
 *
 * What:    a client whose session its broker keeps asks only for what is new, and is answered only that. One without
 *          names every partition in each fetch, is told of every one, and asks for a session each time. Each of a
 *          broker's 8 shards has an eighth of max.incremental.fetch.session.cache.slots; who asks is given a place in the
 *          next shard in turn. In a full shard it takes the place of the session that was used longest ago, if that was
 *          more than 120 s; else of the least of those that it may drive out, if it is worth more. Followers are worth
 *          more than consumers, then many partitions more than few. A follower may drive out any consumer at once, others
 *          only sessions that were last used when more than 120 s old. Who was driven out is told so by an
 *          empty response to its next fetch, and then asks in full.
 * Formula: full request = 128 + topics * 18 + partitions * 33;  full response = 64 + topics * 18 + partitions * 37 + records
 *          CPU of the handler for a full request: partitions * fetchPerPartition more, as much as one look at each of them
 * Units:   bytes, ns.
 * Source:  FetchSession.scala (FetchSessionCacheShard, FullFetchContext), BrokerServer.scala (8 shards,
 *          MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS), FetchRequest.json and FetchResponse.json 13 to 17.
 * Range:   a session's number in the model stands for Kafka's random id where all else is equal. Incremental requests and
 *          responses have one size, whatever has changed. The CPU of a full request is assumed, not measured.
 * Error:   unvalidated.
 * Test:    test/kafka/fetch-session-cache.test.ts.
 */
import type { Columns, Float64Column, Int32Column, Uint8Column } from '../../kernel/columns.ts';
import { NS_PER_SECOND } from '../../kernel/time.ts';
import type { Partitions } from '../cluster/partitions.ts';
import { NONE } from '../requests.ts';
import type { Broker } from './broker.ts';
import type { FetchSession } from './replica-manager.ts';

const SHARDS = 8;
const EVICTION_NS = 120 * NS_PER_SECOND;
const REQUEST_BYTES = 128;
const TOPIC_BYTES = 18;
const PARTITION_REQUEST_BYTES = 33;
const PARTITION_RESPONSE_BYTES = 37;

export class FetchSessionCache {
  /** Per session. */
  readonly #broker: Int32Array;
  readonly #size: Int32Array;
  readonly #topics: Int32Array;
  readonly #isPrivileged: Uint8Array;
  /** Per broker: slots of one shard; whether there are sessions that may find no place. */
  readonly #slots: Int32Array;
  readonly #isShort: Uint8Array;
  /** Shard s of broker b has its sessions at #firstSlot[b] + s * #slots[b], its count in #count[b * SHARDS + s]. */
  readonly #firstSlot: Int32Array;
  readonly #members: Int32Column;
  readonly #count: Int32Column;
  readonly #nextShard: Int32Column;
  /** Per session: its place in #members, or NONE; whether its client believes that it is kept. */
  readonly #slot: Int32Column;
  readonly #isKnown: Uint8Column;
  /** Where a broker is short of slots. */
  readonly #createdNs: Float64Column;
  readonly #usedNs: Float64Column;

  constructor(
    columns: Columns,
    brokers: readonly Broker[],
    sessions: readonly FetchSession[],
    partitions: Partitions,
  ) {
    this.#broker = Int32Array.from(sessions, ({ broker }) => broker);
    this.#size = Int32Array.from(sessions, (session) => session.partitions.length);
    this.#topics = Int32Array.from(sessions, (session) => topicsOf(session, partitions));
    this.#isPrivileged = Uint8Array.from(sessions, ({ isFollower }) => (isFollower ? 1 : 0));
    const wanted = new Int32Array(brokers.length);
    for (const broker of this.#broker) wanted[broker] += 1;
    this.#slots = Int32Array.from(brokers, ({ index, config }) =>
      // More than all sessions of the broker are never needed.
      Math.min(wanted[index], Math.floor(config['max.incremental.fetch.session.cache.slots'] / SHARDS)),
    );
    this.#isShort = Uint8Array.from(brokers, ({ index, config }) =>
      wanted[index] > SHARDS * Math.floor(config['max.incremental.fetch.session.cache.slots'] / SHARDS)
        ? 1
        : 0,
    );
    this.#firstSlot = new Int32Array(brokers.length);
    let slots = 0;
    for (let broker = 0; broker < brokers.length; broker += 1) {
      this.#firstSlot[broker] = slots;
      if (this.#isShort[broker] === 1) slots += SHARDS * this.#slots[broker];
    }
    const hasShort = this.#isShort.includes(1);
    this.#members = columns.int32('fetch-session-cache/members', slots);
    this.#count = columns.int32('fetch-session-cache/count', brokers.length * SHARDS);
    this.#nextShard = columns.int32('fetch-session-cache/next-shard', brokers.length);
    this.#slot = columns.int32('fetch-session-cache/slot', hasShort ? sessions.length : 0);
    this.#isKnown = columns.uint8('fetch-session-cache/known', sessions.length);
    this.#createdNs = columns.float64('fetch-session-cache/created', hasShort ? sessions.length : 0);
    this.#usedNs = columns.float64('fetch-session-cache/used', hasShort ? sessions.length : 0);
    this.#slot.data.fill(NONE);
  }

  /** Bytes of the session's next request. */
  requestBytes(session: number): number {
    if (this.#isKnown.data[session] === 1) return REQUEST_BYTES;
    return (
      REQUEST_BYTES + this.#topics[session] * TOPIC_BYTES + this.#size[session] * PARTITION_REQUEST_BYTES
    );
  }

  /** Bytes that the response to the session's present request has beside its records and its header. */
  responseBytes(session: number): number {
    if (this.#isKnown.data[session] === 1) return 0;
    return this.#topics[session] * TOPIC_BYTES + this.#size[session] * PARTITION_RESPONSE_BYTES;
  }

  /** Partitions that the session's present request names: all, or, as is counted here, none. */
  namedPartitions(session: number): number {
    return this.#isKnown.data[session] === 0 ? this.#size[session] : 0;
  }

  /** A request of the session is handled: false when it counts on a session that the broker keeps no more. */
  use(session: number, nowNs: number): boolean {
    if (this.#isShort[this.#broker[session]] === 0 || this.#isKnown.data[session] === 0) return true;
    if (this.#slot.data[session] === NONE) {
      this.#isKnown.data[session] = 0;
      return false;
    }
    this.#usedNs.data[session] = nowNs;
    return true;
  }

  /** A full request of the session is answered: the broker keeps a session for it from now on, if it finds a place. */
  answered(session: number, nowNs: number): void {
    if (this.#isKnown.data[session] === 1) return;
    const broker = this.#broker[session];
    if (this.#isShort[broker] === 0 || this.#findPlace(broker, session, nowNs)) {
      this.#isKnown.data[session] = 1;
    }
  }

  #findPlace(broker: number, session: number, nowNs: number): boolean {
    const shard = this.#nextShard.data[broker];
    this.#nextShard.data[broker] = (shard + 1) % SHARDS;
    const at = broker * SHARDS + shard;
    const first = this.#firstSlot[broker] + shard * this.#slots[broker];
    const count = this.#count.data[at];
    let slot = first + count;
    if (count < this.#slots[broker]) this.#count.data[at] = count + 1;
    else {
      slot = this.#evictable(first, count, session, nowNs);
      if (slot === NONE) return false;
      this.#slot.data[this.#members.data[slot]] = NONE;
    }
    this.#members.data[slot] = session;
    this.#slot.data[session] = slot;
    this.#createdNs.data[session] = nowNs;
    this.#usedNs.data[session] = nowNs;
    return true;
  }

  /** The slot of a full shard that a new session may have, or NONE. */
  #evictable(first: number, count: number, session: number, nowNs: number): number {
    const used = this.#usedNs.data;
    let oldest = NONE;
    let least = NONE;
    for (let slot = first; slot < first + count; slot += 1) {
      const member = this.#members.data[slot];
      if (oldest === NONE || used[member] < used[this.#members.data[oldest]]) oldest = slot;
      const isOld = used[member] - this.#createdNs.data[member] > EVICTION_NS;
      const mayGo = isOld || (this.#isPrivileged[session] === 1 && this.#isPrivileged[member] === 0);
      if (mayGo && (least === NONE || this.#isWorthMore(this.#members.data[least], member))) least = slot;
    }
    if (oldest !== NONE && nowNs - used[this.#members.data[oldest]] > EVICTION_NS) return oldest;
    return least !== NONE && this.#isWorthMore(session, this.#members.data[least]) ? least : NONE;
  }

  #isWorthMore(session: number, other: number): boolean {
    if (this.#isPrivileged[session] !== this.#isPrivileged[other]) return this.#isPrivileged[session] === 1;
    return this.#size[session] > this.#size[other];
  }
}

/** Different topics of a session, whose partitions are in the topics' order. */
function topicsOf({ partitions: list }: FetchSession, partitions: Partitions): number {
  let topics = 0;
  let last = NONE;
  for (const partition of list) {
    const topic = partitions.topic(partition);
    if (topic !== last) topics += 1;
    last = topic;
  }
  return topics;
}
