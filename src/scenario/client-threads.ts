/**
 * How clients are spread over the machines of their host group, and over the generator's threads of each machine: in
 * turn, in the order of the file, so that both arms put the same clients on the same thread of the same machine. A Java
 * client is a process of its own.
 */
import type { ClientKind, RunPlan, Scenario } from './scenario.ts';

export interface ClientThread {
  /** Kind of all clients on it; a Java client is alone. */
  readonly client: ClientKind;
  /** Name of the host group. */
  readonly host: string;
  /** Which of the group's machines, from 0. */
  readonly machine: number;
  readonly role: 'producers' | 'consumers';
  /** Clients on this thread: index of the class in the scenario, number of the client inside its class. */
  readonly clients: readonly { readonly classIndex: number; readonly client: number }[];
}

/** Threads of every client machine, producers first; machines without clients of a role get no thread for it. */
export function planClientThreads(scenario: Scenario): ClientThread[] {
  return scenario.hosts.flatMap(({ name, count }) => {
    const producers = clientsOn(name, scenario.producers);
    const consumers = clientsOn(name, scenario.consumers);
    return Array.from({ length: count }, (_, machine) => [
      ...threadsOf({ host: name, machine, role: 'producers' }, turn(producers, machine, count), scenario.run),
      ...threadsOf({ host: name, machine, role: 'consumers' }, turn(consumers, machine, count), scenario.run),
    ]).flat();
  });
}

function clientsOn(
  host: string,
  classes: readonly { readonly host: string; readonly count: number; readonly client: ClientKind }[],
): PlacedClient[] {
  return classes.flatMap(({ host: of, count, client: kind }, classIndex) =>
    of === host ? Array.from({ length: count }, (_, client) => ({ classIndex, client, kind })) : [],
  );
}

function threadsOf(
  place: Omit<ClientThread, 'client' | 'clients'>,
  placed: readonly PlacedClient[],
  { threads }: RunPlan,
): ClientThread[] {
  const of = (wanted: ClientKind): ClientThread['clients'] =>
    placed.filter(({ kind }) => kind === wanted).map(({ classIndex, client }) => ({ classIndex, client }));
  const clients = of('brokertwin');
  const count = Math.min(threads[place.role], clients.length);
  return [
    ...Array.from({ length: count }, (_, index) => ({
      ...place,
      client: 'brokertwin' as const,
      clients: turn(clients, index, count),
    })),
    ...of('java').map((client) => ({ ...place, client: 'java' as const, clients: [client] })),
  ];
}

type PlacedClient = ClientThread['clients'][number] & { readonly kind: ClientKind };

/** What the one with number `index` gets when all are given out to `count` in turn. */
function turn<Item>(items: readonly Item[], index: number, count: number): Item[] {
  return items.filter((_, position) => position % count === index);
}
