/**
 * Everything that happens when brokers leave and come back, as one part of the cluster: it costs nothing, and has no events,
 * where a scenario has no operations.
 *
 *   Timeline ─► Lives (processes) ─► BrokerSessions (fencing) ─► Elections ─► Leadership, ReaderMoves ─► InSyncReplicas
 *                      └─► ProduceRetries, ConsumerRefreshes (clients)
 */
import { InSyncReplicas } from './broker/in-sync-replicas.ts';
import { Lives } from './broker/lives.ts';
import { ReaderMoves } from './broker/reader-moves.ts';
import { ReplicationThrottles } from './broker/replication-throttles.ts';
import { ConsumerRefreshes } from './clients/consumer-refreshes.ts';
import { ProduceRetries } from './clients/produce-retries.ts';
import type { ClusterModel } from './cluster-model.ts';
import { BrokerSessions } from './controller/broker-sessions.ts';
import { Elections } from './controller/elections.ts';
import { Leadership } from './controller/leadership.ts';
import { FailureSamples } from './failure-samples.ts';
import { KIND } from './kinds.ts';
import { setsRate, Timeline } from './timeline.ts';

export class Failures {
  /** Whether brokers may leave at all. */
  readonly isOn: boolean;
  readonly leadership: Leadership;
  readonly sessions: BrokerSessions;
  readonly elections: Elections;
  readonly lives: Lives;
  readonly readers: ReaderMoves;
  readonly inSync: InSyncReplicas;
  readonly throttles: ReplicationThrottles;
  readonly retries: ProduceRetries;
  readonly refreshes: ConsumerRefreshes;
  readonly timeline: Timeline;
  readonly samples: FailureSamples;

  constructor(model: ClusterModel) {
    const { operations, topology } = model.parts;
    const { partitions, topics } = topology;
    const isOn = operations.length > 0;
    this.isOn = isOn;
    this.leadership = new Leadership(
      model.sim.columns,
      partitions,
      isOn,
      (partition) => topics[partitions.topic(partition)].class.config['min.insync.replicas'],
    );
    this.sessions = new BrokerSessions(model, isOn);
    this.elections = new Elections(model);
    this.lives = new Lives(model, isOn);
    this.readers = new ReaderMoves(model, isOn);
    this.inSync = new InSyncReplicas(model, isOn);
    this.throttles = new ReplicationThrottles(model, this.leadership, operations.some(setsRate));
    this.retries = new ProduceRetries(model, isOn);
    this.refreshes = new ConsumerRefreshes(model, isOn);
    this.timeline = new Timeline(model, operations);
    this.samples = new FailureSamples(model, isOn);
  }

  start(): void {
    if (!this.isOn) return;
    this.inSync.start();
    this.timeline.start();
  }

  handle(kind: number, a: number, b: number, c: number): void {
    switch (kind) {
      case KIND.operationBegins:
        this.timeline.begin(a);
        break;
      case KIND.sessionEnds:
        this.lives.sessionEnds(a);
        break;
      case KIND.leadersMove:
        this.elections.left(a);
        break;
      case KIND.brokerStops:
        this.lives.stopped(a, b);
        break;
      case KIND.brokerReturns:
        this.lives.returns(a, b);
        break;
      case KIND.isrJoins:
        this.inSync.joined(a, b, c);
        break;
      case KIND.isrLooks:
        this.inSync.look(a);
        break;
      case KIND.produceTimesOut:
        this.inSync.produceTimesOut(a, b, c);
        break;
      case KIND.produceAgain:
        this.retries.again(a);
        break;
      case KIND.consumerAsks:
        this.refreshes.ask(a);
        break;
      default:
        throw new Error(`event kind ${kind} is not known`);
    }
  }
}
