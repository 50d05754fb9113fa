import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/errors/errors.ts';
import type { TransactionPartition } from '../../../src/load/producer/transaction-coordinator.ts';
import { Transactions } from '../../../src/load/producer/transactions.ts';

const LENGTH_NS = 100;

/** A coordinator that keeps to the protocol of KIP-98 and answers when told to. */
class ModelCoordinator {
  readonly #waiting: (() => void)[] = [];
  readonly partitions = new Set<TransactionPartition>();
  readonly ended: boolean[] = [];
  refusal: Error | null = null;

  async initProducerId() {
    return { producerId: 1n, epoch: 0 };
  }

  add(partitions: readonly TransactionPartition[]): Promise<void> {
    return this.#answer(() => {
      for (const added of partitions) {
        assert.ok(!this.partitions.has(added), 'a partition is added once');
        this.partitions.add(added);
      }
    });
  }

  end(isCommit: boolean): Promise<void> {
    return this.#answer(() => {
      this.ended.push(isCommit);
      this.partitions.clear();
    });
  }

  /** Answers what was asked, and lets the answer arrive. */
  async answerAll(): Promise<void> {
    for (const answer of this.#waiting.splice(0)) {
      answer();
    }
    await new Promise(setImmediate);
  }

  #answer(doIt: () => void): Promise<void> {
    assert.equal(this.#waiting.length, 0, 'one request at a time');
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        if (this.refusal !== null) {
          reject(this.refusal);
          return;
        }
        doIt();
        resolve();
      });
    });
  }
}

const partition = (number: number): TransactionPartition => ({ topic: 'orders', partition: number });

function rig() {
  const coordinator = new ModelCoordinator();
  const failures: unknown[] = [];
  const transactions = new Transactions({
    transactionalId: 'shop',
    lengthNs: LENGTH_NS,
    coordinator,
    onFailure: (error) => failures.push(error),
  });
  return { coordinator, failures, transactions };
}

test('a batch is sent once its partition is part of the transaction', async () => {
  const { coordinator, transactions } = rig();
  const [first, second] = [partition(0), partition(1)];
  transactions.uses(first, 10);
  assert.ok(transactions.isOpen);
  assert.equal(transactions.endNs, 10 + LENGTH_NS);
  transactions.advance(false);
  assert.ok(!transactions.admits(first));
  // Begun while the coordinator is asked for the first: asked for by itself afterwards.
  transactions.uses(second, 20);
  transactions.advance(false);
  await coordinator.answerAll();
  assert.ok(transactions.admits(first) && !transactions.admits(second));
  transactions.advance(false);
  await coordinator.answerAll();
  assert.ok(transactions.admits(second));
});

test('a transaction is committed when all of its records are acknowledged, and not before', async () => {
  const { coordinator, transactions } = rig();
  const only = partition(0);
  transactions.uses(only, 0);
  transactions.advance(false);
  await coordinator.answerAll();
  transactions.end();
  transactions.advance(false);
  await coordinator.answerAll();
  assert.deepEqual(coordinator.ended, []);
  transactions.advance(true);
  assert.ok(transactions.isEnding);
  await coordinator.answerAll();
  assert.deepEqual(coordinator.ended, [true]);
  assert.ok(!transactions.isOpen && !transactions.admits(only));
  assert.equal(transactions.endNs, Number.POSITIVE_INFINITY);
});

test('a batch that is given up aborts the transaction, and ends the run with one line', async () => {
  const { coordinator, failures, transactions } = rig();
  transactions.uses(partition(0), 0);
  transactions.advance(false);
  await coordinator.answerAll();
  transactions.failed('RECORD_LIST_TOO_LARGE');
  transactions.failed('RECORD_LIST_TOO_LARGE');
  await coordinator.answerAll();
  assert.deepEqual(coordinator.ended, [false]);
  assert.equal(failures.length, 1);
  assert.ok(failures[0] instanceof UserError);
  assert.match(failures[0].lines.join(), /^transactional\.id shop: .*RECORD_LIST_TOO_LARGE; .* aborted$/);
});

test('what the coordinator refuses ends the run, once, also when it is the abort', async () => {
  const { coordinator, failures, transactions } = rig();
  coordinator.refusal = new Error('PRODUCER_FENCED');
  transactions.uses(partition(0), 0);
  transactions.advance(false);
  await coordinator.answerAll();
  assert.deepEqual(failures, [coordinator.refusal]);
  transactions.advance(true);
  transactions.failed('INVALID_PRODUCER_EPOCH');
  await coordinator.answerAll();
  assert.equal(failures.length, 1);

  const other = rig();
  other.coordinator.refusal = new Error('PRODUCER_FENCED');
  other.transactions.uses(partition(0), 0);
  other.transactions.failed('INVALID_PRODUCER_EPOCH');
  await other.coordinator.answerAll();
  assert.equal(other.failures.length, 1);
  assert.match(String(other.failures[0]), /INVALID_PRODUCER_EPOCH/);
});

test('however batches, acknowledgements and answers follow each other, every transaction ends committed', async () => {
  const steps = fc.array(fc.constantFrom('use 0', 'use 1', 'acknowledge', 'answer', 'end'), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { coordinator, failures, transactions } = rig();
      const partitions = [partition(0), partition(1)];
      let unacknowledged: TransactionPartition[] = [];
      let begun = 0;
      const acknowledge = (): void => {
        // Only what may be sent can be acknowledged, and all of it belongs to the coordinator's transaction.
        for (const sent of unacknowledged.filter((one) => transactions.admits(one))) {
          assert.ok(coordinator.partitions.has(sent));
        }
        unacknowledged = unacknowledged.filter((one) => !transactions.admits(one));
      };
      for (const step of [...all, 'end', ...Array(4).fill(['answer', 'acknowledge']).flat()]) {
        if (step.startsWith('use') && !transactions.isEnding) {
          begun += transactions.isOpen ? 0 : 1;
          const used = partitions[Number(step.at(-1))];
          transactions.uses(used, 0);
          unacknowledged.push(used);
        } else if (step === 'acknowledge') {
          acknowledge();
        } else if (step === 'answer') {
          await coordinator.answerAll();
        } else if (step === 'end' && transactions.isOpen) {
          transactions.end();
        }
        transactions.advance(unacknowledged.length === 0);
      }
      await coordinator.answerAll();
      assert.deepEqual(failures, []);
      assert.deepEqual(coordinator.ended, Array(begun).fill(true));
      assert.ok(!transactions.isOpen);
    }),
  );
});
