/** A broker's fixed facts: where it runs, its threads, its settings, what things cost on its host. */
import type { ClusterTemplate } from '../../scenario/scenario.ts';
import type { Costs } from '../costs.ts';

export interface Broker {
  readonly index: number;
  readonly id: number;
  readonly host: number;
  readonly entity: number;
  readonly costs: Costs;
  readonly config: ClusterTemplate['brokers']['config'];
  readonly networkThreads: readonly number[];
  readonly handlerThreads: readonly number[];
  readonly backgroundThread: number;
  /** Threads that a start keeps busy; none where brokers never start. */
  readonly startThreads: readonly number[];
}
