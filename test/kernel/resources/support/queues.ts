/** Customers at random at one station of each kind, in the time unit of the service; what their waits add up to. */
import type { Distribution } from '../../../../src/kernel/distributions.ts';
import { FcfsServers } from '../../../../src/kernel/resources/fcfs-servers.ts';
import { ProcessorSharing } from '../../../../src/kernel/resources/processor-sharing.ts';
import { Rows } from '../../../../src/kernel/rows.ts';
import { Simulation } from '../../../../src/kernel/simulation.ts';
import { Table } from '../../../../src/kernel/table.ts';
import type { Sums } from './closed-form.ts';

const ARRIVE = 0;
const DEPART = 1;
const WAITING_MAX = 10_000;
const WARM_UP_ARRIVALS = 2000;

export interface QueueOptions {
  readonly meanBetweenNs: number;
  readonly serviceNs: Distribution;
  /** Mean number of arrivals that are measured. */
  readonly arrivals: number;
}

abstract class Queue {
  readonly kindNames = ['arrive', 'depart'];
  readonly sim: Simulation;
  readonly entity: number;
  readonly #options: QueueOptions;
  readonly #between: number;
  readonly #services: number;

  constructor(seed: string, options: QueueOptions) {
    this.#options = options;
    this.sim = new Simulation({
      seed,
      entityBase: 0,
      limits: { eventsPending: WAITING_MAX, eventsPerInstant: 1000 },
    });
    this.entity = this.sim.entity('queue');
    this.#between = this.sim.random.stream('arrivals');
    this.#services = this.sim.random.stream('services');
    this.sim.setModel(this);
    this.scheduleArrival();
  }

  abstract handle(kind: number): void;
  abstract sums(): Sums;

  scheduleArrival(): void {
    this.sim.schedule(
      this.sim.random.exponential(this.#between, this.#options.meanBetweenNs),
      this.entity,
      ARRIVE,
    );
  }

  drawServiceNs(): number {
    return this.#options.serviceNs.draw(this.sim.random, this.#services);
  }

  /** The sums over what comes after the warm-up. */
  measure(): Sums {
    const { meanBetweenNs, arrivals } = this.#options;
    this.sim.run(Math.round(WARM_UP_ARRIVALS * meanBetweenNs));
    const before = this.sums();
    this.sim.run(this.sim.nowNs + Math.round(arrivals * meanBetweenNs));
    const after = this.sums();
    return {
      count: after.count - before.count,
      sum: after.sum - before.sum,
      squareSum: after.squareSum - before.squareSum,
    };
  }
}

class FcfsQueue extends Queue {
  readonly #servers: FcfsServers;

  constructor(seed: string, options: QueueOptions, servers: number) {
    super(seed, options);
    this.#servers = new FcfsServers(this.sim, 'servers', [
      { name: 'queue', servers, waitingMax: WAITING_MAX },
    ]);
  }

  handle(kind: number): void {
    if (kind === ARRIVE) {
      this.scheduleArrival();
      if (this.#servers.arrive(0, 0)) this.#serve();
    } else if (this.#servers.depart(0) >= 0) this.#serve();
  }

  sums(): Sums {
    const { started, waitSumNs, waitSquareSumNs2 } = this.#servers.statistics(0);
    return { count: started, sum: waitSumNs, squareSum: waitSquareSumNs2 };
  }

  #serve(): void {
    this.sim.schedule(this.drawServiceNs(), this.entity, DEPART);
  }
}

class SharingQueue extends Queue {
  readonly #sharing: ProcessorSharing;
  readonly #jobs: Table;
  readonly #startedNs: Float64Array;
  #count = 0;
  #sum = 0;
  #squareSum = 0;

  constructor(seed: string, options: QueueOptions) {
    super(seed, options);
    const { sim, entity } = this;
    this.#sharing = new ProcessorSharing({
      sim,
      name: 'station',
      stations: [{ entity, jobsMax: WAITING_MAX }],
      stationRows: new Rows(sim.columns, 'station', 1),
      jobRows: new Rows(sim.columns, 'in-station', WAITING_MAX),
      endKind: DEPART,
      owner: this,
    });
    this.#jobs = new Table(sim.columns, 'jobs', WAITING_MAX, WAITING_MAX);
    this.#startedNs = new Float64Array(WAITING_MAX);
  }

  handle(kind: number): void {
    if (kind === DEPART) {
      this.#sharing.onEnd(0);
      return;
    }
    this.scheduleArrival();
    const job = this.#jobs.take();
    this.#startedNs[job] = this.sim.nowNs;
    this.#sharing.start(0, job, this.drawServiceNs());
  }

  jobDone(_station: number, job: number): void {
    const sojournNs = this.sim.nowNs - this.#startedNs[job];
    this.#count += 1;
    this.#sum += sojournNs;
    this.#squareSum += sojournNs * sojournNs;
    this.#jobs.give(job);
  }

  sums(): Sums {
    return { count: this.#count, sum: this.#sum, squareSum: this.#squareSum };
  }
}

/** Waits of customers in order of arrival at `servers` servers. */
export function fcfsWaits(seed: string, options: QueueOptions, servers: number): Sums {
  return new FcfsQueue(seed, options, servers).measure();
}

/** Times that jobs spend on a shared processor. */
export function sharingSojourns(seed: string, options: QueueOptions): Sums {
  return new SharingQueue(seed, options).measure();
}
