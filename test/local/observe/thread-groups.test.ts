import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brokerThreadGroup,
  generatorThreadGroup,
  groupBrokerThreads,
  javaClientThreadGroup,
  parseThreadDump,
} from '../../../src/local/observe/thread-groups.ts';

// Of a combined broker and controller, Kafka 4.3.1 on OpenJDK 17.
const DUMP = `2026-11-23 02:15:09
Full thread dump OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1 mixed mode, sharing):

"C2 CompilerThread0" #7 daemon prio=9 os_prio=0 cpu=1567.43ms elapsed=9.08s tid=0x00007fdb001dc730 nid=0x2183 runnable  [0x0000000000000000]
   java.lang.Thread.State: RUNNABLE
"kafka-1-raft-io-thread" #30 prio=5 os_prio=0 cpu=89.87ms elapsed=5.48s tid=0x00007fdb00f54aa0 nid=0x2195 waiting on condition  [0x00007fdad82fe000]
"quorum-controller-1-event-handler" #33 prio=5 os_prio=0 cpu=74.77ms elapsed=5.38s tid=0x00007fdb00fa6c40 nid=0x2198 waiting on condition  [0x00007fda86ffe000]
"data-plane-kafka-request-handler-0" #39 daemon prio=5 os_prio=0 cpu=1.90ms elapsed=5.20s tid=0x00007fdb0101ae20 nid=0x219e waiting on condition  [0x00007fda869fe000]
"data-plane-kafka-network-thread-1-CONTROLLER-PLAINTEXT-0" #23 prio=5 os_prio=0 cpu=28.83ms elapsed=5.16s tid=0x00007fdb0104dc30 nid=0x21a7 runnable  [0x00007fda860fe000]
"data-plane-kafka-request-handler-0" #84 daemon prio=5 os_prio=0 cpu=1.78ms elapsed=4.27s tid=0x00007fdb01204270 nid=0x21c9 waiting on condition  [0x00007fda67efe000]
"data-plane-kafka-network-thread-1-PLAINTEXT-PLAINTEXT-0" #57 prio=5 os_prio=0 cpu=1.00ms elapsed=3.48s tid=0x00007fdb005d84c0 nid=0x21e0 runnable  [0x00007fda667fe000]
"ReplicaFetcherThread-0-2" #117 prio=5 os_prio=0 cpu=299.00ms elapsed=3.48s tid=0x00007fdb005d84c1 nid=0x21f0 runnable  [0x00007fda667fe001]
"GC Thread#0" os_prio=0 cpu=89.39ms elapsed=9.12s tid=0x00007fdb00045560 nid=0x2178 runnable  

JNI global refs: 19, weak refs: 0
`;

test("a thread dump gives the full name of each of Linux's threads", () => {
  const names = parseThreadDump(DUMP);
  assert.equal(names.size, 9);
  assert.equal(names.get(0x21e0), 'data-plane-kafka-network-thread-1-PLAINTEXT-PLAINTEXT-0');
  assert.equal(names.get(0x2178), 'GC Thread#0');
});

test('newer Java writes the id in decimal', () => {
  const line =
    '"kafka-scheduler-0" #92 [8657] daemon prio=5 os_prio=0 cpu=12.01ms elapsed=4.15s tid=0x0 nid=8657 waiting';
  assert.deepEqual([...parseThreadDump(line)], [[8657, 'kafka-scheduler-0']]);
});

test("a combined node's controller keeps its own handlers and network threads apart from the broker's", () => {
  const groups = groupBrokerThreads(parseThreadDump(DUMP));
  const expected = new Map([
    [0x2178, 'gc'],
    [0x2183, 'jit'],
    [0x2195, 'controller'],
    [0x2198, 'controller'],
    [0x219e, 'controller'],
    [0x21a7, 'controller'],
    [0x21c9, 'handler'],
    [0x21e0, 'network'],
    [0x21f0, 'fetcher'],
  ]);
  assert.deepEqual(groups, expected);
});

test('a plain broker has one set of handlers, all its own', () => {
  const names = new Map([
    [1, 'data-plane-kafka-request-handler-0'],
    [2, 'data-plane-kafka-request-handler-1'],
  ]);
  assert.deepEqual([...groupBrokerThreads(names).values()], ['handler', 'handler']);
});

test("Kafka 3.9's names of network threads are known too", () => {
  const name = (listener: string): string =>
    `data-plane-kafka-network-thread-1-ListenerName(${listener})-PLAINTEXT-0`;
  assert.equal(brokerThreadGroup(name('PLAINTEXT')), 'network');
  assert.equal(brokerThreadGroup(name('CONTROLLER')), 'controller');
});

test("a name cut to 15 characters still tells the JVM's own threads", () => {
  const cut = ['G1 Conc#0', 'G1 Main Marker', 'VM Thread', 'C1 CompilerThre', 'data-plane-kafk'];
  assert.deepEqual(cut.map(brokerThreadGroup), ['gc', 'gc', 'gc', 'jit', 'other']);
});

test("the generator's threads are grouped by the names of its workers", () => {
  const names = ['MainThread', 'bt-producer-0', 'bt-consumer-12', 'V8Worker', 'libuv-worker'];
  assert.deepEqual(names.map(generatorThreadGroup), ['main', 'producer', 'consumer', 'gc', 'other']);
});

test("threads of Kafka's own clients are grouped by their names as Linux has them", () => {
  const producer = (name: string) => javaClientThreadGroup(name, 'producers');
  const consumer = (name: string) => javaClientThreadGroup(name, 'consumers');
  assert.equal(producer('java'), 'producer main');
  assert.equal(consumer('java'), 'consumer main');
  assert.equal(producer('kafka-producer-'), 'producer sender');
  assert.equal(consumer('kafka-coordinat'), 'consumer background');
  assert.equal(consumer('consumer_backgr'), 'consumer background');
  assert.deepEqual(['G1 Conc#0', 'GC Thread#1', 'VM Thread', 'C2 CompilerThre'].map(producer), [
    'gc',
    'gc',
    'gc',
    'jit',
  ]);
  assert.equal(producer('Signal Dispatch'), 'other');
});
