/**
 * Customers a second through an M/M/1 queue at a load of 0.8: two events a customer, a queue of those that wait, and the
 * statistics of waiting times and queue length, which must agree with the closed forms.
 *
 *   mean wait = load / (1 - load) * mean service time;  mean queue length = load^2 / (1 - load)
 */
import { FcfsServers } from '../../../src/kernel/resources/fcfs-servers.ts';
import { type Model, Simulation } from '../../../src/kernel/simulation.ts';
import { NS_PER_MS } from '../../../src/kernel/time.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import { type Outcome, runProgram, timed } from '../program.ts';

const ARRIVE = 0;
const DEPART = 1;
const LOAD = 0.8;
const ARRIVAL_GAP_MEAN_NS = NS_PER_MS;
const SERVICE_MEAN_NS = LOAD * ARRIVAL_GAP_MEAN_NS;
const WAIT_MEAN_NS = (LOAD / (1 - LOAD)) * SERVICE_MEAN_NS;
const QUEUE_MEAN = (LOAD * LOAD) / (1 - LOAD);
/** The means over this many customers lie within the tolerance; over fewer they are not looked at. */
const CUSTOMERS_TO_CHECK = 100_000;
const TOLERANCE = 0.15;
const WAITING_MAX = 100_000;

const ONLY_STATION = 0;

class SingleServer implements Model {
  readonly kindNames = ['arrive', 'depart'];
  readonly sim = new Simulation({
    seed: 'bench',
    entityBase: 0,
    limits: { eventsPending: 1_000, eventsPerInstant: 1_000 },
  });
  readonly #arrivals = this.sim.entity('arrivals');
  readonly #server = this.sim.entity('server');
  readonly #gaps = this.sim.random.stream('arrivals');
  readonly #services = this.sim.random.stream('server');
  readonly #servers = new FcfsServers(this.sim, 'servers', [
    { name: 'server', servers: 1, waitingMax: WAITING_MAX },
  ]);

  constructor() {
    this.sim.setModel(this);
    this.sim.schedule(0, this.#arrivals, ARRIVE);
  }

  /** Customers whose service has begun. */
  get started(): number {
    return this.#servers.statistics(ONLY_STATION).started;
  }
  get waitMeanNs(): number {
    const { waitSumNs, started } = this.#servers.statistics(ONLY_STATION);
    return waitSumNs / started;
  }
  get queueMean(): number {
    return this.#servers.statistics(ONLY_STATION).waitingCustomerNs / this.sim.nowNs;
  }

  handle(kind: number): void {
    switch (kind) {
      case ARRIVE:
        this.#arrive();
        break;
      case DEPART:
        this.#depart();
        break;
    }
  }

  #arrive(): void {
    this.sim.schedule(this.sim.random.exponential(this.#gaps, ARRIVAL_GAP_MEAN_NS), this.#arrivals, ARRIVE);
    if (this.#servers.arrive(ONLY_STATION, 0)) this.#serve();
  }

  #depart(): void {
    if (this.#servers.depart(ONLY_STATION) >= 0) this.#serve();
  }

  #serve(): void {
    this.sim.schedule(this.sim.random.exponential(this.#services, SERVICE_MEAN_NS), this.#server, DEPART);
  }
}

function checkMean(what: string, found: number, expected: number): void {
  if (Math.abs(found / expected - 1) <= TOLERANCE) return;
  throw new Error(`the mean ${what} is ${found}: expected ${expected} within ${TOLERANCE * 100} %`);
}

await runProgram(['customersWarmUp', 'customers'], ({ customersWarmUp, customers }): Outcome => {
  const model = new SingleServer();
  const runCustomers = (count: number): void => {
    model.sim.run(Number.MAX_SAFE_INTEGER, count * 2);
  };
  runCustomers(customersWarmUp);
  const startedBefore = model.started;
  const { seconds } = timed(() => runCustomers(customers));
  if (model.started >= CUSTOMERS_TO_CHECK) {
    checkMean('wait in ns', model.waitMeanNs, WAIT_MEAN_NS);
    checkMean('queue length', model.queueMean, QUEUE_MEAN);
  }
  return {
    values: { customersPerSecond: (model.started - startedBefore) / seconds },
    checksum: foldChains([model.sim.hashChains()]),
    common: null,
  };
});
