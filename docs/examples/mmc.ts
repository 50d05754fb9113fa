/**
 * M/M/c on the kernel: customers come at random to one queue before `SERVERS` servers.
 *
 *   arrive ──► [ queue ] ──► ( server ) x SERVERS ──► depart
 *     └─ the next one comes 1 / ARRIVALS_PER_SECOND later in the mean, service takes 1 / SERVED_PER_SECOND in the mean
 *
 * Times are simulated nanoseconds. Run it: node docs/examples/mmc.ts
 */
import { Exponential } from '../../src/kernel/distributions.ts';
import { FcfsServers } from '../../src/kernel/resources/fcfs-servers.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../src/kernel/time.ts';

const SERVERS = 3;
const ARRIVALS_PER_SECOND = 180;
const SERVED_PER_SECOND = 100;
const [ARRIVE, DEPART] = [0, 1];

const sim = new Simulation({
  seed: '7',
  entityBase: 0,
  limits: { eventsPending: 1000, eventsPerInstant: 1000 },
});
const shop = sim.entity('shop');
const desks = new FcfsServers(sim, 'desks', [{ name: 'desks', servers: SERVERS, waitingMax: 10_000 }]);
const arrivals = sim.random.stream('arrivals');
const services = sim.random.stream('services');
const betweenNs = new Exponential(NS_PER_SECOND / ARRIVALS_PER_SECOND);
const serviceNs = new Exponential(NS_PER_SECOND / SERVED_PER_SECOND);

function arrive(customer: number): void {
  sim.schedule(betweenNs.draw(sim.random, arrivals), shop, ARRIVE, customer + 1);
  if (desks.arrive(0, customer)) startService(customer);
}

function startService(customer: number): void {
  sim.schedule(serviceNs.draw(sim.random, services), shop, DEPART, customer);
}

function depart(): void {
  const next = desks.depart(0);
  if (next >= 0) startService(next);
}

sim.setModel({
  kindNames: ['arrive', 'depart'],
  handle: (kind, _target, customer) => (kind === ARRIVE ? arrive(customer) : depart()),
});
sim.schedule(0, shop, ARRIVE, 0);
sim.run(7200 * NS_PER_SECOND);

const { started, waitSumNs } = desks.statistics(0);
console.log(`customers ${started}`);
console.log(`mean wait ${(waitSumNs / started / NS_PER_MS).toFixed(2)} ms`);
console.log(`Erlang C  ${(erlangWaitSeconds() * 1000).toFixed(2)} ms`);

/** Mean wait of all customers: Erlang's probability of waiting, over the capacity that is left. */
function erlangWaitSeconds(): number {
  const load = ARRIVALS_PER_SECOND / SERVED_PER_SECOND;
  let blocked = 1;
  for (let servers = 1; servers <= SERVERS; servers += 1)
    blocked = (load * blocked) / (servers + load * blocked);
  const waiting = blocked / (1 - (load / SERVERS) * (1 - blocked));
  return waiting / (SERVERS * SERVED_PER_SECOND - ARRIVALS_PER_SECOND);
}
