import { ROW_WORDS, type Rows } from '../rows.ts';
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
/** Fields of a station's row: V, until when it is accounted for, its jobs; as `SharedStation` has them; where its heap is. */
const VIRTUAL_NS = 0;
const UPDATED_NS = 1;
const BUSY_NS = 2;
const TIMER = 3;
const RUNNING = 4;
const ENTITY = 5;
const JOBS_MAX = 6;
const HEAP_BASE = 7;
const STATION_FIELDS = 8;
/** Fields of a job's row: V at its end, its place in the station's heap (NONE when it doesn't run). */
const FINISH = 0;
const PLACE = 1;
const JOB_FIELDS = 2;
/** Slack for the rounding of V: a job this close to its end is done. */
const DONE_NS = 0.5;

export class ProcessorSharing {
  readonly #sim: Simulation;
  readonly #name: string;
  readonly #endKind: number;
  readonly #owner: JobOwner;
  /** Rows with the fields above. */
  readonly #jobs: Float64Array;
  readonly #stations: Float64Array;
  /** Per station a binary heap of its jobs by (finish, job), from its HEAP_BASE on. */
  readonly #heap: Int32Array;
  /** The station whose ended jobs are being told to the owner: its timer is set when all are told. */
  #ending = NONE;

  /**
   * @param options.name of the columns; unique in the registry
   * @param options.stationRows a row for each station, and
   * @param options.jobRows one for each job, by the caller's numbers; the first fields of both are taken
   * @param options.endKind the kind of the stations' events, with the station as `a`: the model hands them to `onEnd`
   */
  constructor(options: {
    readonly sim: Simulation;
    readonly name: string;
    readonly stations: readonly SharedStation[];
    readonly stationRows: Rows;
    readonly jobRows: Rows;
    readonly endKind: number;
    readonly owner: JobOwner;
  }) {
    const { sim, name, stations, stationRows, jobRows } = options;
    this.#sim = sim;
    this.#name = name;
    this.#endKind = options.endKind;
    this.#owner = options.owner;
    this.#jobs = jobRows.data;
    this.#stations = stationRows.data;
    const taken = [stationRows.take(STATION_FIELDS), jobRows.take(JOB_FIELDS, NONE)];
    if (taken.some((first) => first !== 0)) throw new Error(`rows of "${name}" are not new`);
    let places = 0;
    stations.forEach(({ entity, jobsMax }, station) => {
      const at = station * ROW_WORDS;
      this.#stations[at + TIMER] = NONE;
      this.#stations[at + ENTITY] = entity;
      this.#stations[at + JOBS_MAX] = jobsMax;
      this.#stations[at + HEAP_BASE] = places;
      places += jobsMax;
    });
    this.#heap = sim.columns.int32(`${name}/heap`, places).data;
  }

  /** The station whose ended jobs are being told to the owner; -1 when there is none. */
  get ending(): number {
    return this.#ending;
  }

  /** Jobs of the station. */
  running(station: number): number {
    return this.#stations[station * ROW_WORDS + RUNNING];
  }

  /** Whether the job runs, on whatever station. */
  isRunning(job: number): boolean {
    return this.#jobs[job * ROW_WORDS + PLACE] !== NONE;
  }

  /** Time with a job since the start, ns. */
  busyNs(station: number): number {
    const stations = this.#stations;
    const at = station * ROW_WORDS;
    // Only read: advancing V here would round it at one more point, and looking would change the run.
    const since = stations[at + RUNNING] === 0 ? 0 : this.#sim.nowNs - stations[at + UPDATED_NS];
    return stations[at + BUSY_NS] + since;
  }

  /**
   * Starts a job that is not running.
   * @param workNs 0 or more
   * @throws RangeError, naming the station, when the work is negative or not a number, or the station is full
   * @throws Error when the job is running
   */
  start(station: number, job: number, workNs: number): void {
    const stations = this.#stations;
    const at = station * ROW_WORDS;
    if (!(workNs >= 0)) this.#failStart(station, job, `expected work of 0 ns or more, found ${workNs}`);
    if (this.isRunning(job)) this.#failRunning(station, job);
    const place = stations[at + RUNNING];
    if (place === stations[at + JOBS_MAX]) {
      this.#failStart(station, job, `${place} jobs run already, its limit`);
    }
    this.#advance(at);
    this.#jobs[job * ROW_WORDS + FINISH] = stations[at + VIRTUAL_NS] + workNs;
    stations[at + RUNNING] = place + 1;
    this.#siftUp(at, place, job);
    if (station !== this.#ending) this.#arm(station);
  }

  /**
   * Takes a running job away before its end.
   * @returns the work that it has left, ns
   * @throws Error, naming the station, when the job is not running there
   */
  remove(station: number, job: number): number {
    const stations = this.#stations;
    const at = station * ROW_WORDS;
    const place = this.#jobs[job * ROW_WORDS + PLACE];
    const isThere = place >= 0 && place < stations[at + RUNNING];
    if (!isThere || this.#heap[stations[at + HEAP_BASE] + place] !== job) this.#failNotRunning(station, job);
    this.#advance(at);
    const leftNs = Math.max(0, this.#jobs[job * ROW_WORDS + FINISH] - stations[at + VIRTUAL_NS]);
    this.#takeAt(at, place);
    if (station !== this.#ending) this.#arm(station);
    return leftNs;
  }

  /** The job that would end last, found in O(n); -1 when the station is idle. */
  last(station: number): number {
    const at = station * ROW_WORDS;
    const running = this.#stations[at + RUNNING];
    const base = this.#stations[at + HEAP_BASE];
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
    const stations = this.#stations;
    const at = station * ROW_WORDS;
    stations[at + TIMER] = NONE;
    this.#ending = station;
    this.#advance(at);
    while (stations[at + RUNNING] > 0) {
      const job = this.#heap[stations[at + HEAP_BASE]];
      if (this.#jobs[job * ROW_WORDS + FINISH] > stations[at + VIRTUAL_NS] + DONE_NS) break;
      this.#takeAt(at, 0);
      this.#owner.jobDone(station, job);
    }
    this.#ending = NONE;
    this.#arm(station);
  }

  /** From here on `at` is where a station's row begins. */
  #advance(at: number): void {
    const stations = this.#stations;
    const elapsed = this.#sim.nowNs - stations[at + UPDATED_NS];
    if (elapsed === 0) return;
    const running = stations[at + RUNNING];
    if (running > 0) {
      stations[at + VIRTUAL_NS] += elapsed / running;
      stations[at + BUSY_NS] += elapsed;
    }
    stations[at + UPDATED_NS] = this.#sim.nowNs;
  }

  #arm(station: number): void {
    const stations = this.#stations;
    const at = station * ROW_WORDS;
    if (stations[at + TIMER] !== NONE) this.#sim.cancel(stations[at + TIMER]);
    const running = stations[at + RUNNING];
    if (running === 0) {
      stations[at + TIMER] = NONE;
      return;
    }
    const first = this.#heap[stations[at + HEAP_BASE]];
    const left = this.#jobs[first * ROW_WORDS + FINISH] - stations[at + VIRTUAL_NS];
    const delayNs = left <= 0 ? 0 : Math.ceil(left * running);
    stations[at + TIMER] = this.#sim.scheduleTimer(delayNs, stations[at + ENTITY], this.#endKind, station);
  }

  #before(x: number, y: number): boolean {
    const byFinish = this.#jobs[x * ROW_WORDS + FINISH] - this.#jobs[y * ROW_WORDS + FINISH];
    return byFinish < 0 || (byFinish === 0 && x < y);
  }

  /** Takes the job at a place of the station's heap out of it. */
  #takeAt(at: number, place: number): void {
    const heap = this.#heap;
    const stations = this.#stations;
    const base = stations[at + HEAP_BASE];
    const size = stations[at + RUNNING] - 1;
    stations[at + RUNNING] = size;
    this.#jobs[heap[base + place] * ROW_WORDS + PLACE] = NONE;
    if (size === 0) stations[at + VIRTUAL_NS] = 0;
    if (place === size) return;
    const moved = heap[base + size];
    if (place > 0 && this.#before(moved, heap[base + ((place - 1) >> 1)])) this.#siftUp(at, place, moved);
    else this.#siftDown(at, place, moved);
  }

  #siftUp(at: number, from: number, job: number): void {
    const heap = this.#heap;
    const base = this.#stations[at + HEAP_BASE];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[base + parent];
      if (!this.#before(job, above)) break;
      heap[base + place] = above;
      this.#jobs[above * ROW_WORDS + PLACE] = place;
      place = parent;
    }
    heap[base + place] = job;
    this.#jobs[job * ROW_WORDS + PLACE] = place;
  }

  #siftDown(at: number, from: number, job: number): void {
    const heap = this.#heap;
    const base = this.#stations[at + HEAP_BASE];
    const size = this.#stations[at + RUNNING];
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[base + child + 1], heap[base + child])) child += 1;
      const below = heap[base + child];
      if (!this.#before(below, job)) break;
      heap[base + place] = below;
      this.#jobs[below * ROW_WORDS + PLACE] = place;
      place = child;
    }
    heap[base + place] = job;
    this.#jobs[job * ROW_WORDS + PLACE] = place;
  }

  #stationName(station: number): string {
    const name = this.#sim.entityNames[this.#stations[station * ROW_WORDS + ENTITY] - this.#sim.entityBase];
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
