/**
 * Sends one client's batches and makes of the answers what Kafka's Sender does: acknowledged, sent again after a back-off,
 * sent again in smaller batches, or given up. What `delivery.timeout.ms` end for is given up where it is; an answer that
 * comes later changes nothing.
 */
import type { ProducerConfig } from '../../scenario/kafka-defaults.ts';
import { exponentialBackOffMs } from '../back-off.ts';
import type { BrokerLinks } from '../broker-links.ts';
import { NS_PER_MS } from '../clock.ts';
import type { ClusterMetadata } from '../cluster-metadata.ts';
import { errorName, isWrongLeader } from '../kafka-errors.ts';
import type { Random } from '../random.ts';
import {
  type BrokerConnection,
  type Disconnected,
  RequestTimedOut,
  type ResponseListener,
} from '../wire/broker-connection.ts';
import {
  encodeProduceRequest,
  type ProducedPartition,
  type ProduceSettings,
  readProduceResponse,
  type SealedBatch,
} from '../wire/produce-request.ts';
import type { Accumulator } from './accumulator.ts';
import { maybeWritten, outcomeOf } from './produce-outcome.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { ProducerObserver } from './producer-observer.ts';

/** What of a connection, of the connections and of the metadata a producer needs. */
export type ProduceConnection = Pick<BrokerConnection, 'broker' | 'nextCorrelationId' | 'send'>;
export type ProduceMetadata = Pick<
  ClusterMetadata,
  'topic' | 'version' | 'setLeader' | 'refresh' | 'initProducerId'
>;
export interface ProduceLinks extends Pick<BrokerLinks, 'open' | 'throttle' | 'wakeNs' | 'expire' | 'close'> {
  usable(broker: number, nowNs: number): ProduceConnection | null;
}

const DELIVERY_TIMEOUT = 'delivery.timeout.ms has passed';
const ACKS = { '0': 0, '1': 1, all: -1 } as const;

export interface BatchSenderOptions {
  readonly clientId: string;
  readonly config: ProducerConfig;
  readonly accumulator: Accumulator;
  readonly identity: ProducerIdentity | null;
  readonly metadata: ProduceMetadata;
  readonly links: ProduceLinks;
  readonly random: Random;
  readonly observer: ProducerObserver;
  readonly now: () => number;
  /** A request was answered, so that the next may be sent. */
  readonly onAnswered: (broker: number, nowNs: number) => void;
  /** A batch is acknowledged, or given up for this reason. */
  readonly onDone: (batch: ProducerBatch, failure: string | null) => void;
}

export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #clientId: Buffer;
  readonly #settings: ProduceSettings;
  readonly #maxInFlight: number;
  readonly #acks: number;
  readonly #timeoutMs: number;
  /** Requests on their way, of those that are answered. */
  #unanswered = new Map<number, number>();
  /** The batches of each request on its way. */
  readonly #requests = new Set<readonly ProducerBatch[]>();
  /** No batch on its way has reached its delivery timeout before this time. */
  #expiryNs = Number.POSITIVE_INFINITY;
  readonly #deliveryTimeoutNs: number;
  /** Why this producer sends nothing any more. */
  #fatal: string | null = null;

  constructor(options: BatchSenderOptions) {
    this.#options = options;
    this.#clientId = Buffer.from(options.clientId);
    this.#maxInFlight = options.config['max.in.flight.requests.per.connection'];
    this.#acks = ACKS[options.config.acks];
    this.#timeoutMs = options.config['request.timeout.ms'];
    this.#deliveryTimeoutNs = options.config['delivery.timeout.ms'] * NS_PER_MS;
    const transactionalId = options.config['transactional.id'];
    this.#settings = {
      transactionalId: transactionalId === null ? null : Buffer.from(transactionalId),
      acks: this.#acks,
      timeoutMs: this.#timeoutMs,
    };
  }

  /** Whether this producer can send nothing any more: what it is given is given up. */
  get hasFailed(): boolean {
    return this.#fatal !== null;
  }

  /** When a batch on its way may be given up: not before. */
  get expiryNs(): number {
    return this.#expiryNs;
  }

  /** Gives up what has reached its delivery timeout, be it waiting or on its way. */
  expire(nowNs: number): void {
    for (const batch of this.#options.accumulator.expired(nowNs)) {
      this.#giveUp(batch, DELIVERY_TIMEOUT, batch.mayBeWritten);
    }
    if (nowNs >= this.#expiryNs) {
      this.#abandon(nowNs, DELIVERY_TIMEOUT);
    }
  }

  /** Sends what may be sent now. */
  send(nowNs: number): void {
    const { accumulator, links } = this.#options;
    if (this.#fatal !== null) {
      this.#giveUpAll(this.#fatal);
      return;
    }
    for (const broker of accumulator.brokers) {
      if (!accumulator.hasBatches(broker)) {
        continue;
      }
      if (broker < 0) {
        this.#refreshMetadata();
        continue;
      }
      for (
        let connection = links.usable(broker, nowNs);
        connection !== null && this.#inFlight(broker) < this.#maxInFlight;
        connection = links.usable(broker, nowNs)
      ) {
        const batches = accumulator.drain(broker, nowNs);
        if (batches === null) {
          break;
        }
        this.#sendTo(connection, batches, nowNs);
      }
    }
  }

  /** Whether another request may be on its way to a broker. */
  hasRoomInFlight(broker: number): boolean {
    return this.#inFlight(broker) < this.#maxInFlight;
  }

  #giveUp(batch: ProducerBatch, reason: string, mayBeWritten: boolean): void {
    const { accumulator, observer, onDone } = this.#options;
    observer.failed(batch, reason, mayBeWritten);
    onDone(batch, reason);
    accumulator.failed(batch, mayBeWritten);
  }

  #inFlight(broker: number): number {
    return this.#unanswered.get(broker) ?? 0;
  }

  #count(broker: number, by: 1 | -1): void {
    this.#unanswered.set(broker, this.#inFlight(broker) + by);
  }

  #sendTo(connection: ProduceConnection, batches: ProducerBatch[], nowNs: number): void {
    const { broker } = connection;
    if (batches.length > 2) {
      batches.sort((a, b) => a.queue.topicIndex - b.queue.topicIndex);
    }
    const sealed: SealedBatch[] = [];
    let bytes = 0;
    for (const batch of batches) {
      sealed.push({ topic: batch.topic, partition: batch.partition, parts: batch.writer.sealed });
      bytes += batch.writer.sealedBytes;
      if (batch.sentNs === 0) {
        batch.sentNs = nowNs;
      }
      batch.inFlight = true;
      this.#expiryNs = Math.min(this.#expiryNs, batch.createdNs + this.#deliveryTimeoutNs);
    }
    const head = {
      version: this.#options.metadata.version('Produce'),
      correlationId: connection.nextCorrelationId(),
      clientId: this.#clientId,
    };
    const parts = encodeProduceRequest(head, this.#settings, sealed);
    const requestBytes = parts.reduce((sum, { length }) => sum + length, 0);
    this.#options.observer.sent(batches, bytes, requestBytes, nowNs);
    this.#count(broker, 1);
    this.#requests.add(batches);
    const deadlineNs = nowNs + this.#timeoutMs * NS_PER_MS;
    if (this.#acks === 0) {
      connection.send(parts, null, deadlineNs, (error) => this.#written(broker, batches, error));
    } else {
      connection.send(parts, this.#listener(broker, batches, nowNs), deadlineNs);
    }
  }

  #listener(broker: number, batches: readonly ProducerBatch[], sentNs: number): ResponseListener {
    return {
      answered: (bytes, start, end) =>
        this.#answered(broker, batches, sentNs, readProduceResponse(bytes, start, end)),
      failed: (error) => this.#lost(broker, batches, error),
    };
  }

  /** Without an answer, what the system has taken counts as acknowledged. */
  #written(broker: number, batches: readonly ProducerBatch[], error: Error | null): void {
    const nowNs = this.#options.now();
    for (const batch of this.#ended(broker, batches)) {
      if (error === null) {
        this.#acknowledge(batch, -1, nowNs);
      } else {
        this.#giveUp(batch, error.message, true);
      }
    }
    this.#options.onAnswered(broker, nowNs);
  }

  #answered(
    broker: number,
    batches: readonly ProducerBatch[],
    sentNs: number,
    { partitions, throttleTimeMs }: ReturnType<typeof readProduceResponse>,
  ): void {
    const nowNs = this.#options.now();
    const left = new Set(this.#ended(broker, batches));
    this.#options.observer.responded(nowNs - sentNs);
    if (throttleTimeMs > 0) {
      this.#options.links.throttle(broker, nowNs + throttleTimeMs * NS_PER_MS);
    }
    for (const [index, answer] of partitions.entries()) {
      const batch = isOf(answer, batches[index]) ? batches[index] : batches.find((one) => isOf(answer, one));
      if (batch !== undefined && left.delete(batch)) {
        this.#complete(batch, answer, nowNs);
      }
    }
    for (const batch of left) {
      this.#retryOrGiveUp(batch, 'the broker left it out of its answer', nowNs);
    }
    this.#options.onAnswered(broker, nowNs);
  }

  #lost(broker: number, batches: readonly ProducerBatch[], error: Disconnected | RequestTimedOut): void {
    const nowNs = this.#options.now();
    const reason = error instanceof RequestTimedOut ? 'REQUEST_TIMED_OUT' : 'NETWORK_EXCEPTION';
    for (const batch of this.#ended(broker, batches)) {
      batch.mayBeWritten = true;
      this.#retryOrGiveUp(batch, reason, nowNs);
    }
    this.#refreshMetadata();
    this.#options.onAnswered(broker, nowNs);
  }

  /** A request is on its way no more; returns those of its batches that were not given up meanwhile. */
  #ended(broker: number, batches: readonly ProducerBatch[]): readonly ProducerBatch[] {
    this.#count(broker, -1);
    this.#requests.delete(batches);
    let hasDone = false;
    for (const batch of batches) {
      batch.inFlight = false;
      if (batch.done) {
        hasDone = true;
        this.#options.accumulator.release(batch);
      }
    }
    return hasDone ? batches.filter(({ done }) => !done) : batches;
  }

  /** Gives up the batches on their way that have reached their delivery timeout; infinite: all of them. */
  #abandon(nowNs: number, reason: string): void {
    this.#expiryNs = Number.POSITIVE_INFINITY;
    for (const batch of [...this.#requests].flat()) {
      const atNs = batch.createdNs + this.#deliveryTimeoutNs;
      if (batch.done) {
        continue;
      }
      if (nowNs < atNs) {
        this.#expiryNs = Math.min(this.#expiryNs, atNs);
      } else {
        batch.mayBeWritten = true;
        this.#giveUp(batch, reason, true);
      }
    }
  }

  #giveUpAll(reason: string): void {
    for (const batch of this.#options.accumulator.expired(Number.POSITIVE_INFINITY)) {
      this.#giveUp(batch, reason, batch.mayBeWritten);
    }
    this.#abandon(Number.POSITIVE_INFINITY, reason);
  }

  #complete(batch: ProducerBatch, answer: ProducedPartition, nowNs: number): void {
    const { accumulator, identity, observer } = this.#options;
    const name = errorName(answer.errorCode);
    const outcome = outcomeOf(name, batch.records, identity !== null);
    if (outcome === 'acknowledged') {
      this.#acknowledge(batch, answer.baseOffset, nowNs);
      return;
    }
    batch.mayBeWritten ||= maybeWritten(name);
    // A broker that does not know where its log starts leads no more; the next one tells what is missing.
    if (outcome === 'out-of-order' && (name !== 'UNKNOWN_PRODUCER_ID' || answer.logStartOffset >= 0)) {
      identity?.outOfOrder(batch);
    }
    const message = answer.errorMessage === null ? name : `${name}: ${answer.errorMessage}`;
    if (outcome === 'retry' || outcome === 'out-of-order') {
      this.#retryOrGiveUp(batch, name, nowNs);
    } else if (outcome === 'split') {
      observer.split(batch, name);
      accumulator.split(batch);
    } else {
      this.#fatal = outcome === 'fatal' ? message : this.#fatal;
      this.#giveUp(batch, message, batch.mayBeWritten);
    }
    // After the batch went back: with a new leader it need not wait.
    if (isWrongLeader(name)) {
      if (answer.currentLeader !== null) {
        this.#options.metadata.setLeader(batch.topic, batch.partition, answer.currentLeader);
      }
      this.#refreshMetadata();
    }
  }

  #acknowledge(batch: ProducerBatch, baseOffset: number, nowNs: number): void {
    const { accumulator, observer, onDone } = this.#options;
    observer.acknowledged(batch, baseOffset, nowNs);
    onDone(batch, null);
    accumulator.acknowledged(batch);
  }

  #retryOrGiveUp(batch: ProducerBatch, reason: string, nowNs: number): void {
    const { config, accumulator, observer, random } = this.#options;
    const expiresNs = batch.createdNs + this.#deliveryTimeoutNs;
    if (nowNs >= expiresNs || batch.attempts >= (config.retries ?? Number.POSITIVE_INFINITY)) {
      this.#giveUp(batch, reason, batch.mayBeWritten);
      return;
    }
    const waitMs = exponentialBackOffMs(
      config['retry.backoff.ms'],
      config['retry.backoff.max.ms'],
      batch.attempts,
      random,
    );
    observer.retried(batch, reason);
    accumulator.requeue(batch, nowNs, waitMs * NS_PER_MS);
  }

  #refreshMetadata(): void {
    // A failed request is followed by the next; what cannot be sent meanwhile waits and is counted in the end.
    this.#options.metadata.refresh().catch(() => undefined);
  }
}

function isOf(answer: ProducedPartition, batch: ProducerBatch | undefined): boolean {
  return batch !== undefined && answer.partition === batch.partition && answer.topic === batch.topic;
}
