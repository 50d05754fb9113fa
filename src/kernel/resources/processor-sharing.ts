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
  /** Per station, as `SharedStation` has them. */
  readonly #entity: Uint32Array;
  readonly #jobsMax: Int32Array;
  readonly #owner: JobOwner;
  /** Per job: V at its end, its place in the station's heap (NONE when it doesn't run). */
  readonly #finish: Float64Array;
  readonly #place: Int32Array;
  /** Per station. */
  readonly #virtualNs: Float64Array;
  readonly #updatedNs: Float64Array;
  readonly #busyNs: Float64Array;
  readonly #timer: Float64Array;
  readonly #running: Int32Array;
  /** Per station a binary heap of its jobs by (finish, job), from its place in #heapBase. */
  readonly #heap: Int32Array;
  readonly #heapBase: Int32Array;
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
    this.#entity = Uint32Array.from(stations, ({ entity }) => entity);
    this.#jobsMax = Int32Array.from(stations, ({ jobsMax }) => jobsMax);
    this.#owner = options.owner;
    this.#heapBase = new Int32Array(stations.length);
    let places = 0;
    this.#jobsMax.forEach((jobsMax, station) => {
      this.#heapBase[station] = places;
      places += jobsMax;
    });
    const { columns } = sim;
    this.#finish = columns.float64(`${name}/finish`, jobs).data;
    this.#place = columns.int32(`${name}/place`, jobs).data;
    this.#place.fill(NONE);
    this.#virtualNs = columns.float64(`${name}/virtual`, stations.length).data;
    this.#updatedNs = columns.float64(`${name}/updated`, stations.length).data;
    this.#busyNs = columns.float64(`${name}/busy`, stations.length).data;
    this.#timer = columns.float64(`${name}/timer`, stations.length).data;
    this.#timer.fill(NONE);
    this.#running = columns.int32(`${name}/running`, stations.length).data;
    this.#heap = columns.int32(`${name}/heap`, places).data;
  }

  /** The station whose ended jobs are being told to the owner; -1 when there is none. */
  get ending(): number {
    return this.#ending;
  }

  /** Jobs of the station. */
  running(station: number): number {
    return this.#running[station];
  }

  /** Whether the job runs, on whatever station. */
  isRunning(job: number): boolean {
    return this.#place[job] !== NONE;
  }

  /** Time with a job since the start, ns. */
  busyNs(station: number): number {
    // Only read: advancing V here would round it at one more point, and looking would change the run.
    const since = this.#running[station] === 0 ? 0 : this.#sim.nowNs - this.#updatedNs[station];
    return this.#busyNs[station] + since;
  }

  /**
   * Starts a job that is not running.
   * @param workNs 0 or more
   * @throws RangeError, naming the station, when the work is negative or not a number, or the station is full
   * @throws Error when the job is running
   */
  start(station: number, job: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failStart(station, job, `expected work of 0 ns or more, found ${workNs}`);
    if (this.#place[job] !== NONE) this.#failRunning(station, job);
    const place = this.#running[station];
    if (place === this.#jobsMax[station]) {
      this.#failStart(station, job, `${place} jobs run already, its limit`);
    }
    this.#advance(station);
    this.#finish[job] = this.#virtualNs[station] + workNs;
    this.#running[station] = place + 1;
    this.#siftUp(station, place, job);
    if (station !== this.#ending) this.#arm(station);
  }

  /**
   * Takes a running job away before its end.
   * @returns the work that it has left, ns
   * @throws Error, naming the station, when the job is not running there
   */
  remove(station: number, job: number): number {
    const place = this.#place[job];
    if (
      !(place >= 0 && place < this.#running[station]) ||
      this.#heap[this.#heapBase[station] + place] !== job
    ) {
      this.#failNotRunning(station, job);
    }
    this.#advance(station);
    const leftNs = Math.max(0, this.#finish[job] - this.#virtualNs[station]);
    this.#takeAt(station, place);
    if (station !== this.#ending) this.#arm(station);
    return leftNs;
  }

  /** The job that would end last, found in O(n); -1 when the station is idle. */
  last(station: number): number {
    const running = this.#running[station];
    const base = this.#heapBase[station];
    let last = NONE;
    // Only a leaf of the heap can be its last.
    for (let place = running >> 1; place < running; place += 1) {
      const job = this.#heap[base + place];
      if (last === NONE || this.#before(last, job)) last = job;
    }
    return last;
  }

  /** The station's event: its earliest job has ended. */
  onEnd(station: number): void {
    this.#timer[station] = NONE;
    this.#ending = station;
    this.#advance(station);
    while (this.#running[station] > 0) {
      const job = this.#heap[this.#heapBase[station]];
      if (this.#finish[job] > this.#virtualNs[station] + DONE_NS) break;
      this.#takeAt(station, 0);
      this.#owner.jobDone(station, job);
    }
    this.#ending = NONE;
    this.#arm(station);
  }

  #advance(station: number): void {
    const elapsed = this.#sim.nowNs - this.#updatedNs[station];
    if (elapsed === 0) return;
    const running = this.#running[station];
    if (running > 0) {
      this.#virtualNs[station] += elapsed / running;
      this.#busyNs[station] += elapsed;
    }
    this.#updatedNs[station] = this.#sim.nowNs;
  }

  #arm(station: number): void {
    if (this.#timer[station] !== NONE) this.#sim.cancel(this.#timer[station]);
    const running = this.#running[station];
    if (running === 0) {
      this.#timer[station] = NONE;
      return;
    }
    const left = this.#finish[this.#heap[this.#heapBase[station]]] - this.#virtualNs[station];
    const delayNs = left <= 0 ? 0 : Math.ceil(left * running);
    this.#timer[station] = this.#sim.scheduleTimer(delayNs, this.#entity[station], this.#endKind, station);
  }

  #before(x: number, y: number): boolean {
    const byFinish = this.#finish[x] - this.#finish[y];
    return byFinish < 0 || (byFinish === 0 && x < y);
  }

  /** Takes the job at a place of the station's heap out of it. */
  #takeAt(station: number, place: number): void {
    const heap = this.#heap;
    const base = this.#heapBase[station];
    const size = this.#running[station] - 1;
    this.#running[station] = size;
    this.#place[heap[base + place]] = NONE;
    if (size === 0) this.#virtualNs[station] = 0;
    if (place === size) return;
    const moved = heap[base + size];
    if (place > 0 && this.#before(moved, heap[base + ((place - 1) >> 1)]))
      this.#siftUp(station, place, moved);
    else this.#siftDown(station, place, moved);
  }

  #siftUp(station: number, from: number, job: number): void {
    const heap = this.#heap;
    const places = this.#place;
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
    const heap = this.#heap;
    const places = this.#place;
    const base = this.#heapBase[station];
    const size = this.#running[station];
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
    const name = this.#sim.entityNames[this.#entity[station] - this.#sim.entityBase];
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
