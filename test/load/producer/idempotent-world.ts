/** One idempotent producer and the logs of a small cluster, of which a test decides when it answers what. */
import assert from 'node:assert/strict';
import { writeDueTime } from '../../../src/load/due-time.ts';
import { Accumulator } from '../../../src/load/producer/accumulator.ts';
import { BatchSender } from '../../../src/load/producer/batch-sender.ts';
import type { ProducerBatch } from '../../../src/load/producer/producer-batch.ts';
import { ProducerIdentity } from '../../../src/load/producer/producer-identity.ts';
import { randomStream } from '../../../src/load/random.ts';
import { Disconnected, type ResponseListener } from '../../../src/load/wire/broker-connection.ts';
import type { CodecName } from '../../../src/load/wire/codecs.ts';
import { encodeHeaders } from '../../../src/load/wire/record-batch-writer.ts';
import { producerConfig } from '../../../src/scenario/kafka-defaults.ts';
import { CODES, IdempotentLog } from './idempotent-broker.ts';
import { keysOfPartitions } from './keys.ts';
import { makings, produceResponse, readProduceRequest, type SentBatch } from './produce-support.ts';

export const MS = 1e6;
export const PARTITIONS = 3;
export const BROKERS = [1, 2];
const BUFFER_BYTES = 6000;
const NO_HEADERS = encodeHeaders([]);
const KEYS = keysOfPartitions(PARTITIONS);

/** What a broker does with a batch that it gets to. `lost...`: an error after which nobody knows. */
export type Fate = 'write' | 'refuse' | 'denied' | 'fenced' | 'timedOut' | 'timedOutUnwritten' | 'leaderLost';

interface InFlight {
  readonly batches: readonly SentBatch[];
  readonly listener: ResponseListener;
}

export interface WorldOptions {
  readonly acceptsAnyFirst?: boolean;
  readonly firstEpoch?: number;
  readonly deliveryMs?: number;
  readonly batchBytes?: number;
  /** Of the logs. */
  readonly maxBatchBytes?: number;
  readonly compression?: CodecName;
}

export class World {
  nowNs = 0;
  taken = 0;
  tooLarge = 0;
  readonly acknowledged = new Set<number>();
  readonly failed = new Map<number, boolean>();
  readonly logs: IdempotentLog[];
  readonly epochs = new Set<number>();
  readonly identity = new ProducerIdentity();
  readonly #leaders = Array.from({ length: PARTITIONS }, (_, p) => BROKERS[p % BROKERS.length]);
  readonly #inFlight = new Map<number, InFlight[]>(BROKERS.map((broker) => [broker, []]));
  #late: { readonly broker: number; readonly batches: readonly SentBatch[] }[] = [];
  #correlationId = 0;
  readonly #accumulator: Accumulator;
  readonly #sender: BatchSender;

  constructor({
    acceptsAnyFirst = false,
    firstEpoch = 0,
    deliveryMs = 400,
    batchBytes = 300,
    maxBatchBytes = Number.POSITIVE_INFINITY,
    compression = 'none',
  }: WorldOptions = {}) {
    this.logs = Array.from({ length: PARTITIONS }, () => new IdempotentLog(acceptsAnyFirst, maxBatchBytes));
    const config = producerConfig({
      'batch.size': batchBytes,
      'compression.type': compression,
      'linger.ms': 0,
      'buffer.memory': BUFFER_BYTES,
      'delivery.timeout.ms': deliveryMs,
      'request.timeout.ms': 100,
      'retry.backoff.ms': 10,
      'retry.backoff.max.ms': 50,
      'enable.idempotence': true,
      acks: 'all',
    });
    this.identity.assign(1000n, firstEpoch);
    this.#accumulator = new Accumulator(
      {
        batchBytes,
        lingerNs: 0,
        bufferBytes: BUFFER_BYTES,
        maxRequestBytes: 1000,
        deliveryTimeoutNs: deliveryMs * MS,
        oneInFlight: false,
        adaptive: true,
      },
      [{ name: 't', partitions: PARTITIONS }],
      makings({ 'compression.type': compression }),
      randomStream('world'),
      this.identity,
    );
    this.#accumulator.setLeaders([this.#leaders]);
    this.#sender = new BatchSender({
      clientId: 'client',
      config,
      accumulator: this.#accumulator,
      identity: this.identity,
      metadata: {
        topic: () => ({ id: '', leaders: this.#leaders, leaderEpochs: [] }),
        setLeader: () => undefined,
        refresh: async () => undefined,
        version: () => 11,
        initProducerId: async () => ({ producerId: 1000n, epoch: 0 }),
      },
      links: {
        open: async () => undefined,
        throttle: () => undefined,
        wakeNs: () => Number.POSITIVE_INFINITY,
        expire: () => undefined,
        close: () => undefined,
        usable: (broker) => ({
          broker,
          nextCorrelationId: () => ++this.#correlationId,
          send: (parts, listener) => this.#sent(broker, parts, listener),
        }),
      },
      random: randomStream('back-off'),
      observer: {
        offered: () => undefined,
        withdrawn: () => undefined,
        made: () => undefined,
        answered: () => undefined,
        steady: () => undefined,
        responded: () => undefined,
        sent: () => undefined,
        retried: () => undefined,
        split: () => undefined,
        acknowledged: (batch) => this.#done(batch, (id) => this.acknowledged.add(id)),
        failed: (batch, reason, mayBeWritten) => {
          this.tooLarge += reason.startsWith('MESSAGE_TOO_LARGE') ? 1 : 0;
          this.#done(batch, (id) => this.failed.set(id, mayBeWritten));
        },
      },
      now: () => this.nowNs,
      onAnswered: () => undefined,
      onDone: () => undefined,
    });
  }

  get #left(): number {
    return this.taken - this.acknowledged.size - this.failed.size;
  }

  get inFlight(): number {
    return [...this.#inFlight.values()].reduce((sum, requests) => sum + requests.length, 0);
  }

  append(partition: number, records: number): void {
    for (let left = records; left > 0; left--) {
      const record = { valueBytes: 60, key: KEYS[partition], headers: NO_HEADERS, value: null };
      const batch = this.#accumulator.append(0, record, this.taken, this.nowNs);
      if (batch === null) {
        return;
      }
      writeDueTime(batch.writer.target, batch.writer.lastValueAt, 60, this.taken);
      this.taken++;
    }
  }

  work(): void {
    this.#sender.expire(this.nowNs);
    if (!this.identity.known) {
      this.identity.assign(2000n, 0);
    }
    this.#sender.send(this.nowNs);
  }

  answer(broker: number, fate: Fate): void {
    const request = this.#inFlight.get(broker)?.shift();
    if (request === undefined) {
      return;
    }
    const response = produceResponse(
      request.batches.map((batch) => ({
        topic: batch.topic,
        partition: batch.partition,
        errorCode: this.#serve(broker, batch, fate),
      })),
    );
    request.listener.answered(response, 0, response.length);
  }

  /** The connection ends; the broker has handled the first so many requests, and perhaps comes to the others later. */
  disconnect(broker: number, written: number, late: boolean): void {
    const lost = this.#inFlight.get(broker)?.splice(0) ?? [];
    for (const { batches } of lost.slice(0, written)) {
      this.#write(broker, batches);
    }
    if (late) {
      this.#late.push(...lost.slice(written).map(({ batches }) => ({ broker, batches })));
    }
    for (const { listener } of lost) {
      listener.failed(new Disconnected('test'));
    }
  }

  /** What connections that have ended still had for their brokers. */
  handleLate(): void {
    for (const { broker, batches } of this.#late.splice(0)) {
      this.#write(broker, batches);
    }
  }

  move(partition: number, broker: number): void {
    this.#leaders[partition] = broker;
    this.#accumulator.setLeaders([this.#leaders]);
  }

  /** All is well from now on, until nothing is left to do. */
  heal(): void {
    for (let turn = 0; turn < 400 && (this.#left > 0 || this.inFlight > 0); turn++) {
      this.nowNs += 5 * MS;
      this.work();
      for (const broker of BROKERS) {
        while ((this.#inFlight.get(broker)?.length ?? 0) > 0) {
          this.answer(broker, 'write');
        }
      }
    }
  }

  #write(broker: number, batches: readonly SentBatch[]): void {
    for (const batch of batches) {
      if (this.#leaders[batch.partition] === broker) {
        this.logs[batch.partition].append(batch);
      }
    }
  }

  #serve(broker: number, batch: SentBatch, fate: Fate): number {
    if (this.#leaders[batch.partition] !== broker) {
      return CODES.NOT_LEADER_OR_FOLLOWER;
    }
    const log = this.logs[batch.partition];
    switch (fate) {
      case 'refuse':
        return CODES.NOT_ENOUGH_REPLICAS;
      case 'denied':
        return CODES.TOPIC_AUTHORIZATION_FAILED;
      case 'fenced':
        return CODES.INVALID_PRODUCER_EPOCH;
      case 'timedOutUnwritten':
        return CODES.REQUEST_TIMED_OUT;
      default: {
        const code = log.append(batch);
        if (code !== CODES.NONE || fate === 'write') {
          return code;
        }
        // Written, but the broker could not wait until its followers had it: it timed out, or leads no more.
        return fate === 'timedOut' ? CODES.REQUEST_TIMED_OUT : CODES.NOT_LEADER_OR_FOLLOWER;
      }
    }
  }

  #sent(broker: number, parts: readonly Uint8Array[], listener: ResponseListener | null): void {
    const { batches } = readProduceRequest(parts);
    for (const { epoch } of batches) {
      this.epochs.add(epoch);
    }
    assert.ok(listener !== null);
    const requests = this.#inFlight.get(broker);
    requests?.push({ batches, listener });
    assert.ok((requests?.length ?? 0) <= 5);
  }

  #done(batch: ProducerBatch, take: (id: number) => void): void {
    for (const id of batch.dueNs.subarray(0, batch.records)) {
      assert.ok(!this.acknowledged.has(id) && !this.failed.has(id), `record ${id} was done twice`);
      take(id);
    }
  }
}
