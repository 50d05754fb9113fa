/**
 * Processor sharing: every job of a station advances at the same rate, and the station does one unit of work a ns in all.
 *
 *   start(station, job, work) ─► heap by V at the job's end ─► one event for the earliest ─► onEnd ─► owner.jobDone
 *
 * What:    stations in one object, each with any number of running jobs. Starting, ending and removing a job are
 *          O(log n) in the station's jobs, and no other job is touched.
 * Formula: with n jobs each gets 1 / n. In virtual time V with dV/dt = 1 / n a job of w that starts at V ends at V + w,
 *          whatever comes and goes meanwhile. A station that runs empty puts V back to 0, so that V keeps its digits.
 * Units:   work and time in ns: work is the time that the job would take alone.
 * Source:  Kleinrock, Queueing Systems II (1976), 4.4; virtual time as in Parekh and Gallager (1993).
 * Range:   V below 2^52 between two idle moments, 52 days at one job; ends are rounded up to whole ns, and jobs that end
 *          within half a ns of V of each other end together.
 * Error:   below 1 ns a job, from the rounding of its end.
 * Test:    test/kernel/resources/processor-sharing.test.ts (exact cases, a plain oracle), closed-forms.test.ts (M/M/1-PS,
 *          M/D/1-PS).
 */
import type { Float64Column, Int32Column } from '../columns.ts';
import type { Simulation } from '../simulation.ts';

/** What a station tells its user. */
export interface JobOwner {
  /** The job has ended; the owner may start jobs, this one too, on any station before it returns. */
  jobDone(station: number, job: number): void;
}

export interface SharedStation {
  /** Receives the station's events. */
  readonly entity: number;
  /** Most jobs that run at once. */
  readonly jobsMax: number;
}

const NONE = -1;
/** Slack for the rounding of V: a job this close to its end is done. */
const DONE_NS = 0.5;

export class ProcessorSharing {
  readonly #sim: Simulation;
  readonly #name: string;
  readonly #endKind: number;
  readonly #stations: readonly SharedStation[];
  readonly #owner: JobOwner;
  /** Per job: V at its end, its place in the station's heap (NONE when it doesn't run). */
  readonly #finish: Float64Column;
  readonly #place: Int32Column;
  /** Per station. */
  readonly #virtualNs: Float64Column;
  readonly #updatedNs: Float64Column;
  readonly #busyNs: Float64Column;
  readonly #timer: Float64Column;
  readonly #running: Int32Column;
  /** Per station a binary heap of its jobs by (finish, job), from its place in #heapBase. */
  readonly #heap: Int32Column;
  readonly #heapBase: number[] = [];
  /** The station whose ended jobs are being told to the owner: its timer is set when all are told. */
  #ending = NONE;

  /**
   * @param options.name of the columns; unique in the registry
   * @param options.jobs jobs are the caller's numbers from 0 to `jobs - 1`
   * @param options.endKind the kind of the stations' events, with the station as `a`: the model hands them to `onEnd`
   */
  constructor(options: {
    readonly sim: Simulation;
    readonly name: string;
    readonly stations: readonly SharedStation[];
    readonly jobs: number;
    readonly endKind: number;
    readonly owner: JobOwner;
  }) {
    const { sim, name, stations, jobs } = options;
    this.#sim = sim;
    this.#name = name;
    this.#endKind = options.endKind;
    this.#stations = stations;
    this.#owner = options.owner;
    let places = 0;
    for (const { jobsMax } of stations) {
      this.#heapBase.push(places);
      places += jobsMax;
    }
    const { columns } = sim;
    this.#finish = columns.float64(`${name}/finish`, jobs);
    this.#place = columns.int32(`${name}/place`, jobs);
    this.#place.data.fill(NONE);
    this.#virtualNs = columns.float64(`${name}/virtual`, stations.length);
    this.#updatedNs = columns.float64(`${name}/updated`, stations.length);
    this.#busyNs = columns.float64(`${name}/busy`, stations.length);
    this.#timer = columns.float64(`${name}/timer`, stations.length);
    this.#timer.data.fill(NONE);
    this.#running = columns.int32(`${name}/running`, stations.length);
    this.#heap = columns.int32(`${name}/heap`, places);
  }

  /** The station whose ended jobs are being told to the owner; -1 when there is none. */
  get ending(): number {
    return this.#ending;
  }

  /** Jobs of the station. */
  running(station: number): number {
    return this.#running.data[station];
  }

  /** Time with a job since the start, ns. */
  busyNs(station: number): number {
    // Only read: advancing V here would round it at one more point, and looking would change the run.
    const since = this.#running.data[station] === 0 ? 0 : this.#sim.nowNs - this.#updatedNs.data[station];
    return this.#busyNs.data[station] + since;
  }

  /**
   * Starts a job that is not running.
   * @param workNs 0 or more
   * @throws RangeError, naming the station, when the work is negative or not a number, or the station is full
   * @throws Error when the job is running
   */
  start(station: number, job: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failStart(station, job, `expected work of 0 ns or more, found ${workNs}`);
    if (this.#place.data[job] !== NONE) this.#failRunning(station, job);
    const place = this.#running.data[station];
    if (place === this.#stations[station].jobsMax) {
      this.#failStart(station, job, `${place} jobs run already, its limit`);
    }
    this.#advance(station);
    this.#finish.data[job] = this.#virtualNs.data[station] + workNs;
    this.#running.data[station] = place + 1;
    this.#siftUp(station, place, job);
    if (station !== this.#ending) this.#arm(station);
  }

  /**
   * Takes a running job away before its end.
   * @returns the work that it has left, ns
   * @throws Error, naming the station, when the job is not running there
   */
  remove(station: number, job: number): number {
    const place = this.#place.data[job];
    if (
      !(place >= 0 && place < this.#running.data[station]) ||
      this.#heap.data[this.#heapBase[station] + place] !== job
    ) {
      this.#failNotRunning(station, job);
    }
    this.#advance(station);
    const leftNs = Math.max(0, this.#finish.data[job] - this.#virtualNs.data[station]);
    this.#takeAt(station, place);
    if (station !== this.#ending) this.#arm(station);
    return leftNs;
  }

  /** The job that would end last, found in O(n); -1 when the station is idle. */
  last(station: number): number {
    const running = this.#running.data[station];
    const base = this.#heapBase[station];
    let last = NONE;
    // Only a leaf of the heap can be its last.
    for (let place = running >> 1; place < running; place += 1) {
      const job = this.#heap.data[base + place];
      if (last === NONE || this.#before(last, job)) last = job;
    }
    return last;
  }

  /** The station's event: its earliest job has ended. */
  onEnd(station: number): void {
    this.#timer.data[station] = NONE;
    this.#ending = station;
    this.#advance(station);
    while (this.#running.data[station] > 0) {
      const job = this.#heap.data[this.#heapBase[station]];
      if (this.#finish.data[job] > this.#virtualNs.data[station] + DONE_NS) break;
      this.#takeAt(station, 0);
      this.#owner.jobDone(station, job);
    }
    this.#ending = NONE;
    this.#arm(station);
  }

  #advance(station: number): void {
    const elapsed = this.#sim.nowNs - this.#updatedNs.data[station];
    if (elapsed === 0) return;
    const running = this.#running.data[station];
    if (running > 0) {
      this.#virtualNs.data[station] += elapsed / running;
      this.#busyNs.data[station] += elapsed;
    }
    this.#updatedNs.data[station] = this.#sim.nowNs;
  }

  #arm(station: number): void {
    if (this.#timer.data[station] !== NONE) this.#sim.cancel(this.#timer.data[station]);
    const running = this.#running.data[station];
    if (running === 0) {
      this.#timer.data[station] = NONE;
      return;
    }
    const left = this.#finish.data[this.#heap.data[this.#heapBase[station]]] - this.#virtualNs.data[station];
    const delayNs = left <= 0 ? 0 : Math.ceil(left * running);
    const { entity } = this.#stations[station];
    this.#timer.data[station] = this.#sim.scheduleTimer(delayNs, entity, this.#endKind, station);
  }

  #before(x: number, y: number): boolean {
    const byFinish = this.#finish.data[x] - this.#finish.data[y];
    return byFinish < 0 || (byFinish === 0 && x < y);
  }

  /** Takes the job at a place of the station's heap out of it. */
  #takeAt(station: number, place: number): void {
    const heap = this.#heap.data;
    const base = this.#heapBase[station];
    const size = this.#running.data[station] - 1;
    this.#running.data[station] = size;
    this.#place.data[heap[base + place]] = NONE;
    if (size === 0) this.#virtualNs.data[station] = 0;
    if (place === size) return;
    const moved = heap[base + size];
    if (place > 0 && this.#before(moved, heap[base + ((place - 1) >> 1)]))
      this.#siftUp(station, place, moved);
    else this.#siftDown(station, place, moved);
  }

  #siftUp(station: number, from: number, job: number): void {
    const heap = this.#heap.data;
    const places = this.#place.data;
    const base = this.#heapBase[station];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[base + parent];
      if (!this.#before(job, above)) break;
      heap[base + place] = above;
      places[above] = place;
      place = parent;
    }
    heap[base + place] = job;
    places[job] = place;
  }

  #siftDown(station: number, from: number, job: number): void {
    const heap = this.#heap.data;
    const places = this.#place.data;
    const base = this.#heapBase[station];
    const size = this.#running.data[station];
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[base + child + 1], heap[base + child])) child += 1;
      const below = heap[base + child];
      if (!this.#before(below, job)) break;
      heap[base + place] = below;
      places[below] = place;
      place = child;
    }
    heap[base + place] = job;
    places[job] = place;
  }

  #stationName(station: number): string {
    const name = this.#sim.entityNames[this.#stations[station].entity - this.#sim.entityBase];
    return `station ${station} of "${this.#name}" (${name})`;
  }

  #failStart(station: number, job: number, why: string): never {
    throw new RangeError(`start(job ${job}) at ${this.#stationName(station)}: ${why}`);
  }

  #failRunning(station: number, job: number): never {
    throw new Error(`start(job ${job}) at ${this.#stationName(station)}: the job is running already`);
  }

  #failNotRunning(station: number, job: number): never {
    throw new Error(`remove(job ${job}) at ${this.#stationName(station)}: the job is not running there`);
  }
}
