import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';
import type { ClusterHandle } from '../../../src/local/cluster/cluster-handle.ts';
import { unlimitedMachine } from '../../../src/local/cluster/cluster-options.ts';
import { machineOf } from '../../../src/local/cluster/record.ts';
import { commandOn } from '../../../src/local/hosts/command-on.ts';
import { type MachineLimits, UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { perform } from '../../../src/local/operations/perform.ts';
import { missing } from '../../support/components.ts';
import { layMachines, Peer, removeMachines } from './peers.ts';

const MBIT = 1e6 / 8;
const MIB = 1024 ** 2;
/** A full TCP segment on the wire (Ethernet, IPv4, TCP with timestamps) against what it carries; the bucket counts the wire. */
const WIRE_BYTES_PER_PAYLOAD_BYTE = 1514 / 1448;
const SETTLE_MS = 300;
const WINDOW_MS = 400;
const WINDOWS = 3;
const TOLERANCE = 0.05;

describe('limits of a machine, measured', { skip: missing(['namespaces']) ?? false }, () => {
  let root = '';
  let handle: ClusterHandle;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'brokertwin-limits-'));
    process.env.BROKERTWIN_STATE = root;
    const limited = (name: string, limits: Partial<MachineLimits>) => ({
      ...unlimitedMachine(name),
      limits: { ...UNLIMITED, ...limits },
    });
    handle = await layMachines({
      brokers: 2,
      name: 'limits',
      brokerMachines: [
        limited('broker-1', { nicBytesPerSecond: 80 * MBIT, cores: 0.6, memoryBytes: 600 * MIB }),
        limited('broker-2', {}),
      ],
    });
    for (const { cgroup } of handle.record.machines) if (cgroup !== null) preferGroup(cgroup);
  });

  after(async () => {
    await removeMachines(handle);
    rmSync(root, { recursive: true, force: true });
  });

  /** So that other work on this machine takes nothing from what is measured here. */
  function preferGroup(cgroup: string): void {
    const layout = cgroupLayout();
    const [file, share] =
      layout.version === 1
        ? [join(layout.cpu, dirname(cgroup), 'cpu.shares'), 100_000]
        : [join(layout.root, dirname(cgroup), 'cpu.weight'), 10_000];
    writeFileSync(file, String(share));
  }

  test('a NIC passes its rate in each direction, after a change too', { timeout: 60_000 }, async () => {
    const limited = await Peer.on(handle, 'broker-1');
    const free = await Peer.on(handle, 'broker-2');
    try {
      const rates = async () => ({
        out: await wireRate(limited, free),
        in: await wireRate(free, limited),
      });
      const at80 = await rates();
      await perform(handle, { action: 'limit', brokers: [1], nicBytesPerSecond: 200 * MBIT });
      const at200 = await rates();
      await perform(handle, { action: 'limit', brokers: [1], nicBytesPerSecond: 'none' });
      const unlimited = await rates();
      for (const direction of ['out', 'in'] as const) {
        assertNear(at80[direction], 80 * MBIT, direction);
        assertNear(at200[direction], 200 * MBIT, direction);
        assert.ok(unlimited[direction] > 300 * MBIT, `${direction}: ${unlimited[direction]} without limit`);
      }
    } finally {
      await Promise.all([limited.end(), free.end()]);
    }
  });

  /** Bytes on the wire in a second, the median of some windows. */
  async function wireRate(from: Peer, to: Peer): Promise<number> {
    from.tell({ do: 'push', to: to.addresses[0] });
    await sleep(SETTLE_MS);
    const rates: number[] = [];
    let last = await to.swallowed();
    for (let window = 0; window < WINDOWS; window += 1) {
      await sleep(WINDOW_MS);
      const now = await to.swallowed();
      rates.push(((now.bytes - last.bytes) / (now.atMs - last.atMs)) * 1000);
      last = now;
    }
    from.tell({ do: 'rest' });
    await sleep(100);
    return median(rates) * WIRE_BYTES_PER_PAYLOAD_BYTE;
  }

  test('a CPU quota is what all threads get together, after a change too', { timeout: 60_000 }, async () => {
    const spinning = spinOn('broker-1');
    try {
      assertNear(await cpuRate(spinning.pid), 0.6, '0.6 cores');
      await perform(handle, { action: 'limit', brokers: [1], cores: 0.25 });
      assertNear(await cpuRate(spinning.pid), 0.25, '0.25 cores');
      await perform(handle, { action: 'limit', brokers: [1], cores: 'none' });
      assert.ok((await cpuRate(spinning.pid)) > 0.9, 'more than any quota before');
    } finally {
      spinning.kill('SIGKILL');
      await once(spinning, 'close');
    }
  });

  /** A process with three threads that never rest. */
  function spinOn(machine: string) {
    const script = `
      const { Worker } = require('node:worker_threads');
      for (let thread = 0; thread < 3; thread += 1) new Worker('for (;;);', { eval: true });`;
    const [program, ...args] = [...commandOn(machineOf(handle.record, { machine })), process.execPath];
    const child = spawn(program, [...args, '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] });
    assert.ok(child.pid !== undefined);
    return Object.assign(child, { pid: child.pid });
  }

  /** Cores that all threads of a process take together, the median of some windows. */
  async function cpuRate(pid: number): Promise<number> {
    await sleep(SETTLE_MS);
    const rates: number[] = [];
    let last = cpuTime(pid);
    for (let window = 0; window < WINDOWS; window += 1) {
      await sleep(2 * WINDOW_MS);
      const now = cpuTime(pid);
      rates.push((now.cpuNs - last.cpuNs) / (now.atNs - last.atNs));
      last = now;
    }
    return median(rates);
  }

  function cpuTime(pid: number): { readonly cpuNs: number; readonly atNs: number } {
    const tasks = join('/proc', String(pid), 'task');
    const cpuNs = readdirSync(tasks)
      .map((thread) => Number(readFileSync(join(tasks, thread, 'schedstat'), 'utf8').split(' ')[0]))
      .reduce((sum, ns) => sum + ns, 0);
    return { cpuNs, atNs: Number(process.hrtime.bigint()) };
  }

  test('who takes more than the memory limit is killed, and nobody elsewhere', {
    timeout: 30_000,
  }, async () => {
    const [{ cgroup }] = handle.record.machines;
    assert.ok(cgroup !== null);
    const layout = cgroupLayout();
    const limitFile =
      layout.version === 1
        ? join(layout.memory, cgroup, 'memory.limit_in_bytes')
        : join(layout.root, cgroup, 'memory.max');
    assert.equal(Number(readFileSync(limitFile, 'utf8')), 600 * MIB);
    const [inside, outside] = await Promise.all(
      ['broker-1', 'broker-2'].map((name) => fillMemory(name, 700)),
    );
    assert.deepEqual(inside, { code: null, signal: 'SIGKILL' });
    assert.deepEqual(outside, { code: 0, signal: null });
    assert.deepEqual(await fillMemory('broker-1', 300), { code: 0, signal: null });
  });

  /** How a process ends that takes so much memory and then goes. */
  function fillMemory(machine: string, mib: number) {
    const script = `
      const taken = [];
      for (let block = 0; block < ${mib}; block += 10) taken.push(Buffer.alloc(10 * ${MIB}, 1));`;
    const [program, ...args] = [...commandOn(machineOf(handle.record, { machine })), process.execPath];
    const child = spawn(program, [...args, '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] });
    return new Promise<{ readonly code: number | null; readonly signal: string | null }>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  function assertNear(measured: number, expected: number, what: string): void {
    const off = measured / expected - 1;
    assert.ok(Math.abs(off) < TOLERANCE, `${what}: expected ${expected}, measured ${measured}`);
  }

  function median(values: readonly number[]): number {
    return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
  }
});
