/**
 * The logs of a cluster's replicas on their brokers' disks. A cluster whose hosts have no disk stated has none: writes
 * and reads are then free.
 *
 * What:    a log is a file to the page cache, cut into segments. Appending dirties the cache, in which its thread may be
 *          paused; a new segment begins when the batch does not fit or the old one is too old: the old one is then
 *          written and flushed in the background. With flush.messages the appending thread waits for the flush of its
 *          log, one after the other for each log. A fetch whose bytes are not in the cache waits twice: its handler for
 *          the header of the first batch, to find the place, and the network thread for the bytes, one partition after
 *          the other, while all of its connections wait.
 * Formula: roll when size + b > segment.bytes, or now - first append > segment.ms
 *          flush after flush.messages records since the last: 4 flushes of the disk's cache (2 for the log, whose length
 *          changes, with it the journal; 1 for each of its two indexes, dirty or not); after a roll 7 (2 more for the
 *          producer snapshot, 1 for the directory)
 * Units:   bytes, ns.
 * Source:  Kafka 4.0: LogSegment.shouldRoll and flush, UnifiedLog.append and roll (the snapshot is flushed with the
 *          segment, in the thread "flush-log"), LocalLog.flush, LogManager.nextLogDirs (fewest partitions).
 *          Reading: LogSegment.read -> FileRecords.searchForOffsetWithSize in the handler; the bytes in the network
 *          thread, by PlaintextTransportLayer.transferFrom (sendfile), and with TLS too: SslTransportLayer.transferFrom
 *          reads the file in pieces of 32 KiB in that thread, before it encrypts them.
 *          The handler's read is 16 KiB: Linux reads ahead 4 pages after a first page (mm/readahead.c).
 * Range:   index files (20 bytes for each 4,096 of the log) are neither cached nor full; creating a segment's files is
 *          free; what a flush waits for lies in the log's own file. A parked fetch that times out finds its place at once.
 *          A reader that retention overtakes goes on reading.
 * Error:   unvalidated as a whole. Flushes counted on ext4, Linux 6.18, a disk without FUA: an append with fsync, then
 *          msync of two mapped files, made 4.00 (by its block statistics), the msyncs taking 2.2 to 2.8 of 5 to 6.5 ms, as much
 *          when nothing was written to the mapped files. A disk with FUA makes one less; the 7 are not counted.
 * Test:    test/kafka/storage.test.ts.
 */

import { type PageCacheStatistics, PageCaches } from '../../hardware/page-cache.ts';
import type { Float64Column, Int32Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import { Table } from '../../kernel/table.ts';
import { NS_PER_MS } from '../../kernel/time.ts';
import type { TopicConfig } from '../../scenario/kafka-defaults.ts';
import type { Storage } from '../cluster/lay-out-storage.ts';
import type { Partitions } from '../cluster/partitions.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import { LogSegments } from './log-segments.ts';

const LOGS_MAX = 16_777_216;
const TO_READ_MAX = 33_554_432;
const PLACE_BYTES = 16_384;
const FLUSHES = 4;
const FLUSHES_OF_ROLL = 7;

export class Logs {
  readonly #model: ClusterModel;
  readonly #storage: Storage;
  readonly #partitions: Partitions;
  readonly #configOf: readonly TopicConfig[];
  readonly caches: PageCaches;
  readonly segments: LogSegments;
  /** The log of replica r, or NONE while it is empty; replicas of partition p begin at firstReplica[p]. */
  readonly #firstReplica: Int32Array;
  readonly #ofReplica: Int32Column;
  readonly partition: Int32Column;
  readonly file: Int32Column;
  /** Bytes before the first segment that is not deleted, and before the one that is written to. */
  readonly start: Float64Column;
  readonly #activeFrom: Float64Column;
  readonly #activeSinceNs: Float64Column;
  readonly lastNs: Float64Column;
  readonly #unflushed: Float64Column;
  /** Until when a thread flushes the log: the next one begins then. */
  readonly #flushedNs: Float64Column;
  readonly firstSegment: Int32Column;
  readonly #lastSegment: Int32Column;
  readonly nextOfBroker: Int32Column;
  readonly firstOfBroker: Int32Column;
  readonly #table: Table;
  /** Per fetch session, in threes: file, from, to of what its response has to read from disk. */
  readonly #toRead: Fifos;

  constructor(model: ClusterModel, storage: Storage, configs: readonly TopicConfig[]) {
    const { columns } = model.sim;
    const { partitions } = model.parts.topology;
    this.#model = model;
    this.#storage = storage;
    this.#partitions = partitions;
    this.#configOf = configs;
    this.caches = new PageCaches({
      sim: model.sim,
      kinds: { flusherWakes: KIND.flusherWakes, written: KIND.written },
      hosts: storage.hosts,
      disks: storage.disks,
    });
    this.segments = new LogSegments(columns);
    this.#firstReplica = new Int32Array(partitions.length + 1);
    for (let index = 0; index < partitions.length; index += 1) {
      this.#firstReplica[index + 1] = this.#firstReplica[index] + partitions.replicas(index);
    }
    const replicas = storage.isOn ? this.#firstReplica[partitions.length] : 0;
    this.#ofReplica = columns.int32('replicas/log', replicas);
    this.#ofReplica.data.fill(NONE);
    const table = new Table(columns, 'logs', 16, LOGS_MAX);
    this.#table = table;
    this.partition = table.int32('partition');
    this.file = table.int32('file');
    this.start = table.float64('start');
    this.#activeFrom = table.float64('active-from');
    this.#activeSinceNs = table.float64('active-since');
    this.lastNs = table.float64('last');
    this.#unflushed = table.float64('unflushed');
    this.#flushedNs = table.float64('flushed');
    this.firstSegment = table.int32('first-segment');
    this.#lastSegment = table.int32('last-segment');
    this.nextOfBroker = table.int32('next-of-broker');
    this.firstOfBroker = columns.int32('logs/first-of-broker', model.parts.brokers.length);
    this.firstOfBroker.data.fill(NONE);
    this.#toRead = new Fifos(columns, 'sessions/to-read', model.parts.sessions.length, TO_READ_MAX);
  }

  /** Whether a broker's writes and reads take time. */
  isOn(broker: number): boolean {
    return this.#storage.firstDisk[this.#model.parts.brokers[broker].host] !== NONE;
  }

  /** Opens the logs that begin with a history, for their broker's retention to see. */
  openHistories(): void {
    if (!this.#model.history.isOn) return;
    for (let partition = 0; partition < this.#partitions.length; partition += 1) {
      if (this.#model.history.bytes(partition) === 0) continue;
      for (let number = 0; number < this.#partitions.replicas(partition); number += 1) {
        const broker = this.#partitions.replica(partition, number);
        if (this.isOn(broker)) this.#logOf(broker, partition);
      }
    }
  }

  config(log: number): TopicConfig {
    return this.#configOf[this.partition.data[log]];
  }

  /** Appends a batch to a replica's log in a thread that is free from `fromNs`; returns when it is free again, ns. */
  append(broker: number, partition: number, bytes: number, records: number, fromNs: number): number {
    const log = this.#logOf(broker, partition);
    const file = this.file.data[log];
    const config = this.#configOf[partition];
    const { nowNs } = this.#model.sim;
    const size = this.activeBytes(log);
    const ageNs = nowNs - this.#activeSinceNs.data[log];
    if (size > 0 && (size + bytes > config['segment.bytes'] || ageNs > config['segment.ms'] * NS_PER_MS)) {
      this.roll(log);
    }
    if (this.activeBytes(log) === 0) this.#activeSinceNs.data[log] = nowNs;
    const freeNs = fromNs + this.caches.append(file, bytes);
    this.lastNs.data[log] = nowNs;
    this.#unflushed.data[log] += records;
    const flushMessages = config['flush.messages'];
    if (flushMessages === null || this.#unflushed.data[log] < flushMessages) return freeNs;
    this.#unflushed.data[log] = 0;
    const flushedNs = this.caches.sync(file, FLUSHES, Math.max(freeNs, this.#flushedNs.data[log]));
    this.#flushedNs.data[log] = flushedNs;
    return flushedNs;
  }

  /** Whether the broker's dirty bytes are at their limit: who has appended must not go on. */
  isFull(broker: number): boolean {
    const first = this.firstOfBroker.data[broker];
    return first !== NONE && this.caches.isFull(this.file.data[first]);
  }

  /** Ends a log's active segment, which has bytes. */
  roll(log: number): void {
    const file = this.file.data[log];
    const end = this.caches.endOf(file);
    const segment = this.segments.add(this.#lastSegment.data[log], end, this.lastNs.data[log]);
    if (this.firstSegment.data[log] === NONE) this.firstSegment.data[log] = segment;
    this.#lastSegment.data[log] = segment;
    this.#activeFrom.data[log] = end;
    this.caches.syncLater(file, end, FLUSHES_OF_ROLL);
  }

  /** Deletes a log's oldest rolled segment: its files go later. */
  forgetFirstSegment(log: number): void {
    const segment = this.firstSegment.data[log];
    this.start.data[log] = this.segments.end.data[segment];
    const next = this.segments.remove(segment);
    this.firstSegment.data[log] = next;
    if (next === NONE) this.#lastSegment.data[log] = NONE;
  }

  /** Bytes in the segment that is written to. */
  activeBytes(log: number): number {
    return this.caches.endOf(this.file.data[log]) - this.#activeFrom.data[log];
  }

  /** Has the records of a log that were not flushed yet flushed in the background, if it was last flushed that long ago. */
  flushOlder(log: number, olderNs: number): void {
    const { nowNs } = this.#model.sim;
    if (this.#unflushed.data[log] === 0 || nowNs - this.#flushedNs.data[log] < olderNs) return;
    this.#unflushed.data[log] = 0;
    this.#flushedNs.data[log] = nowNs;
    this.caches.syncLater(this.file.data[log], this.caches.endOf(this.file.data[log]), FLUSHES);
  }

  /** A response of the session takes these bytes of a partition: notes what has to come from the disk. */
  lookUp(session: number, broker: number, partition: number, from: number, to: number): void {
    const file = this.file.data[this.#logOf(broker, partition)];
    if (this.caches.missing(file, from, to) === 0) return;
    this.#toRead.push(session, file);
    this.#toRead.push(session, from);
    this.#toRead.push(session, to);
  }

  /** Finds the places of what the session's response has to read; returns when the handler has them, ns, 0 for at once. */
  findPlaces(session: number): number {
    const toRead = this.#toRead;
    let doneNs = 0;
    for (let left = toRead.length(session); left > 0; left -= 3) {
      const file = toRead.shift(session);
      doneNs = Math.max(doneNs, this.caches.peek(file, PLACE_BYTES));
      toRead.push(session, file);
      toRead.push(session, toRead.shift(session));
      toRead.push(session, toRead.shift(session));
    }
    return doneNs;
  }

  /** Reads what the session's response still has to read of its next partition; returns when it is there, 0 when all is. */
  readNext(session: number): number {
    const toRead = this.#toRead;
    while (toRead.length(session) > 0) {
      const file = toRead.shift(session);
      const from = toRead.shift(session);
      const doneNs = this.caches.read(file, from, toRead.shift(session));
      if (doneNs > this.#model.sim.nowNs) return doneNs;
    }
    return 0;
  }

  /** What the page cache of a broker's host holds and has done. */
  statistics(host: number): PageCacheStatistics {
    return this.caches.statistics(host);
  }

  /** Ends all segments but the last of what a log begins with. */
  #rollHistory(log: number, bytes: number): void {
    const segmentBytes = this.config(log)['segment.bytes'];
    for (let end = segmentBytes; end < bytes; end += segmentBytes) {
      const last = this.#lastSegment.data[log];
      const segment = this.segments.add(last, end, this.lastNs.data[log]);
      if (last === NONE) this.firstSegment.data[log] = segment;
      this.#lastSegment.data[log] = segment;
      this.#activeFrom.data[log] = end;
    }
  }

  #logOf(broker: number, partition: number): number {
    let replica = 0;
    while (this.#partitions.replica(partition, replica) !== broker) replica += 1;
    const at = this.#firstReplica[partition] + replica;
    const log = this.#ofReplica.data[at];
    return log === NONE ? this.#open(at, broker, partition) : log;
  }

  #open(replica: number, broker: number, partition: number): number {
    const log = this.#table.take();
    const { host } = this.#model.parts.brokers[broker];
    const disk = this.#storage.firstDisk[host] + this.#storage.dirOf[replica];
    const historyBytes = this.#model.history.bytes(partition);
    const file = this.caches.open(disk, historyBytes);
    this.#ofReplica.data[replica] = log;
    this.partition.data[log] = partition;
    this.file.data[log] = file;
    this.start.data[log] = 0;
    this.#activeFrom.data[log] = 0;
    this.#activeSinceNs.data[log] = this.#model.sim.nowNs;
    this.lastNs.data[log] = this.#model.sim.nowNs;
    this.#unflushed.data[log] = 0;
    this.#flushedNs.data[log] = 0;
    this.firstSegment.data[log] = NONE;
    this.#lastSegment.data[log] = NONE;
    this.nextOfBroker.data[log] = this.firstOfBroker.data[broker];
    this.firstOfBroker.data[broker] = log;
    this.#rollHistory(log, historyBytes);
    return log;
  }
}
