/**
 * The processes that hold the generator's worker threads: this very one, or agents on other machines
 * (agent-process.ts). Those who direct the threads need not know which.
 */
import { Worker } from 'node:worker_threads';
import { siblingModule } from '../package.ts';
import type { Clocked } from './clock-domain.ts';
import type { FromWorker, ToWorker, WorkerPlan } from './messages.ts';

/** A client machine and how to run a program on it. */
export interface LoadPlace {
  /** Name of the host group. */
  readonly host: string;
  /** Which of the group's machines, from 0. */
  readonly machine: number;
  /**
   * Put before a program's command line to run it there. It must become the program (exec), or pass on its environment
   * and open files: `nsenter` and `sh -c 'exec "$@"' sh` do.
   */
  readonly command: readonly string[];
}

/** What is told of a worker thread. */
export interface ThreadEvents {
  message(message: Clocked<FromWorker>): void;
  /** Something went wrong that it did not tell of itself. */
  failed(error: Error): void;
  /** It runs no more. The reason is a fault only when it had given no result before. */
  ended(reason: Error): void;
}

export interface LoadProcess {
  /** Null until it runs. */
  readonly pid: number | null;
  /** Starts a worker thread; the function returned sends it messages. */
  start(plan: WorkerPlan, events: ThreadEvents): (message: Clocked<ToWorker>) => void;
  /** Stops all its threads, whatever they do. */
  terminate(): Promise<void>;
}

/** Worker threads of this very process. */
export class ThisProcess implements LoadProcess {
  readonly pid = process.pid;
  readonly #workers: Worker[] = [];

  start(plan: WorkerPlan, events: ThreadEvents): (message: Clocked<ToWorker>) => void {
    const file =
      plan.thread.role === 'producers'
        ? siblingModule(import.meta.url, './producer/producer-worker')
        : siblingModule(import.meta.url, './consumer/consumer-worker');
    const worker = new Worker(file, { name: plan.name, workerData: plan });
    worker.on('message', (message: Clocked<FromWorker>) => events.message(message));
    worker.on('error', (error) =>
      events.failed(new Error(`load worker ${plan.name} failed`, { cause: error })),
    );
    worker.on('exit', (code) =>
      events.ended(
        new Error(`load worker ${plan.name} ended with exit code ${code} before it gave a result`),
      ),
    );
    this.#workers.push(worker);
    return (message) => worker.postMessage(message);
  }

  async terminate(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
