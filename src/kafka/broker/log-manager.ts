/**
 * What a broker does with its logs by the clock: retention, and flushes by time.
 *
 * What:    every log.retention.check.interval.ms, first after log.initial.task.delay.ms, the oldest segments of every
 *          topic with cleanup.policy delete go: those whose last batch is older than retention.ms (the one that is
 *          written to is rolled for it), and as many as keep the log from falling below retention.bytes. Their bytes
 *          leave disk and cache file.delete.delay.ms later. Every log.flush.scheduler.interval.ms, logs that were not
 *          flushed for flush.ms are flushed in the background.
 * Formula: delete the first segment, of s bytes, while size - retention.bytes >= s, or now - its last > retention.ms
 * Source:  Kafka 4.0: LogManager.cleanupLogs and flushDirtyLogs, UnifiedLog.deleteOldSegments.
 * Range:   no compaction, no tiered storage; batches are as old as their append. Deleting costs no CPU and no I/O.
 * Error:   unvalidated.
 * Test:    test/kafka/storage.test.ts.
 */
import { NS_PER_MS } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import type { Broker } from './broker.ts';

const RETENTION = 0;
const FLUSH = 1;

export class LogManager {
  readonly #model: ClusterModel;

  constructor(model: ClusterModel) {
    this.#model = model;
  }

  /** Starts the clocks of a broker that has disks. */
  start(broker: Broker): void {
    if (!this.#model.logs.isOn(broker.index)) return;
    this.#runLater(broker, RETENTION, broker.config['log.initial.task.delay.ms']);
    this.#runLater(broker, FLUSH, broker.config['log.flush.scheduler.interval.ms']);
  }

  run(brokerIndex: number, task: number): void {
    const broker = this.#model.brokers[brokerIndex];
    const { logs } = this.#model;
    let log = logs.firstOfBroker.data[brokerIndex];
    while (log !== NONE) {
      if (task === RETENTION) this.#deleteOld(broker, log);
      else this.#flushOld(log);
      log = logs.nextOfBroker.data[log];
    }
    const period = task === RETENTION ? 'log.retention.check.interval.ms' : 'log.flush.scheduler.interval.ms';
    this.#runLater(broker, task, broker.config[period]);
  }

  /** The files of a log's deleted segments, all below `toBytes`, go. */
  filesDeleted(log: number, toBytes: number): void {
    const { logs } = this.#model;
    logs.caches.drop(logs.file.data[log], toBytes);
  }

  #deleteOld(broker: Broker, log: number): void {
    const { logs, sim } = this.#model;
    const config = logs.config(log);
    if (!config['cleanup.policy'].includes('delete')) return;
    const before = logs.start.data[log];
    this.#deleteExpired(log, config['retention.ms']);
    this.#deleteSurplus(log, config['retention.bytes']);
    const toBytes = logs.start.data[log];
    if (toBytes === before) return;
    const delayNs = config['file.delete.delay.ms'] * NS_PER_MS;
    sim.schedule(delayNs, broker.entity, KIND.segmentsDeleted, log, toBytes);
  }

  #deleteExpired(log: number, retentionMs: number | null): void {
    const { logs, sim } = this.#model;
    if (retentionMs === null) return;
    const isExpired = (lastNs: number): boolean => sim.nowNs - lastNs > retentionMs * NS_PER_MS;
    if (logs.activeBytes(log) > 0 && isExpired(logs.lastNs.data[log])) logs.roll(log);
    let first = logs.firstSegment.data[log];
    while (first !== NONE && isExpired(logs.segments.lastNs.data[first])) {
      logs.forgetFirstSegment(log);
      first = logs.firstSegment.data[log];
    }
  }

  #deleteSurplus(log: number, retentionBytes: number | null): void {
    const { logs } = this.#model;
    if (retentionBytes === null) return;
    const end = logs.caches.endOf(logs.file.data[log]);
    let first = logs.firstSegment.data[log];
    while (first !== NONE && end - logs.segments.end.data[first] >= retentionBytes) {
      logs.forgetFirstSegment(log);
      first = logs.firstSegment.data[log];
    }
  }

  #flushOld(log: number): void {
    const flushMs = this.#model.logs.config(log)['flush.ms'];
    if (flushMs !== null) this.#model.logs.flushOlder(log, flushMs * NS_PER_MS);
  }

  #runLater(broker: Broker, task: number, delayMs: number | null): void {
    if (delayMs === null) return;
    this.#model.sim.schedule(delayMs * NS_PER_MS, broker.entity, KIND.logManagerRuns, broker.index, task);
  }
}
