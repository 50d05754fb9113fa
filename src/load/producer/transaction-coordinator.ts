/**
 * What a transactional producer asks of its coordinator, the broker that keeps its transactional id (KIP-98), in the
 * versions before KIP-890's second part: partitions are added to a transaction explicitly, and the epoch stays.
 *
 * Requests that may succeed later are sent again; all others end the producer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addPartitionsToTxnV3,
  Connection,
  endTxnV3,
  findErrorBy,
  initProducerIdV4,
  NetworkError,
  ResponseError,
  TimeoutError,
} from '@platformatic/kafka';
import { EXIT, UserError } from '../../errors/errors.ts';
import type { LibraryAccess } from '../access/library-access.ts';
import type { ClusterMetadata } from '../cluster-metadata.ts';

/** The markers of the last transaction are still being written: Kafka's producer asks again as soon. */
const CONCURRENT_TRANSACTIONS_WAIT_MS = 20;
const FENCED = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH']);

export interface TransactionPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TransactionCoordinatorOptions {
  readonly clientId: string;
  readonly transactionalId: string;
  readonly access: LibraryAccess;
  readonly metadata: Pick<ClusterMetadata, 'transactionCoordinator'>;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
  /** A request is given up after so long: `max.block.ms`. */
  readonly deadlineMs: number;
  /** `transaction.timeout.ms`: the coordinator aborts what is open for longer. */
  readonly transactionTimeoutMs: number;
}

/** Every request throws a UserError (exit 3) when the coordinator refuses it for good, or is not found in time. */
export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  #connection: Connection | null = null;
  #producerId = -1n;
  #epoch = -1;
  #closed = false;

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
  }

  /** The producer's id and a new epoch; aborts what an earlier producer with this transactional id left open. */
  async initProducerId(): Promise<{ readonly producerId: bigint; readonly epoch: number }> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    const found = await this.#ask('InitProducerId', (connection) =>
      initProducerIdV4.api.async(connection, transactionalId, transactionTimeoutMs),
    );
    this.#producerId = found.producerId;
    this.#epoch = found.producerEpoch;
    return { producerId: this.#producerId, epoch: this.#epoch };
  }

  /** Makes partitions part of the transaction, which begins with the first of them. */
  async add(partitions: readonly TransactionPartition[]): Promise<void> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => partition),
    }));
    const transaction = { ...this.#producer, topics, verifyOnly: false };
    await this.#ask('AddPartitionsToTxn', (connection) =>
      addPartitionsToTxnV3.api.async(connection, [transaction]),
    );
  }

  /** Commits the transaction, or aborts it. */
  async end(isCommit: boolean): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = this.#producer;
    await this.#ask('EndTxn', (connection) =>
      endTxnV3.api.async(connection, transactionalId, producerId, producerEpoch, isCommit),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#dropConnection();
  }

  get #producer(): { transactionalId: string; producerId: bigint; producerEpoch: number } {
    const { transactionalId } = this.#options;
    return { transactionalId, producerId: this.#producerId, producerEpoch: this.#epoch };
  }

  async #ask<Answer>(what: string, request: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const { deadlineMs, retryBackoffMs } = this.#options;
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      let waitMs = retryBackoffMs;
      try {
        return await request(await this.#connected());
      } catch (error) {
        const isAnswer = error instanceof ResponseError;
        const mayPass = isAnswer ? findErrorBy(error, 'canRetry', true) !== null : isLost(error);
        if (!mayPass || this.#closed || performance.now() > endMs) {
          throw this.#refusal(what, error);
        }
        if (isAnswer && reasonOf(error) === 'CONCURRENT_TRANSACTIONS') {
          waitMs = Math.min(waitMs, CONCURRENT_TRANSACTIONS_WAIT_MS);
        } else {
          await this.#dropConnection();
        }
      }
      await sleep(waitMs);
    }
  }

  async #connected(): Promise<Connection> {
    if (this.#connection?.isConnected() === true) {
      return this.#connection;
    }
    const { metadata, clientId, transactionalId, access, connectTimeoutMs, requestTimeoutMs } = this.#options;
    const { host, port } = await metadata.transactionCoordinator(transactionalId);
    const connection = new Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      ...access,
    });
    // Failures are told by the requests that they belong to.
    connection.on('error', () => undefined);
    await connection.connect(host, port);
    this.#connection = connection;
    return connection;
  }

  async #dropConnection(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  #refusal(what: string, error: unknown): unknown {
    const { transactionalId } = this.#options;
    if (!(error instanceof ResponseError)) return error;
    const reason = reasonOf(error);
    const advice = FENCED.has(reason)
      ? 'another producer uses this transactional.id, or the transaction was open for longer than transaction.timeout.ms; use another id, or shorter transactions'
      : "see the brokers' logs";
    return new UserError(
      `transactional.id ${transactionalId}: expected ${what} to be granted, found ${reason}: ${advice}`,
      EXIT.clusterUnreachable,
      { cause: error },
    );
  }
}

function isLost(error: unknown): boolean {
  return error instanceof NetworkError || error instanceof TimeoutError;
}

/** Kafka's name of the first error in an answer that says more than that it was not tried. */
function reasonOf(error: ResponseError): string {
  const names = error.errors.map((one) => ('apiId' in one ? String(one.apiId) : one.message));
  return names.find((name) => name !== 'OPERATION_NOT_ATTEMPTED') ?? 'an error without a name';
}
