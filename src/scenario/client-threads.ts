/**
 * How a host's clients are spread over the generator's threads: round-robin in the order of the file, so that both
 * arms put the same clients on the same thread.
 */
import type { RunPlan, Scenario } from './scenario.ts';

export interface ClientThread {
  readonly host: string;
  readonly role: 'producers' | 'consumers';
  readonly index: number;
  /** Clients on this thread: index of the class in the scenario, number of the client inside its class. */
  readonly clients: readonly { readonly classIndex: number; readonly client: number }[];
}

/** Threads of every client host, producers first; hosts without clients of a role get no thread for it. */
export function planClientThreads(scenario: Scenario): ClientThread[] {
  return scenario.hosts.flatMap((host) => [
    ...spread(host.name, 'producers', scenario.producers, scenario.run.threads),
    ...spread(host.name, 'consumers', scenario.consumers, scenario.run.threads),
  ]);
}

function spread(
  host: string,
  role: ClientThread['role'],
  classes: readonly { readonly host: string; readonly count: number }[],
  threads: RunPlan['threads'],
): ClientThread[] {
  const clients = classes.flatMap((entry, classIndex) =>
    entry.host === host ? Array.from({ length: entry.count }, (_, client) => ({ classIndex, client })) : [],
  );
  const count = Math.min(threads[role], clients.length);
  return Array.from({ length: count }, (_, index) => ({
    host,
    role,
    index,
    clients: clients.filter((_, position) => position % count === index),
  }));
}
