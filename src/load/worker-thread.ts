/** The worker's end of the conversation with the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../errors/errors.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import { withoutSecrets } from './access/secrets.ts';
import { type Clocked, clocked, ofThisClock } from './clock-domain.ts';
import { asUserError } from './cluster.ts';
import type { FromWorker, ToWorker, WorkerPlan } from './messages.ts';

/** Posts a message to the main thread. */
export function post(message: FromWorker): void {
  parentPort?.postMessage(clocked(message));
}

/** Runs a worker by its plan; whatever it throws is told to the main thread, which ends the run. */
export function runWorker(work: (plan: WorkerPlan) => Promise<(message: ToWorker) => void>): void {
  const plan: WorkerPlan = workerData;
  process.on('uncaughtException', (error) => fail(error, plan));
  work(plan).then(
    (onMessage) => parentPort?.on('message', (message: Clocked<ToWorker>) => onMessage(ofThisClock(message))),
    (error: unknown) => fail(error, plan),
  );
}

/** Ends the run because of an error that nobody waits for. */
export function failWorker(error: unknown): void {
  fail(error, workerData);
}

function fail(error: unknown, plan: WorkerPlan): void {
  const shown = asUserError(error, plan.target);
  post({
    kind: 'failed',
    message: withoutSecrets(
      shown instanceof Error ? (shown.stack ?? shown.message) : String(shown),
      plan.target.access,
    ),
    user: shown instanceof UserError ? { lines: shown.lines, exitCode: shown.exitCode } : null,
  });
}

/** Counts errors by message. */
export class ErrorCounts {
  readonly counts: Record<string, number> = {};
  readonly #access: ClusterAccess;

  /** @param access whose secrets no message may hold */
  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  add(error: Error): void {
    const message = withoutSecrets(error.message, this.#access);
    this.counts[message] = (this.counts[message] ?? 0) + 1;
  }
}
