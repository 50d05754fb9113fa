/** Machines without Kafka, and programs on them that talk to each other: what the network and the limits let through. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ClusterHandle } from '../../../src/local/cluster/cluster-handle.ts';
import type { LocalClusterOptions } from '../../../src/local/cluster/cluster-options.ts';
import type { ClusterRecord } from '../../../src/local/cluster/record.ts';
import { createCluster, removeCluster } from '../../../src/local/cluster/state.ts';
import { makeGroup, setCores } from '../../../src/local/hosts/cgroups.ts';
import { commandOn } from '../../../src/local/hosts/command-on.ts';
import { makeNetwork } from '../../../src/local/hosts/network.ts';
import { plannedRecord } from '../cluster/planned-record.ts';

export type Order =
  | { readonly do: 'send'; readonly to: readonly string[] }
  | { readonly do: 'connect'; readonly to: readonly string[]; readonly hold: boolean }
  | { readonly do: 'ping' }
  | { readonly do: 'push'; readonly to: string }
  | { readonly do: 'rest' }
  | { readonly do: 'count' };

/** What a peer tells. */
export interface Heard {
  readonly ready?: true;
  readonly datagram?: { readonly from: string; readonly to: string };
  readonly outcomes?: readonly (readonly [to: string, outcome: string])[];
  readonly bytes?: number;
  readonly atMs?: number;
}

const PORT = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
const PROGRAM = fileURLToPath(new URL('./peer-program.ts', import.meta.url));

/** Lays the machines of a cluster whose Kafka is never started. */
export async function layMachines(options: Partial<LocalClusterOptions>): Promise<ClusterHandle> {
  const record = await plannedRecord({ network: 'shaped', ...options });
  await createCluster(record);
  const handle = new ClusterHandle(record, () => undefined);
  for (const machine of record.machines) {
    makeGroup(machine);
    if (machine.limits.cores !== null) setCores(machine, machine.limits.cores);
  }
  if (record.network.kind === 'shaped') {
    const { subnet } = record.network;
    assert.ok(
      await makeNetwork({
        id: record.id,
        subnet,
        machines: record.machines,
        controllers: controllersOf(record),
      }),
    );
  }
  return handle;
}

export async function removeMachines({ record }: ClusterHandle): Promise<void> {
  await removeCluster(record.name, record);
}

function controllersOf(record: ClusterRecord) {
  return record.nodes.flatMap(({ machine, controller }) =>
    controller === null ? [] : [{ machine, address: controller.address }],
  );
}

/** A peer on a machine, reached by its address. */
export class Peer {
  readonly addresses: readonly string[];
  readonly datagrams: string[] = [];
  readonly #child: ReturnType<typeof spawn>;
  readonly #answers: Heard[] = [];
  #wake: () => void = () => undefined;

  private constructor({ record }: ClusterHandle, machineName: string) {
    const machine = record.machines.find(({ name }) => name === machineName);
    assert.ok(machine !== undefined);
    this.addresses = [
      ...new Set([
        machine.address,
        ...controllersOf(record).flatMap((entry) => (entry.machine === machineName ? [entry.address] : [])),
      ]),
    ];
    const [program, ...args] = [...commandOn(machine), process.execPath, PROGRAM];
    this.#child = spawn(program, [...args, this.addresses.join(','), String(PORT)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    assert.ok(stdout !== null);
    createInterface({ input: stdout }).on('line', (line) => this.#hear(JSON.parse(line)));
  }

  static async on(handle: ClusterHandle, machineName: string): Promise<Peer> {
    const peer = new Peer(handle, machineName);
    await peer.#answer();
    return peer;
  }

  /** Their outcomes by address: `answered`, `silent`, or the code of an error. */
  async connect(to: readonly string[], { hold }: { readonly hold: boolean }): Promise<Map<string, string>> {
    this.tell({ do: 'connect', to, hold });
    return new Map((await this.#answer()).outcomes);
  }

  /** The same of the connections that are held. */
  async ping(): Promise<Map<string, string>> {
    this.tell({ do: 'ping' });
    return new Map((await this.#answer()).outcomes);
  }

  async swallowed(): Promise<{ readonly bytes: number; readonly atMs: number }> {
    this.tell({ do: 'count' });
    const { bytes, atMs } = await this.#answer();
    assert.ok(bytes !== undefined && atMs !== undefined);
    return { bytes, atMs };
  }

  tell(order: Order): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('close', resolve));
  }

  #hear(heard: Heard): void {
    if (heard.datagram !== undefined) {
      this.datagrams.push(`${heard.datagram.from} to ${heard.datagram.to}`);
      return;
    }
    this.#answers.push(heard);
    this.#wake();
  }

  async #answer(): Promise<Heard> {
    const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    while (this.#answers.length === 0) {
      const heard = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([heard, sleep(ANSWER_TIMEOUT_MS, undefined, { ref: false })]);
      assert.ok(!late.aborted, `a peer at ${this.addresses[0]} did not answer`);
    }
    const [answer] = this.#answers.splice(0, 1);
    return answer;
  }
}
