/**
 * The brokers' sessions with the controller: who is alive to it, and when it notices that one is not.
 *
 * What:    a broker sends heartbeats; the controller looks over all sessions from time to time and fences whose last
 *          heartbeat is too old. A fenced broker leads nothing and is in no ISR. Nothing is scheduled while all live.
 * Formula: with the last heartbeat at h (a multiple of broker.heartbeat.interval.ms after the broker's phase), fenced at the
 *          first look, every broker.session.timeout.ms / 8, at or after h + broker.session.timeout.ms: with the defaults
 *          7.0 to 10.1 s after a kill.
 * Units:   ns.
 * Source:  BrokerLifecycleManager, ReplicationControlManager.maybeFenceStaleBroker, QuorumController (period of the
 *          stale broker task), Kafka 4.3.
 * Range:   the broker that dies does not have the active controller on it: an election of controllers takes 2 to 4 s more,
 *          and starts all sessions afresh. Heartbeats are not carried over the network.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts.
 */
import type { Uint8Column } from '../../kernel/columns.ts';
import { NS_PER_MS } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';

const LOOKS_PER_SESSION = 8;

export class BrokerSessions {
  readonly #model: ClusterModel;
  readonly #isFenced: Uint8Column;
  /** When each broker's heartbeats and the controller's looks begin. */
  readonly #heartbeatNs: readonly number[];
  readonly #lookNs: number;

  constructor(model: ClusterModel, isOn: boolean) {
    this.#model = model;
    const { brokers, sim } = model;
    this.#isFenced = sim.columns.uint8('controller/fenced', isOn ? brokers.length : 0);
    const phases = isOn ? sim.random.stream('controller/phases') : null;
    const phaseNs = (periodMs: number): number =>
      phases === null ? 0 : sim.random.integer(phases, Math.max(1, Math.floor(periodMs))) * NS_PER_MS;
    this.#heartbeatNs = brokers.map(({ config }) => phaseNs(config['broker.heartbeat.interval.ms']));
    this.#lookNs = phaseNs(brokers[0].config['broker.session.timeout.ms'] / LOOKS_PER_SESSION);
  }

  isFenced(broker: number): boolean {
    return this.#isFenced.data[broker] === 1;
  }

  setFenced(broker: number, isFenced: boolean): void {
    this.#isFenced.data[broker] = isFenced ? 1 : 0;
  }

  /** When the controller fences a broker that sends no heartbeat from now on, ns. */
  fencedNs(broker: number): number {
    const { config } = this.#model.brokers[broker];
    const sessionNs = config['broker.session.timeout.ms'] * NS_PER_MS;
    const heartbeatNs = config['broker.heartbeat.interval.ms'] * NS_PER_MS;
    const begunNs = this.#heartbeatNs[broker];
    const beats = Math.floor((this.#model.sim.nowNs - begunNs) / heartbeatNs);
    const lastNs = Math.max(0, begunNs + beats * heartbeatNs);
    const periodNs = sessionNs / LOOKS_PER_SESSION;
    return this.#lookNs + Math.ceil((lastNs + sessionNs - this.#lookNs) / periodNs) * periodNs;
  }
}
