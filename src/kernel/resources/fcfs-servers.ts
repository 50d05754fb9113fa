import { Fifos } from '../fifo.ts';
import type { Simulation } from '../simulation.ts';

export interface FcfsStation {
  /** For messages. */
  readonly name: string;
  readonly servers: number;
  /** Most customers that wait; one more is an error. */
  readonly waitingMax: number;
}

/** Sums since the start of the run: take two and subtract for what happened in between. */
export interface FcfsStatistics {
  readonly arrivals: number;
  /** Customers whose service has begun: those whose waits are known. */
  readonly started: number;
  readonly served: number;
  /** Integral of the busy servers over time. */
  readonly busyServerNs: number;
  /** Integral of the queue's length over time. */
  readonly waitingCustomerNs: number;
  /** Over the customers whose service has begun. */
  readonly waitSumNs: number;
  readonly waitSquareSumNs2: number;
}

const NOBODY = -1;

export class FcfsServers {
  readonly #sim: Simulation;
  readonly #stations: readonly FcfsStation[];
  readonly #servers: Int32Array;
  readonly #waitingMax: Float64Array;
  /** Customers and the times of their arrival. */
  readonly #waiting: Fifos;
  readonly #sinceNs: Fifos;
  readonly #busy: Int32Array;
  readonly #arrivals: Float64Array;
  readonly #updatedNs: Float64Array;
  readonly #busyServerNs: Float64Array;
  readonly #waitingCustomerNs: Float64Array;
  readonly #waitSumNs: Float64Array;
  readonly #waitSquareSumNs2: Float64Array;

  /**
   * @param name of the columns; unique in the registry
   * @throws RangeError, naming the station, when it has no server, or its limit is not a whole number from 0
   */
  constructor(sim: Simulation, name: string, stations: readonly FcfsStation[]) {
    for (const station of stations) {
      checkWhole(station, 'servers', station.servers, 1);
      checkWhole(station, 'waitingMax', station.waitingMax, 0);
    }
    const { columns } = sim;
    const waitingMax = stations.reduce((sum, station) => sum + station.waitingMax, 0);
    this.#sim = sim;
    this.#stations = stations;
    this.#servers = Int32Array.from(stations, ({ servers }) => servers);
    this.#waitingMax = Float64Array.from(stations, (station) => station.waitingMax);
    this.#waiting = new Fifos(columns, `${name}/waiting`, stations.length, waitingMax);
    this.#sinceNs = new Fifos(columns, `${name}/since`, stations.length, waitingMax);
    this.#busy = columns.int32(`${name}/busy`, stations.length).data;
    this.#arrivals = columns.float64(`${name}/arrivals`, stations.length).data;
    this.#updatedNs = columns.float64(`${name}/updated`, stations.length).data;
    this.#busyServerNs = columns.float64(`${name}/busy-server-ns`, stations.length).data;
    this.#waitingCustomerNs = columns.float64(`${name}/waiting-customer-ns`, stations.length).data;
    this.#waitSumNs = columns.float64(`${name}/wait-sum`, stations.length).data;
    this.#waitSquareSumNs2 = columns.float64(`${name}/wait-square-sum`, stations.length).data;
  }

  /** Customers that wait at the station. */
  waiting(station: number): number {
    return this.#waiting.length(station);
  }

  /** Servers of the station that serve. */
  busy(station: number): number {
    return this.#busy[station];
  }

  /**
   * A customer comes.
   * @param customer a number from 0
   * @returns whether a server is free and begins with it; else it waits until a `depart` returns it
   * @throws RangeError, naming the station, when the queue is at its limit or the customer is not a number from 0
   */
  arrive(station: number, customer: number): boolean {
    if (!(customer >= 0)) this.#failCustomer(station, customer);
    const busy = this.#busy[station];
    const waiting = this.#waiting.length(station);
    if (busy < this.#servers[station]) {
      this.#advance(station, busy, waiting);
      this.#arrivals[station] += 1;
      this.#busy[station] = busy + 1;
      return true;
    }
    if (waiting >= this.#waitingMax[station]) this.#failFull(station, customer);
    this.#advance(station, busy, waiting);
    this.#arrivals[station] += 1;
    this.#waiting.push(station, customer);
    this.#sinceNs.push(station, this.#sim.nowNs);
    return false;
  }

  /**
   * A served customer leaves.
   * @returns the customer that its server begins with, -1 when nobody waits
   * @throws Error, naming the station, when no server is busy
   */
  depart(station: number): number {
    const busy = this.#busy[station];
    const waiting = this.#waiting.length(station);
    if (busy === 0) this.#failIdle(station);
    this.#advance(station, busy, waiting);
    if (waiting === 0) {
      this.#busy[station] = busy - 1;
      return NOBODY;
    }
    const waitNs = this.#sim.nowNs - this.#sinceNs.shift(station);
    this.#waitSumNs[station] += waitNs;
    this.#waitSquareSumNs2[station] += waitNs * waitNs;
    return this.#waiting.shift(station);
  }

  /** What happened at the station up to now. Looking changes nothing. */
  statistics(station: number): FcfsStatistics {
    const arrivals = this.#arrivals[station];
    const busy = this.#busy[station];
    const waiting = this.#waiting.length(station);
    const sinceNs = this.#sim.nowNs - this.#updatedNs[station];
    return {
      arrivals,
      started: arrivals - waiting,
      served: arrivals - waiting - busy,
      busyServerNs: this.#busyServerNs[station] + busy * sinceNs,
      waitingCustomerNs: this.#waitingCustomerNs[station] + waiting * sinceNs,
      waitSumNs: this.#waitSumNs[station],
      waitSquareSumNs2: this.#waitSquareSumNs2[station],
    };
  }

  #advance(station: number, busy: number, waiting: number): void {
    const nowNs = this.#sim.nowNs;
    const sinceNs = nowNs - this.#updatedNs[station];
    this.#updatedNs[station] = nowNs;
    this.#busyServerNs[station] += busy * sinceNs;
    this.#waitingCustomerNs[station] += waiting * sinceNs;
  }

  #failCustomer(station: number, customer: number): never {
    throw new RangeError(
      `arrive at ${this.#stations[station].name}: expected a customer's number from 0, found ${customer}`,
    );
  }

  #failFull(station: number, customer: number): never {
    const { name, waitingMax } = this.#stations[station];
    throw new RangeError(
      `arrive(customer ${customer}) at ${name}: ${waitingMax} customers wait already, its limit`,
    );
  }

  #failIdle(station: number): never {
    throw new Error(`depart at ${this.#stations[station].name}: no server is busy`);
  }
}

function checkWhole(station: FcfsStation, field: string, found: number, least: number): void {
  if (!(Number.isInteger(found) && found >= least)) {
    throw new RangeError(
      `station ${station.name}: expected ${field} to be a whole number from ${least}, found ${found}`,
    );
  }
}
