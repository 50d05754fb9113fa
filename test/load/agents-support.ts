/** Client machines for the tests of agents, whose command notes which process the agent becomes. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadPlace } from '../../src/load/load-process.ts';
import { identify, type ProcessIdentity } from '../../src/local/system/process-identity.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { exampleConsumer, exampleProducer, exampleScenario } from './example-scenario.ts';

const WAIT_MS = 60_000;

/** Two client machines: a producer and a consumer on each. */
export function twoMachines(changes: Partial<Scenario> = {}): Scenario {
  const [host] = exampleScenario().hosts;
  return exampleScenario({
    hosts: [host, { ...host, name: 'clients', count: 2 }],
    producers: [exampleProducer({ host: 'clients' })],
    consumers: [exampleConsumer({ host: 'clients', count: 2 })],
    ...changes,
  });
}

/** The file in which the agents' processes are noted; it goes with the test. */
export function noteFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-agents-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'pids');
}

/** Places for both machines. */
export function notedPlaces(file: string): LoadPlace[] {
  return [0, 1].map((machine) => ({
    host: 'clients',
    machine,
    command: ['sh', '-c', 'echo $$ >> "$0"; exec "$@"', file],
  }));
}

/** The processes noted so far. */
export function notedProcesses(file: string): ProcessIdentity[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .flatMap((pid) => identify(Number(pid)) ?? []);
}

/** A broker that takes every connection and never says a word. */
export async function muteBroker(
  t: TestContext,
): Promise<{ readonly address: string; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    // A client that was killed leaves by a reset.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the mute broker has no port');
  return { address: `127.0.0.1:${address.port}`, connections: () => connections };
}

/** Waits until the condition holds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited for ${what} for ${WAIT_MS / 1000} s`);
    await sleep(10);
  }
}
