/** Threads that do one job at a time, in the order in which the jobs came: network threads and the clients' threads. */
import type { Int32Column, Uint8Column } from '../kernel/columns.ts';
import { Fifos } from '../kernel/fifo.ts';
import type { ClusterModel } from './cluster-model.ts';
import { NONE } from './requests.ts';

const WAITING_MAX = 33_554_432;

/** The owner of the threads knows what a job is; here it is a number. */
export interface JobOwner {
  /** CPU that a job takes, asked when the thread turns to it. */
  workNs(thread: number, job: number): number;
  /** The thread turns to a job; `latencyNs` passes before it runs when it has to be woken for it. */
  starts(thread: number, job: number, latencyNs: number): void;
  /** A job has had its CPU. False holds the thread up until `resume`. */
  done(thread: number, job: number): boolean;
}

export class ThreadJobs {
  readonly #model: ClusterModel;
  readonly #owner: JobOwner;
  /** The host's thread for each thread of this group. */
  readonly #cpuThreads: Int32Array;
  readonly #waiting: Fifos;
  /** The job that a thread is at, or held up after; NONE while it sleeps. */
  readonly #current: Int32Column;
  /** Threads that may not turn to a next job. */
  readonly #held: Uint8Column;

  constructor(model: ClusterModel, name: string, threads: readonly number[], owner: JobOwner) {
    this.#model = model;
    this.#owner = owner;
    this.#cpuThreads = Int32Array.from(threads);
    this.#waiting = new Fifos(model.sim.columns, `${name}/jobs`, threads.length, WAITING_MAX);
    this.#current = model.sim.columns.int32(`${name}/current`, threads.length);
    this.#current.data.fill(NONE);
    this.#held = model.sim.columns.uint8(`${name}/held`, threads.length);
  }

  /** Gives a thread one more job; wakes it if it sleeps. */
  push(thread: number, job: number): void {
    // A thread that sleeps has nothing waiting, unless it is held.
    if (this.#current.data[thread] === NONE && this.#held.data[thread] === 0)
      this.#turnTo(thread, job, false);
    else this.#waiting.push(thread, job);
  }

  /** The host has given the thread the CPU of its job. */
  threadDone(thread: number): void {
    if (this.#owner.done(thread, this.#current.data[thread])) this.#next(thread, true);
  }

  /** The job that a thread is at, or held up after. */
  current(thread: number): number {
    return this.#current.data[thread];
  }

  /** Lets a thread go on that was held up. */
  resume(thread: number): void {
    this.#next(thread, false);
  }

  /** Keeps a thread from its next job until `release`; it ends the one that it is at. */
  hold(thread: number): void {
    this.#held.data[thread] = 1;
  }

  release(thread: number): void {
    this.#held.data[thread] = 0;
    if (this.#current.data[thread] === NONE) this.#next(thread, false);
  }

  /** The thread's process is gone, and what it had to do with it. */
  clear(thread: number): void {
    this.#waiting.clear(thread);
    this.#current.data[thread] = NONE;
    this.#held.data[thread] = 0;
  }

  #next(thread: number, awake: boolean): void {
    if (this.#held.data[thread] === 1 || this.#waiting.length(thread) === 0) {
      this.#current.data[thread] = NONE;
      return;
    }
    this.#turnTo(thread, this.#waiting.shift(thread), awake);
  }

  #turnTo(thread: number, job: number, awake: boolean): void {
    this.#current.data[thread] = job;
    const workNs = this.#owner.workNs(thread, job);
    let latencyNs = 0;
    if (awake) this.#model.cpus.proceed(this.#cpuThreads[thread], workNs);
    else latencyNs = this.#model.cpus.wake(this.#cpuThreads[thread], workNs);
    this.#owner.starts(thread, job, latencyNs);
  }
}
