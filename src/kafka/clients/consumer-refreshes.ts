/**
 * Consumers that have lost a broker, or been told that it leads no more: they ask for the leaders and fetch from those.
 *
 * What:    after an error a consumer waits (backoff.ts), asks any living broker for the leaders of its partitions, and has a
 *          session with each that it can reach; while one of its partitions has none, it asks again. It goes on where it was.
 * Formula: see backoff.ts; attempts count from the first error since all was well
 * Units:   ns.
 * Source:  src/load/consumer-client.ts (#retryLater); Fetcher.java and Metadata.java, Kafka 4.3.
 * Range:   the group itself is not disturbed: no rebalance, no commit. What a lost response carried is fetched again.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts, failures-conservation.test.ts.
 */
import type { Int32Column, Uint8Column } from '../../kernel/columns.ts';
import type { Stream } from '../../kernel/random.ts';
import { FETCHES } from '../broker/reader-columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { backoffNs } from './backoff.ts';

export class ConsumerRefreshes {
  readonly #model: ClusterModel;
  readonly #stream: Stream | null;
  /** Per consumer: whether it waits to ask; how often it has asked in vain. */
  readonly #waits: Uint8Column;
  readonly #attempts: Int32Column;

  constructor(model: ClusterModel, isOn: boolean) {
    const { sim, parts } = model;
    this.#model = model;
    this.#stream = isOn ? sim.random.stream('consumers/refreshes') : null;
    this.#waits = sim.columns.uint8('refreshes/waits', isOn ? parts.consumerClients.length : 0);
    this.#attempts = sim.columns.int32('refreshes/attempts', isOn ? parts.consumerClients.length : 0);
  }

  /** A fetch of a consumer has failed. */
  lost(client: number): void {
    if (this.#waits.data[client] === 1) return;
    const { sim, parts } = this.#model;
    const { backoff, entity } = parts.consumerClients[client];
    this.#waits.data[client] = 1;
    const attempt = this.#attempts.data[client];
    this.#attempts.data[client] = attempt + 1;
    const draw = this.#stream !== null && backoff.isJava ? sim.random.uniform(this.#stream) : 0;
    sim.schedule(backoffNs(backoff, attempt, draw), entity, KIND.consumerAsks, client);
  }

  /** The consumer asks for the leaders. */
  ask(client: number): void {
    const { parts, consumers } = this.#model;
    this.#waits.data[client] = 0;
    const isComplete = this.#follow(client);
    const { fetching, sessionSize } = this.#model.replicas.columns;
    for (const session of parts.consumerClients[client].sessions) {
      if (sessionSize.get(session) === 0 || !this.#isReachable(session)) continue;
      if (fetching.get(session) === FETCHES) continue;
      const rests = !this.#model.replicas.isFetching(session);
      fetching.set(session, FETCHES);
      if (rests) consumers.startSession(client, session);
    }
    if (isComplete) this.#attempts.data[client] = 0;
    else this.lost(client);
  }

  /** Moves the readers to the sessions with their leaders; returns whether all have one that can be reached. */
  #follow(client: number): boolean {
    const { failures, parts, replicas } = this.#model;
    const { readerSession } = replicas.columns;
    const { sessions } = parts.consumerClients[client];
    let isComplete = true;
    const readers: number[] = [];
    for (const partition of parts.topology.consumers[client].partitions) {
      const reader = replicas.readerOfConsumer(client, partition);
      const leader = failures.leadership.leader(partition);
      const session = sessions.find((index) => parts.sessions[index].broker === leader);
      readers.push(reader);
      if (session === undefined || !failures.lives.isUp(leader)) isComplete = false;
      else if (readerSession[reader] !== session) failures.readers.moveConsumer(reader, session);
    }
    for (const session of sessions) failures.readers.empty(session);
    for (const reader of readers) failures.readers.queue(reader);
    return isComplete;
  }

  #isReachable(session: number): boolean {
    const { failures, parts } = this.#model;
    return failures.lives.isUp(parts.sessions[session].broker);
  }
}
