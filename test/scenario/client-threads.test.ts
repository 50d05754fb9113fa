import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut, planShards } from '../../src/kafka/cluster/topology.ts';
import { type ClientThread, planClientThreads } from '../../src/scenario/client-threads.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { exampleConsumer, exampleProducer, exampleScenario } from '../load/example-scenario.ts';

interface Drawn {
  readonly machines: number;
  readonly producers: readonly number[];
  readonly consumers: readonly number[];
  readonly threads: Scenario['run']['threads'];
}

/** Classes of so many clients each, all on the host "clients". */
function scenarioWith({ machines, producers, consumers, threads }: Drawn): Scenario {
  const base = exampleScenario();
  const [host] = base.hosts;
  return exampleScenario({
    hosts: [host, { ...host, name: 'clients', count: machines }],
    producers: producers.map((count, index) =>
      exampleProducer({ name: `producer-${index}`, host: 'clients', count }),
    ),
    consumers: consumers.map((count, index) =>
      exampleConsumer({ name: `consumer-${index}`, host: 'clients', count }),
    ),
    run: { ...base.run, threads },
  });
}

/** Threads as "machine role class.client class.client". */
function shown(threads: readonly ClientThread[]): string[] {
  return threads.map(({ machine, role, clients }) =>
    [machine, role, ...clients.map(({ classIndex, client }) => `${classIndex}.${client}`)].join(' '),
  );
}

const drawn = fc.record({
  machines: fc.integer({ min: 1, max: 5 }),
  producers: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  consumers: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  threads: fc.record({
    producers: fc.integer({ min: 1, max: 4 }),
    consumers: fc.integer({ min: 1, max: 4 }),
  }),
});

test('the clients of one machine are given to its threads in turn, through all classes', () => {
  const scenario = scenarioWith({
    machines: 1,
    producers: [3, 2],
    consumers: [1],
    threads: { producers: 2, consumers: 2 },
  });
  assert.deepEqual(shown(planClientThreads(scenario)), [
    '0 producers 0.0 0.2 1.1',
    '0 producers 0.1 1.0',
    '0 consumers 0.0',
  ]);
});

test('clients are given to the machines of their host in turn, and then to the threads of each', () => {
  const scenario = scenarioWith({
    machines: 2,
    producers: [5, 2],
    consumers: [1],
    threads: { producers: 2, consumers: 1 },
  });
  assert.deepEqual(shown(planClientThreads(scenario)), [
    '0 producers 0.0 0.4',
    '0 producers 0.2 1.1',
    '0 consumers 0.0',
    '1 producers 0.1 1.0',
    '1 producers 0.3',
  ]);
});

test('every client is on one thread, no thread is idle, and neither machines nor their threads differ by more than a client', () => {
  fc.assert(
    fc.property(drawn, (one) => {
      const plan = planClientThreads(scenarioWith(one));
      for (const role of ['producers', 'consumers'] as const) {
        const threads = plan.filter((thread) => thread.role === role);
        const names = shown(threads).flatMap((text) => text.split(' ').slice(2));
        const wanted = one[role].flatMap((count, index) =>
          Array.from({ length: count }, (_, client) => `${index}.${client}`),
        );
        assert.deepEqual(names.sort(), wanted.sort());
        const perMachine = Array.from({ length: one.machines }, (_, machine) =>
          threads.filter((thread) => thread.machine === machine).map(({ clients }) => clients.length),
        );
        assertEven(perMachine.map((counts) => counts.reduce((sum, count) => sum + count, 0)));
        for (const counts of perMachine) {
          assert.ok(counts.length <= one.threads[role] && !counts.includes(0));
          assertEven(counts);
        }
      }
    }),
  );
});

test('the simulator has every client on the same machine, and with the same neighbours, as the generator', () => {
  fc.assert(
    fc.property(drawn, (one) => {
      const scenario = scenarioWith(one);
      const layout = layOut(scenario, planShards(scenario)[0], false);
      const simulated = layout.clientThreads.map(({ host, role }, thread) => {
        const clients = layout[role].filter((client) => client.thread === thread);
        assert.ok(clients.every((client) => client.host === host));
        return [layout.hosts[host].name, role, ...clients.map(({ name }) => name)].join(' ');
      });
      const generated = planClientThreads(scenario).map(({ machine, role, clients }) =>
        [
          one.machines === 1 ? 'clients' : `clients-${machine + 1}`,
          role,
          ...clients.map(({ classIndex, client }) => `${scenario[role][classIndex].name}-${client + 1}`),
        ].join(' '),
      );
      assert.deepEqual(simulated, generated);
    }),
  );
});

function assertEven(counts: readonly number[]): void {
  assert.ok(Math.max(0, ...counts) - Math.min(...counts) <= 1, counts.join(' '));
}

test('a Java client has a thread to itself, after those that share', () => {
  const base = exampleScenario();
  const scenario = exampleScenario({
    producers: [
      exampleProducer({ name: 'java', client: 'java', count: 2 }),
      exampleProducer({ name: 'ours', count: 3 }),
    ],
    consumers: [],
    run: { ...base.run, threads: { producers: 2, consumers: 1 } },
  });
  const threads = planClientThreads(scenario);
  assert.deepEqual(shown(threads), [
    '0 producers 1.0 1.2',
    '0 producers 1.1',
    '0 producers 0.0',
    '0 producers 0.1',
  ]);
  assert.deepEqual(
    threads.map(({ client }) => client),
    ['brokertwin', 'brokertwin', 'java', 'java'],
  );
});
