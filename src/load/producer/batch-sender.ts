/**
 * Sends one client's batches and makes of the answers what Kafka's Sender does: acknowledged, sent again after a back-off,
 * or given up.
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
  readProduceResponse,
  type SealedBatch,
} from '../wire/produce-request.ts';
import type { Accumulator } from './accumulator.ts';
import { maybeWritten, outcomeOf } from './produce-outcome.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type { ProducerObserver } from './producer-client.ts';
import type { ProducerIdentity } from './producer-identity.ts';

/** What of a connection, of the connections and of the metadata a producer needs. */
export type ProduceConnection = Pick<BrokerConnection, 'broker' | 'nextCorrelationId' | 'send'>;
export type ProduceMetadata = Pick<
  ClusterMetadata,
  'topic' | 'version' | 'setLeader' | 'refresh' | 'initProducerId'
>;
export interface ProduceLinks extends Pick<BrokerLinks, 'open' | 'throttle' | 'wakeNs' | 'expire' | 'close'> {
  usable(broker: number, nowNs: number): ProduceConnection | null;
}

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
  /** A batch is acknowledged or given up. */
  readonly onDone: (batch: ProducerBatch) => void;
}

export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #clientId: Buffer;
  readonly #maxInFlight: number;
  readonly #acks: number;
  readonly #timeoutMs: number;
  /** Requests on their way, of those that are answered. */
  #unanswered = new Map<number, number>();

  constructor(options: BatchSenderOptions) {
    this.#options = options;
    this.#clientId = Buffer.from(options.clientId);
    this.#maxInFlight = options.config['max.in.flight.requests.per.connection'];
    this.#acks = ACKS[options.config.acks];
    this.#timeoutMs = options.config['request.timeout.ms'];
  }

  /** Sends what may be sent now. */
  send(nowNs: number): void {
    const { accumulator, links } = this.#options;
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

  /** Gives a batch up. */
  giveUp(batch: ProducerBatch, reason: string, mayBeWritten: boolean): void {
    const { accumulator, observer, onDone } = this.#options;
    observer.failed(batch, reason, mayBeWritten);
    onDone(batch);
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
    }
    const head = {
      version: this.#options.metadata.version('Produce'),
      correlationId: connection.nextCorrelationId(),
      clientId: this.#clientId,
    };
    const parts = encodeProduceRequest(head, { acks: this.#acks, timeoutMs: this.#timeoutMs }, sealed);
    this.#options.observer.sent(batches, bytes, nowNs);
    this.#count(broker, 1);
    const deadlineNs = nowNs + this.#timeoutMs * NS_PER_MS;
    if (this.#acks === 0) {
      connection.send(parts, null, deadlineNs, (error) => this.#written(broker, batches, error));
    } else {
      connection.send(parts, this.#listener(broker, batches), deadlineNs);
    }
  }

  #listener(broker: number, batches: readonly ProducerBatch[]): ResponseListener {
    return {
      answered: (bytes, start, end) =>
        this.#answered(broker, batches, readProduceResponse(bytes, start, end)),
      failed: (error) => this.#lost(broker, batches, error),
    };
  }

  /** Without an answer, what the system has taken counts as acknowledged. */
  #written(broker: number, batches: readonly ProducerBatch[], error: Error | null): void {
    const nowNs = this.#options.now();
    this.#count(broker, -1);
    for (const batch of batches) {
      if (error === null) {
        this.#acknowledge(batch, -1, nowNs);
      } else {
        this.giveUp(batch, error.message, true);
      }
    }
    this.#options.onAnswered(broker, nowNs);
  }

  #answered(
    broker: number,
    batches: readonly ProducerBatch[],
    { partitions, throttleTimeMs }: ReturnType<typeof readProduceResponse>,
  ): void {
    const nowNs = this.#options.now();
    this.#count(broker, -1);
    if (throttleTimeMs > 0) {
      this.#options.links.throttle(broker, nowNs + throttleTimeMs * NS_PER_MS);
    }
    const left = new Set(batches);
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
    this.#count(broker, -1);
    const reason = error instanceof RequestTimedOut ? 'REQUEST_TIMED_OUT' : 'NETWORK_EXCEPTION';
    for (const batch of batches) {
      batch.mayBeWritten = true;
      this.#retryOrGiveUp(batch, reason, nowNs);
    }
    this.#refreshMetadata();
    this.#options.onAnswered(broker, nowNs);
  }

  #complete(batch: ProducerBatch, answer: ProducedPartition, nowNs: number): void {
    const name = errorName(answer.errorCode);
    const outcome = outcomeOf(name);
    if (outcome === 'acknowledged') {
      this.#acknowledge(batch, answer.baseOffset, nowNs);
      return;
    }
    batch.mayBeWritten ||= maybeWritten(name);
    if (outcome === 'out-of-order') {
      this.#options.identity?.outOfOrder(batch);
    }
    if (outcome === 'retry' || outcome === 'out-of-order') {
      this.#retryOrGiveUp(batch, name, nowNs);
    } else {
      const message = answer.errorMessage === null ? name : `${name}: ${answer.errorMessage}`;
      this.giveUp(batch, message, batch.mayBeWritten);
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
    onDone(batch);
    accumulator.acknowledged(batch);
  }

  #retryOrGiveUp(batch: ProducerBatch, reason: string, nowNs: number): void {
    const { config, accumulator, observer, random } = this.#options;
    const expiresNs = batch.createdNs + config['delivery.timeout.ms'] * NS_PER_MS;
    if (nowNs >= expiresNs || batch.attempts >= (config.retries ?? Number.POSITIVE_INFINITY)) {
      this.giveUp(batch, reason, batch.mayBeWritten);
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
