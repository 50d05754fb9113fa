/**
 * The lives of the brokers' processes: killed, stopped in Kafka's controlled way, started again.
 *
 *   UP ─ kill ─► DOWN ┄ (session runs out) ┄► fenced: leaders elected          page cache and logs stay
 *   UP ─ stop ─► STOPS ─► leaders moved ─► DOWN, fenced at once
 *   DOWN ─ start ─► STARTS (CPU of the start) ─► registered once its old session is over ─► UP: fetches, joins ISRs
 *
 * What:    with its process go a broker's connections, what is queued or parked in it, its heap and the work of its threads. Clients
 *          learn it at once (a reset); other brokers' fetchers stop until they have another leader. What the dead broker itself had
 *          asked of others is answered into nothing.
 * Formula: a stop takes two rounds to the controller, 50 ms between its answers, and STOP_NS; a start START_CPU_NS on each of
 *          START_THREADS threads of the broker's host.
 * Units:   ns.
 * Source:  BrokerLifecycleManager, KafkaRaftServer; START: a broker here was back, unfenced, about 5 s after its start on two
 *          cores and 18.8 s after it with 0.6 cores: 10 CPU seconds, as two threads, are 5.2 and 17.3 s.
 * Range:   STOP_NS is assumed. No recovery of logs after a kill (with short active segments it is part of the start), no work for
 *          each partition at the start; new connections cost nothing. A broker that is being started has no connections.
 * Error:   the start -8 % at 0.6 cores.
 * Test:    test/kafka/failures.test.ts, failures-conservation.test.ts.
 */
import type { Float64Column, Uint8Column } from '../../kernel/columns.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE, ORPHANED, REQUEST, SENT } from '../requests.ts';
import { FETCHES, RESTS, STOPS } from './reader-columns.ts';

/** Threads that a start keeps busy: the main thread, and compilers. */
export const START_THREADS = 2;
const START_CPU_NS = 5.2 * NS_PER_SECOND;
const SHUTDOWN_AGAIN_NS = 50 * NS_PER_MS;
const STOP_NS = NS_PER_SECOND;

const UP = 0;
const STOPPING = 1;
const DOWN = 2;
const STARTING = 3;
/** Started, but its session of before has not run out. */
const WAITS = 4;

export class Lives {
  readonly #model: ClusterModel;
  readonly #state: Uint8Column;
  /** Per broker: how many lives it has behind it. */
  readonly #life: Float64Column;
  /** Per broker: threads of its start that are at work; whether it is to be started when it is down. */
  readonly #starting: Uint8Column;
  readonly #restarts: Uint8Column;
  /** Per session: the fetch of a follower that is gone is still at its leader. */
  readonly #orphaned: Uint8Column;
  readonly #threads: readonly (readonly number[])[];

  constructor(model: ClusterModel, isOn: boolean) {
    const { brokers, parts, sim } = model;
    this.#model = model;
    this.#state = sim.columns.uint8('lives/state', brokers.length);
    this.#life = sim.columns.float64('lives/life', brokers.length);
    this.#starting = sim.columns.uint8('lives/starting', isOn ? brokers.length : 0);
    this.#restarts = sim.columns.uint8('lives/restarts', isOn ? brokers.length : 0);
    this.#orphaned = sim.columns.uint8('lives/orphaned', isOn ? parts.sessions.length : 0);
    this.#threads = brokers.map(({ index }) =>
      isOn ? parts.threads.flatMap((role, thread) => (model.brokerOf(role) === index ? [thread] : [])) : [],
    );
  }

  /** The number of a broker's life; what it had begun in an earlier one is void. */
  of(broker: number): number {
    return this.#life.data[broker];
  }

  /** Whether the broker serves. */
  isUp(broker: number): boolean {
    return this.#state.data[broker] <= STOPPING;
  }

  isOrphaned(session: number): boolean {
    return this.#orphaned.data[session] === 1;
  }

  /** Whether it may be stopped; killing is always possible. */
  isRunning(broker: number): boolean {
    return this.#state.data[broker] !== DOWN;
  }

  kill(broker: number): void {
    const { failures, brokers, sim } = this.#model;
    if (this.#state.data[broker] === DOWN) return;
    const wasKnown = this.#state.data[broker] <= STOPPING;
    this.#die(broker);
    if (!wasKnown || failures.sessions.isFenced(broker)) return;
    const delayNs = failures.sessions.fencedNs(broker) - sim.nowNs;
    sim.schedule(delayNs, brokers[broker].entity, KIND.sessionEnds, broker);
  }

  /** Begins a controlled shutdown; the broker tells when it is gone. */
  stop(broker: number): void {
    const { failures, brokers, sim } = this.#model;
    const { entity } = brokers[broker];
    if (this.#state.data[broker] === STOPPING) return;
    if (this.#state.data[broker] !== UP) {
      this.kill(broker);
      this.#tellGone(broker);
      return;
    }
    this.#state.data[broker] = STOPPING;
    const movedNs = failures.elections.publishNs(broker);
    sim.schedule(movedNs, entity, KIND.leadersMove, broker);
    const goneNs = 2 * movedNs + SHUTDOWN_AGAIN_NS + STOP_NS;
    sim.schedule(goneNs, entity, KIND.brokerStops, broker, this.of(broker));
  }

  /** A controlled shutdown, or a kill, and a start when the process is gone. */
  restart(broker: number, isUnclean: boolean): void {
    if (isUnclean) {
      this.kill(broker);
      this.start(broker);
      return;
    }
    this.#restarts.data[broker] = 1;
    this.stop(broker);
  }

  start(broker: number): void {
    const { cpus, brokers } = this.#model;
    this.#state.data[broker] = STARTING;
    const { startThreads } = brokers[broker];
    this.#starting.data[broker] = startThreads.length;
    for (const thread of startThreads) cpus.wake(thread, START_CPU_NS);
  }

  /** A thread of a broker's start has done its work. */
  threadDone(broker: number): void {
    this.#starting.data[broker] -= 1;
    if (this.#starting.data[broker] > 0) return;
    this.#state.data[broker] = WAITS;
    if (this.#model.failures.sessions.isFenced(broker)) this.#register(broker);
  }

  /** The session of a broker that was killed runs out. */
  sessionEnds(broker: number): void {
    const { failures, brokers, sim } = this.#model;
    // It may have shut down after all, and be back by now.
    if (this.isUp(broker)) return;
    failures.sessions.setFenced(broker, true);
    const delayNs = failures.elections.publishNs(broker);
    sim.schedule(delayNs, brokers[broker].entity, KIND.leadersMove, broker);
    if (this.#state.data[broker] === WAITS) this.#register(broker);
  }

  /** A controlled shutdown ends. */
  stopped(broker: number, life: number): void {
    if (life !== this.of(broker)) return;
    this.#die(broker);
    this.#tellGone(broker);
  }

  /** The controller has unfenced a broker that was started. */
  returns(broker: number, life: number): void {
    if (life !== this.of(broker) || this.#state.data[broker] !== WAITS) return;
    const { failures } = this.#model;
    this.#state.data[broker] = UP;
    failures.sessions.setFenced(broker, false);
    failures.elections.returned(broker);
    failures.timeline.done(broker);
  }

  /** The response to a fetch of a follower that is gone. */
  orphanAnswered(request: number): void {
    this.#forgetOrphan(request);
    this.#model.failures.readers.startFetchers();
  }

  #forgetOrphan(request: number): void {
    this.#orphaned.data[this.#model.requests.owner.data[request]] = 0;
    this.#lose(request);
  }

  #register(broker: number): void {
    const { failures, brokers, sim } = this.#model;
    const delayNs = failures.elections.publishNs(broker);
    sim.schedule(2 * delayNs, brokers[broker].entity, KIND.brokerReturns, broker, this.of(broker));
  }

  #tellGone(broker: number): void {
    if (this.#restarts.data[broker] === 0) {
      this.#model.failures.timeline.done(broker);
      return;
    }
    this.#restarts.data[broker] = 0;
    this.start(broker);
  }

  #die(index: number): void {
    const { requests, sockets, handlers, heaps, cpus, brokers, parts, background } = this.#model;
    const broker = brokers[index];
    this.#state.data[index] = DOWN;
    this.#life.data[index] += 1;
    this.#starting.data[index] = 0;
    cpus.abandon(this.#threads[index]);
    parts.fetchers.forEach(({ follower, session }, fetcher) => {
      if (follower !== index) return;
      const response = this.#model.fetchers.clear(fetcher);
      if (response !== NONE) this.#lose(response);
      this.#model.replicas.columns.fetching.set(session, RESTS);
    });
    for (let request = 0; request < requests.rows; request += 1) {
      if (requests.place.data[request] === SENT) this.#tear(index, request);
      else if (requests.place.data[request] === ORPHANED && sockets.brokerIndexOf(request) === index) {
        this.#forgetOrphan(request);
      }
    }
    sockets.clear(broker);
    handlers.clear(broker);
    heaps.clear(index);
    background.forget(broker);
    this.#model.failures.throttles.forget(index);
    // Sessions whose next fetch is not sent yet.
    const { fetching } = this.#model.replicas.columns;
    parts.sessions.forEach((session, number) => {
      if (session.broker === index && fetching.get(number) === FETCHES) fetching.set(number, STOPS);
    });
  }

  /** A request that was sent, if it was to the broker or from it. */
  #tear(broker: number, request: number): void {
    const { requests, sockets, failures, fetchers, replicas, groups } = this.#model;
    const isAt = sockets.brokerIndexOf(request) === broker;
    const type = requests.type.data[request];
    const owner = requests.owner.data[request];
    if (type === REQUEST.produce) {
      if (!isAt) return;
      requests.tear(request);
      replicas.forgetWaiting(request);
      failures.retries.failed(request);
    } else if (type === REQUEST.fetchConsumer) {
      if (!isAt) return;
      this.#lose(request);
      failures.refreshes.lost(replicas.ownerOf(owner));
    } else if (type !== REQUEST.fetchFollower) {
      if (!isAt) return;
      requests.tear(request);
      if (type === REQUEST.metadata) requests.close(request);
      else groups.lost(request);
    } else if (isAt) this.#lose(request);
    else if (fetchers.followerOf(replicas.ownerOf(owner)) === broker) {
      requests.place.data[request] = ORPHANED;
      this.#orphaned.data[owner] = 1;
    }
  }

  /** A fetch is lost, with its response if it has one; its session rests. */
  #lose(request: number): void {
    const { requests, failures } = this.#model;
    const session = requests.owner.data[request];
    failures.readers.rest(session);
    failures.readers.lost(session, requests.batches.data[request]);
    requests.tear(request);
    requests.close(request);
  }
}
