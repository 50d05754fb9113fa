/**
 * Run queues of cores on which the threads of several control groups take turns, in slices.
 *
 * What:    one thread of a core runs, the others wait. A core shares its time between groups, by their weights on it, and a group
 *          its part between its threads. Who gets the core is decided when its thread sleeps, when one wakes, and at the
 *          timer tick.
 * Formula: v of a thread grows by the time for which it ran, V of a group on a core by that time / its weight there, which is 1 ×
 *          (its runnable threads on this core / on all cores). Next: groups that have just woken, in their order, then the one with
 *          the least V; of its threads likewise, by v. Who wakes has just woken in this sense if v is at most the mean v of those
 *          that it comes to; it is given that mean, less what it was behind when it fell asleep. Else it has had more than its
 *          part, keeps its v and waits as the others do. It takes the core at once if the thread that runs has run for n ×
 *          protectedNs of its slice, n being those that it comes to (groups, or threads of its own group); else it waits for
 *          the tick or the other's sleep. Slices end at a tick or wake-up, when sliceNs of them or more have run; then the
 *          next gets the core.
 * Units:   ns.
 * Source:  Linux 6.18, kernel/sched/fair.c (EEVDF: slice protection, lag of sleepers that decays; calc_group_shares), all groups
 *          with the same cpu.shares; amounts and the rule of n from bench/sched.
 * Range:   weights follow the threads at once, where the kernel takes means over about 32 ms. A thread that comes from another core has
 *          no debt. Group hierarchies of one level, the same weight for all.
 * Error:   docs/model.md has measured and predicted delays and shares.
 * Events:  one for each job that ends, one for each tick of a core with two threads or more.
 * Test:    test/hardware/run-queues.test.ts.
 */
import type { JobOwner } from '../kernel/resources/processor-sharing.ts';
import type { Simulation } from '../kernel/simulation.ts';

export interface TimeSlices {
  /** Period of the timer tick, and the time of a first one below it. */
  readonly tickNs: number;
  readonly phaseNs: number;
  /** A thread that has run for less is not set back at a tick. */
  readonly sliceNs: number;
  /** For each other that wants the core: for so long the one that runs is safe from those that wake. */
  readonly protectedNs: number;
}

const NONE = -1;

export class RunQueues {
  readonly #sim: Simulation;
  readonly #kinds: { readonly end: number; readonly tick: number };
  readonly #slices: TimeSlices;
  readonly #owner: JobOwner;
  readonly #hosts: number;
  readonly #threadHost: Int32Array;
  readonly #entity: Uint32Array;
  /** Per thread: what its job has left, its v and the core that this counts for, whether it has just woken. */
  readonly #leftNs: Float64Array;
  readonly #v: Float64Array;
  readonly #home: Int32Array;
  readonly #credit: Float64Array;
  readonly #sliceEndV: Float64Array;
  readonly #woken: Uint8Array;
  /** Per thread: when it last came or got the core, as a number in one sequence; its place in its core's list. */
  readonly #order: Float64Array;
  readonly #place: Int32Array;
  /** Per core and group (host): its runnable threads, the sum of their v, and what that was for the last one to leave. */
  readonly #count: Int32Array;
  readonly #sumV: Float64Array;
  readonly #lastV: Float64Array;
  /** The same for the groups of a core. */
  readonly #groupV: Float64Array;
  readonly #groupCredit: Float64Array;
  readonly #groupWoken: Uint8Array;
  readonly #groupOrder: Float64Array;
  readonly #groups: Int32Array;
  readonly #groupSumV: Float64Array;
  readonly #groupLastV: Float64Array;
  /** Per group: runnable threads on all cores. */
  readonly #runnable: Int32Array;
  /** Per core: its runnable threads, in a list without order; who runs, accounted until when, and since when. */
  readonly #list: Int32Array;
  readonly #listBase: Int32Array;
  readonly #running: Int32Array;
  readonly #current: Int32Array;
  readonly #settledNs: Float64Array;
  readonly #busyNs: Float64Array;
  readonly #timer: Float64Array;
  readonly #ticking: Uint8Array;
  /** The last number given in the sequence. */
  readonly #orders: Float64Array;
  /** The core whose ended job is being told to the owner, and the thread whose job it was, until it goes on. */
  #ending = NONE;
  #ended = NONE;
  /** The last thread that came to that core meanwhile. */
  #came = NONE;

  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: { readonly end: number; readonly tick: number };
    readonly cores: readonly { readonly entity: number; readonly jobsMax: number }[];
    readonly hosts: number;
    readonly threadHost: Int32Array;
    readonly slices: TimeSlices;
    readonly owner: JobOwner;
  }) {
    const { sim, cores, hosts, threadHost } = options;
    this.#sim = sim;
    this.#kinds = options.kinds;
    this.#slices = options.slices;
    this.#owner = options.owner;
    this.#hosts = hosts;
    this.#threadHost = threadHost;
    this.#entity = Uint32Array.from(cores, ({ entity }) => entity);
    this.#listBase = new Int32Array(cores.length);
    let places = 0;
    cores.forEach(({ jobsMax }, core) => {
      this.#listBase[core] = places;
      places += jobsMax;
    });
    const { columns } = sim;
    const threads = threadHost.length;
    const groups = cores.length * hosts;
    const float64 = (name: string, rows: number) => columns.float64(`run-queues/${name}`, rows).data;
    const int32 = (name: string, rows: number) => columns.int32(`run-queues/${name}`, rows).data;
    this.#leftNs = float64('left', threads);
    this.#v = float64('v', threads);
    this.#home = int32('home', threads).fill(NONE);
    this.#credit = float64('credit', threads);
    this.#sliceEndV = float64('slice-end', threads);
    this.#woken = columns.uint8('run-queues/woken', threads).data;
    this.#order = float64('order', threads);
    this.#place = int32('place', threads).fill(NONE);
    this.#count = int32('count', groups);
    this.#sumV = float64('sum', groups);
    this.#lastV = float64('last', groups);
    this.#groupV = float64('group-v', groups);
    this.#groupCredit = float64('group-credit', groups);
    this.#groupWoken = columns.uint8('run-queues/group-woken', groups).data;
    this.#groupOrder = float64('group-order', groups);
    this.#groups = int32('groups', cores.length);
    this.#groupSumV = float64('group-sum', cores.length);
    this.#groupLastV = float64('group-last', cores.length);
    this.#runnable = int32('runnable', hosts);
    this.#list = int32('list', places);
    this.#running = int32('running', cores.length);
    this.#current = int32('current', cores.length).fill(NONE);
    this.#settledNs = float64('settled', cores.length);
    this.#busyNs = float64('busy', cores.length);
    this.#timer = float64('timer', cores.length);
    this.#ticking = columns.uint8('run-queues/ticking', cores.length).data;
    this.#orders = float64('orders', 1);
  }

  /** The core whose ended job is being told to the owner; -1 when there is none. */
  get ending(): number {
    return this.#ending;
  }

  /** Runnable threads of the core, the one that runs among them. */
  running(core: number): number {
    return this.#running[core];
  }

  /** Whether the thread is runnable, on whatever core. */
  isRunning(thread: number): boolean {
    return this.#place[thread] !== NONE;
  }

  /** The host whose thread has the core; -1 for none. */
  hostOn(core: number): number {
    const current = this.#current[core];
    return current === NONE ? NONE : this.#threadHost[current];
  }

  /** Time with a thread since the start, ns. */
  busyNs(core: number): number {
    const since = this.#current[core] === NONE ? 0 : this.#sim.nowNs - this.#settledNs[core];
    return this.#busyNs[core] + since;
  }

  /** A thread that is not runnable wakes, or goes on after its job's end, with so much work. */
  start(core: number, thread: number, workNs: number): void {
    if (this.#place[thread] !== NONE) throw new Error(`start(thread ${thread}): it is runnable already`);
    this.#settle(core);
    if (this.#running[core] === 1) this.#catchUpTick(core);
    this.#leftNs[thread] = workNs;
    if (core === this.#ending && thread === this.#ended) {
      this.#ended = NONE;
      this.#add(core, thread);
      this.#current[core] = thread;
      return;
    }
    this.#comes(core, thread);
    this.#add(core, thread);
    if (core === this.#ending) {
      this.#came = thread;
      return;
    }
    if (this.#current[core] === NONE) this.#switchTo(core, thread);
    else this.#hasWoken(core, thread);
    this.#armTick(core);
  }

  /** Takes a runnable thread away; returns the work that it has left. */
  remove(core: number, thread: number): number {
    if (this.#place[thread] === NONE) throw new Error(`remove(thread ${thread}): it is not runnable`);
    this.#settle(core);
    this.#drop(core, thread);
    if (this.#current[core] === thread) {
      this.#sim.cancel(this.#timer[core]);
      this.#current[core] = NONE;
      if (core !== this.#ending && this.#running[core] > 0) this.#switchTo(core, this.#next(core));
    }
    return Math.max(0, this.#leftNs[thread]);
  }

  /** The thread that has waited longest on a core with two at least. */
  last(core: number): number {
    const base = this.#listBase[core];
    let last = NONE;
    for (let place = base; place < base + this.#running[core]; place += 1) {
      const thread = this.#list[place];
      if (thread === this.#current[core]) continue;
      if (last === NONE || this.#order[thread] < this.#order[last]) last = thread;
    }
    return last;
  }

  /** The core's event: the job of the thread that runs has ended. */
  onEnd(core: number): void {
    this.#settle(core);
    const thread = this.#current[core];
    this.#drop(core, thread);
    this.#current[core] = NONE;
    this.#ending = core;
    this.#ended = thread;
    this.#came = NONE;
    this.#owner.jobDone(core, thread);
    this.#ending = NONE;
    this.#ended = NONE;
    if (this.#running[core] === 0) return;
    if (this.#current[core] === NONE) this.#switchTo(core, this.#next(core));
    else {
      // The end of a job from which its thread goes on is no moment for the scheduler, but a wake-up by it is.
      this.#armEnd(core);
      if (this.#came !== NONE && this.#place[this.#came] !== NONE) this.#hasWoken(core, this.#came);
    }
    this.#armTick(core);
  }

  /** The core's timer tick. */
  onTick(core: number): void {
    this.#ticking[core] = 0;
    if (this.#running[core] < 2) return;
    this.#settle(core);
    if (this.#renewSlice(core)) this.#giveToNext(core);
    this.#armTick(core);
  }

  /** A thread has woken on a core on which another runs. */
  #hasWoken(core: number, thread: number): void {
    if (this.#renewSlice(core)) this.#giveToNext(core);
    else if (this.#preempts(core, thread)) this.#switchTo(core, thread);
  }

  /** Whether the thread that runs had used up its slice; it has begun another then. */
  #renewSlice(core: number): boolean {
    const current = this.#current[core];
    if (this.#v[current] < this.#sliceEndV[current]) return false;
    this.#sliceEndV[current] = this.#v[current] + this.#slices.sliceNs;
    return true;
  }

  /** The last tick of a thread that has been alone since, for which there was no event. */
  #catchUpTick(core: number): void {
    const current = this.#current[core];
    if (current === NONE) return;
    const { tickNs, sliceNs } = this.#slices;
    const v = this.#v[current] - (tickNs - this.#untilTickNs());
    if (v >= this.#sliceEndV[current]) this.#sliceEndV[current] = v + sliceNs;
  }

  #giveToNext(core: number): void {
    const next = this.#next(core);
    if (next !== this.#current[core]) this.#switchTo(core, next);
  }

  /** Accounts for what has run until now. */
  #settle(core: number): void {
    const ranNs = this.#sim.nowNs - this.#settledNs[core];
    this.#settledNs[core] = this.#sim.nowNs;
    const current = this.#current[core];
    if (current === NONE || ranNs === 0) return;
    const host = this.#threadHost[current];
    const at = core * this.#hosts + host;
    this.#busyNs[core] += ranNs;
    this.#leftNs[current] -= ranNs;
    this.#v[current] += ranNs;
    this.#sumV[at] += ranNs;
    const weighted = (ranNs * this.#runnable[host]) / this.#count[at];
    this.#groupV[at] += weighted;
    this.#groupSumV[core] += weighted;
  }

  /** What a thread that wakes is given among those that it comes to, and its group if it is the first of it. */
  #comes(core: number, thread: number): void {
    const at = core * this.#hosts + this.#threadHost[thread];
    this.#orders[0] += 1;
    this.#order[thread] = this.#orders[0];
    const threads = this.#count[at];
    const mean = threads === 0 ? this.#lastV[at] : this.#sumV[at] / threads;
    const owes = threads > 0 && this.#home[thread] === core && this.#v[thread] > mean;
    this.#woken[thread] = owes ? 0 : 1;
    if (!owes) this.#v[thread] = mean - this.#credit[thread];
    this.#home[thread] = core;
    this.#sliceEndV[thread] = this.#v[thread] + this.#slices.sliceNs;
    if (threads > 0) return;
    const groups = this.#groups[core];
    const groupMean = groups === 0 ? this.#groupLastV[core] : this.#groupSumV[core] / groups;
    const groupOwes = groups > 0 && this.#groupV[at] > groupMean;
    this.#groupWoken[at] = groupOwes ? 0 : 1;
    this.#groupOrder[at] = this.#orders[0];
    if (!groupOwes) this.#groupV[at] = groupMean - this.#groupCredit[at];
  }

  #add(core: number, thread: number): void {
    const host = this.#threadHost[thread];
    const at = core * this.#hosts + host;
    const place = this.#running[core];
    this.#place[thread] = place;
    this.#list[this.#listBase[core] + place] = thread;
    this.#running[core] = place + 1;
    this.#runnable[host] += 1;
    if (this.#count[at] === 0) {
      this.#groups[core] += 1;
      this.#groupSumV[core] += this.#groupV[at];
    }
    this.#count[at] += 1;
    this.#sumV[at] += this.#v[thread];
  }

  #drop(core: number, thread: number): void {
    const host = this.#threadHost[thread];
    const at = core * this.#hosts + host;
    const base = this.#listBase[core];
    const last = this.#running[core] - 1;
    const moved = this.#list[base + last];
    this.#list[base + this.#place[thread]] = moved;
    this.#place[moved] = this.#place[thread];
    this.#place[thread] = NONE;
    this.#running[core] = last;
    this.#runnable[host] -= 1;
    this.#count[at] -= 1;
    this.#sumV[at] -= this.#v[thread];
    const threads = this.#count[at];
    this.#credit[thread] = threads === 0 ? 0 : this.#creditOf(this.#sumV[at] / threads - this.#v[thread]);
    if (threads > 0) return;
    // Sums begin anew, so that rounding does not add up.
    this.#sumV[at] = 0;
    this.#lastV[at] = this.#v[thread];
    this.#groups[core] -= 1;
    this.#groupSumV[core] -= this.#groupV[at];
    const groups = this.#groups[core];
    this.#groupCredit[at] =
      groups === 0 ? 0 : this.#creditOf(this.#groupSumV[core] / groups - this.#groupV[at]);
    if (groups > 0) return;
    this.#groupSumV[core] = 0;
    this.#groupLastV[core] = this.#groupV[at];
  }

  /** What a sleeper keeps of what it has had less than the others. */
  #creditOf(behindNs: number): number {
    const { tickNs, sliceNs } = this.#slices;
    return Math.max(0, Math.min(behindNs, Math.max(tickNs, 2 * sliceNs)));
  }

  /** Whether a thread that has woken takes the core from the one that runs. */
  #preempts(core: number, thread: number): boolean {
    const current = this.#current[core];
    const at = core * this.#hosts + this.#threadHost[thread];
    const isSameGroup = this.#threadHost[thread] === this.#threadHost[current];
    if ((isSameGroup ? this.#woken[thread] : this.#groupWoken[at]) === 0) return false;
    const others = (isSameGroup ? this.#count[at] : this.#groups[core]) - 1;
    const { protectedNs, sliceNs } = this.#slices;
    const ranNs = this.#v[current] - (this.#sliceEndV[current] - sliceNs);
    return ranNs >= others * protectedNs;
  }

  #next(core: number): number {
    const base = this.#listBase[core];
    let next = this.#list[base];
    for (let place = base + 1; place < base + this.#running[core]; place += 1) {
      if (this.#isBefore(core, this.#list[place], next)) next = this.#list[place];
    }
    return next;
  }

  #isBefore(core: number, x: number, y: number): boolean {
    const first = core * this.#hosts;
    const ofX = first + this.#threadHost[x];
    const ofY = first + this.#threadHost[y];
    if (ofX === ofY) return isFirst(x, y, this.#woken, this.#v, this.#order);
    return isFirst(ofX, ofY, this.#groupWoken, this.#groupV, this.#groupOrder);
  }

  #switchTo(core: number, thread: number): void {
    const at = core * this.#hosts + this.#threadHost[thread];
    this.#orders[0] += 1;
    this.#order[thread] = this.#orders[0];
    this.#groupOrder[at] = this.#orders[0];
    this.#woken[thread] = 0;
    this.#groupWoken[at] = 0;
    this.#current[core] = thread;
    this.#armEnd(core);
  }

  #armEnd(core: number): void {
    const leftNs = Math.max(0, Math.ceil(this.#leftNs[this.#current[core]]));
    const { end } = this.#kinds;
    this.#timer[core] = this.#sim.resetTimer(this.#timer[core], leftNs, this.#entity[core], end, core);
  }

  #armTick(core: number): void {
    if (this.#running[core] < 2 || this.#ticking[core] === 1) return;
    this.#ticking[core] = 1;
    this.#sim.schedule(this.#untilTickNs(), this.#entity[core], this.#kinds.tick, core);
  }

  /** Time until the next tick, above 0. */
  #untilTickNs(): number {
    const { tickNs, phaseNs } = this.#slices;
    return tickNs - ((this.#sim.nowNs + tickNs - phaseNs) % tickNs);
  }
}

/** Whether one gets the core before the other: who has just woken, in their order; then by v, of equals who has waited longest. */
function isFirst(x: number, y: number, woken: Uint8Array, v: Float64Array, order: Float64Array): boolean {
  if (woken[x] !== woken[y]) return woken[x] === 1;
  if (woken[x] === 0 && v[x] !== v[y]) return v[x] < v[y];
  return order[x] < order[y];
}
