/**
 * One producer's transactions, one after the other, as an application that commits every so often has them: a transaction
 * begins with the first batch after the last one, takes records for its length, waits until all of them are acknowledged,
 * and is committed. Meanwhile no records are taken. When a batch is given up, the transaction is aborted and the run ends.
 *
 *     none ── a batch is begun ──► open ── its length has passed ──► ending ── committed ──► none
 */
import { EXIT, UserError } from '../../errors/errors.ts';
import type { TransactionCoordinator, TransactionPartition } from './transaction-coordinator.ts';

/** Their length where it is not stated, as kafka-producer-perf-test has it. */
export const TRANSACTION_MS = 3000;

export interface TransactionsOptions {
  readonly transactionalId: string;
  readonly lengthNs: number;
  readonly coordinator: Pick<TransactionCoordinator, 'add' | 'end' | 'initProducerId'>;
  /** Ends the run. */
  readonly onFailure: (error: unknown) => void;
}

export class Transactions {
  readonly #options: TransactionsOptions;
  /** The coordinator has answered: more may be sent, or taken in, now. */
  onAnswered: () => void = () => undefined;
  #state: 'none' | 'open' | 'ending' = 'none';
  #beganNs = 0;
  /** Partitions that are part of the transaction, those that the coordinator is asked for, and those that are next. */
  readonly #added = new Set<TransactionPartition>();
  #adding: ReadonlySet<TransactionPartition> = new Set();
  readonly #wanted = new Set<TransactionPartition>();
  #isAsking = false;
  #hasFailed = false;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  initProducerId(): ReturnType<TransactionCoordinator['initProducerId']> {
    return this.#options.coordinator.initProducerId();
  }

  /** Whether a transaction is about to be committed, so that no records are taken. */
  get isEnding(): boolean {
    return this.#state === 'ending';
  }

  get isOpen(): boolean {
    return this.#state !== 'none';
  }

  /** Whether batches of this partition may be sent. */
  admits(partition: TransactionPartition): boolean {
    return this.#added.has(partition);
  }

  /** A batch of this partition is begun. */
  uses(partition: TransactionPartition, nowNs: number): void {
    if (this.#state === 'none') {
      this.#state = 'open';
      this.#beganNs = nowNs;
    }
    if (!this.#added.has(partition) && !this.#adding.has(partition)) {
      this.#wanted.add(partition);
    }
  }

  /** When the open transaction is to end; infinite without one. */
  get endNs(): number {
    return this.#state === 'open' ? this.#beganNs + this.#options.lengthNs : Number.POSITIVE_INFINITY;
  }

  /** Takes no more records for the open transaction. */
  end(): void {
    this.#state = 'ending';
  }

  /** Asks the coordinator what is next. `allDone`: every record is acknowledged. */
  advance(allDone: boolean): void {
    if (this.#isAsking || this.#hasFailed) {
      return;
    }
    if (this.#wanted.size > 0) {
      const partitions = [...this.#wanted];
      this.#adding = new Set(partitions);
      this.#wanted.clear();
      this.#ask(this.#options.coordinator.add(partitions), () => {
        this.#adding = new Set();
        for (const partition of partitions) {
          this.#added.add(partition);
        }
      });
    } else if (this.isEnding && allDone) {
      this.#ask(this.#options.coordinator.end(true), () => {
        this.#state = 'none';
        this.#added.clear();
      });
    }
  }

  /** A batch was given up: what the transaction has written shall not be read. */
  failed(reason: string): void {
    if (this.#hasFailed) {
      return;
    }
    this.#hasFailed = true;
    const { coordinator, transactionalId, onFailure } = this.#options;
    const failure = new UserError(
      `transactional.id ${transactionalId}: expected every record of a transaction to be acknowledged, found a batch given up: ${reason}; the transaction was aborted`,
      EXIT.clusterUnreachable,
    );
    // Whether or not the abort gets through: the coordinator aborts it by itself in the end.
    coordinator
      .end(false)
      .finally(() => onFailure(failure))
      .catch(() => undefined);
  }

  #ask(answer: Promise<void>, onAnswer: () => void): void {
    this.#isAsking = true;
    answer.then(
      () => {
        this.#isAsking = false;
        onAnswer();
        this.onAnswered();
      },
      (error: unknown) => {
        this.#hasFailed = true;
        this.#options.onFailure(error);
      },
    );
  }
}
