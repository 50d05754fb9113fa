/**
 * Which of a process's threads do what. Linux keeps 15 characters of a thread's name, and those of Kafka's network
 * threads and request handlers are the same (`data-plane-kafk`), so a broker's threads are told apart by a JVM thread
 * dump, which has the full name and Linux's id of each.
 */

export type BrokerThreadGroup =
  | 'network'
  | 'handler'
  | 'fetcher'
  | 'gc'
  | 'jit'
  | 'controller'
  | 'observer'
  | 'other';

/** Full names of Java's threads by Linux thread id, from the text of a thread dump. */
export function parseThreadDump(dump: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const [, name, nid] of dump.matchAll(/^"(.*)" .*\bnid=(0x[0-9a-f]+|\d+)/gm)) {
    names.set(Number(nid), name);
  }
  return names;
}

/**
 * Group of each thread of a broker by Linux thread id. A broker that is a controller too has two sets of request
 * handlers with the same names: the controller's are started first and so have the lower ids.
 */
export function groupBrokerThreads(names: ReadonlyMap<number, string>): Map<number, BrokerThreadGroup> {
  const groups = new Map<number, BrokerThreadGroup>();
  const handlers = new Map<string, number>();
  const ids = [...names.keys()].sort((left, right) => right - left);
  for (const id of ids) {
    const name = names.get(id) ?? '';
    const group = brokerThreadGroup(name);
    const seen = handlers.get(name) ?? 0;
    if (group === 'handler') handlers.set(name, seen + 1);
    groups.set(id, group === 'handler' && seen > 0 ? 'controller' : group);
  }
  return groups;
}

/**
 * Group of one broker thread by its name; a name cut to 15 characters is enough for the JVM's own threads
 * (`gc`, `jit`), all others are then `other`.
 */
export function brokerThreadGroup(name: string): BrokerThreadGroup {
  if (/^(GC Thread|G1 |VM Thread)/.test(name)) return 'gc';
  if (/^(C1|C2) Compiler|^Sweeper thread/.test(name)) return 'jit';
  if (/-(network-thread-\d+|socket-acceptor)-(ListenerName\()?CONTROLLER\b/.test(name)) return 'controller';
  if (/-network-thread-|-socket-acceptor-/.test(name)) return 'network';
  if (/-request-handler-/.test(name)) return 'handler';
  if (/^ReplicaFetcherThread-|^ReplicaAlterLogDirsThread-/.test(name)) return 'fetcher';
  if (/^kafka-\d+-(raft|metadata|snapshot)|^raft-|^quorum-controller-|^controller-\d+-/.test(name)) {
    return 'controller';
  }
  if (/^jolokia-|^HTTP-Dispatcher|^idle-timeout-task/.test(name)) return 'observer';
  return 'other';
}

/**
 * Group of a thread of the load generator by its name, which Node gives to the operating system: workers named
 * `bt-<group>-<number>` are `<group>`, Node's main thread is `main`. V8's helpers, shared by all workers, mostly
 * collect garbage and are `gc`; they compile too.
 */
export function generatorThreadGroup(name: string): string {
  const worker = /^bt-([a-z]+)-/.exec(name);
  if (worker !== null) return worker[1];
  if (name === 'MainThread' || name === 'node') return 'main';
  return name.startsWith('V8Worker') ? 'gc' : 'other';
}

/**
 * Group of a thread of one of Kafka's own clients by its name as Linux keeps it: the application's thread
 * (`producer main`), a producer's Sender (`kafka-producer-network-thread | <client>`), a consumer's heartbeat or its
 * background thread (`consumer background`: `kafka-coordinator-heartbeat-thread | <group>`, or the one that does all network
 * work with group.protocol=consumer), collectors and compilers.
 */
export function javaClientThreadGroup(name: string, role: 'producers' | 'consumers'): string {
  const client = role === 'producers' ? 'producer' : 'consumer';
  // The launcher's thread and the one that it makes for main() have the program's name.
  if (name === 'java' || name === 'main') return `${client} main`;
  if (name.startsWith('kafka-producer-')) return 'producer sender';
  if (/^(kafka-coordinat|consumer_backgr)/.test(name)) return 'consumer background';
  const group = brokerThreadGroup(name);
  return group === 'gc' || group === 'jit' ? group : 'other';
}
