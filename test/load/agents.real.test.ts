/** One broker on loopback, driven by agents: what it measures and what it leaves is as with threads in this process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { type RunPhaseOptions, runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import type { GeneratorProcess } from '../../src/load/workers.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { identify, waitUntilGone } from '../../src/local/system/process-identity.ts';
import { missing } from '../support/components.ts';
import { notedProcesses, noteFile, twoMachines } from './agents-support.ts';
import { recordsInTopics } from './end-offsets.ts';
import { examplePhase } from './example-scenario.ts';

const skip = missing(['java', 'maven']) ?? false;
const scenario = twoMachines();
const places = [0, 1].map((machine) => ({ host: 'clients', machine, command: ['env'] }));
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip === false) {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      progress: () => undefined,
    });
  }
});

after(() => cluster?.stop());

/** Plays with fresh topics, which are there until `use` is done. */
async function withTopics<Result>(use: (bootstrapServers: string) => Promise<Result>): Promise<Result> {
  const task = { scenario, bootstrapServers: cluster?.bootstrapServers ?? assert.fail('no cluster') };
  await createTopics(task);
  try {
    return await use(task.bootstrapServers);
  } finally {
    await deleteTopics(task);
  }
}

function play(options: Pick<RunPhaseOptions, 'bootstrapServers'> & Partial<RunPhaseOptions>) {
  return runPhase({ scenario, phase: examplePhase(), places, ...options });
}

/** The load threads of a process. */
function loadThreads(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim())
    .filter((name) => name.startsWith('bt-'))
    .sort();
}

for (const { where, options, threads } of [
  {
    where: 'agents',
    options: { places },
    threads: [
      { host: 'clients', machine: 0, names: ['bt-consumer-0', 'bt-producer-0'] },
      { host: 'clients', machine: 1, names: ['bt-consumer-1', 'bt-producer-1'] },
    ],
  },
  {
    where: 'an agent and this process',
    options: { places: places.slice(1) },
    threads: [
      { host: 'clients', machine: 0, names: ['bt-consumer-0', 'bt-producer-0'] },
      { host: 'clients', machine: 1, names: ['bt-consumer-1', 'bt-producer-1'] },
    ],
  },
  {
    where: 'this process',
    options: { places: [] },
    threads: [
      {
        host: 'clients',
        machine: 0,
        names: ['bt-consumer-0', 'bt-consumer-1', 'bt-producer-0', 'bt-producer-1'],
      },
    ],
  },
]) {
  test(`a phase played by ${where} makes every record that is due, and each is acknowledged, in the log and consumed once`, {
    skip,
  }, async () => {
    let generators: readonly GeneratorProcess[] = [];
    let found: unknown[] = [];
    let p99Ms: number | null = null;
    const { result, records } = await withTopics(async (bootstrapServers) => ({
      result: await play({
        bootstrapServers,
        ...options,
        onGenerators: (processes) => {
          generators = processes;
          found = processes.map(({ pid, ...machine }) => ({ ...machine, names: loadThreads(pid) }));
        },
        onProgress: (progress) => {
          p99Ms = progress.p99Ms ?? p99Ms;
        },
      }),
      records: await recordsInTopics({ scenario, bootstrapServers }),
    }));
    assert.deepEqual(found, threads);
    assert.deepEqual(
      generators.map(({ pid }) => pid === process.pid || identify(pid) === null),
      generators.map(() => true),
    );
    assert.deepEqual(result.errors, {});
    assert.equal(records, 10_000);
    assert.equal(result.totals.recordsAcknowledged, records);
    assert.equal(result.totals.recordsConsumed, records);
    assert.equal(result.counts.recordsDue, 8000);
    assert.equal(result.counts.recordsAcknowledged, 8000);
    assert.equal(result.counts.recordsConsumed, 8000);
    assert.equal(result.publishLatencyMs?.count, 8000);
    assert.equal(result.endToEndLatencyMs?.count, 8000);
    assert.ok(p99Ms !== null && p99Ms > 0);
    assert.deepEqual(
      result.workers.map(({ name }) => name),
      ['bt-producer-0', 'bt-consumer-0', 'bt-producer-1', 'bt-consumer-1'],
    );
    assert.equal(result.generator.workerUtilisation.length, 4);
    assert.ok(result.workers.every(({ cpuSeconds, utilisation }) => cpuSeconds > 0 && utilisation < 1));
  });
}

test('an agent that is killed under load ends the run with one line, and leaves none', { skip }, async () => {
  let agents: readonly { readonly pid: number; readonly startedAt: string }[] = [];
  await withTopics(async (bootstrapServers) => {
    await assert.rejects(
      play({
        bootstrapServers,
        onGenerators: (processes) => {
          agents = processes.flatMap(({ pid }) => identify(pid) ?? []);
        },
        onWarm: () => {
          process.kill(agents[1].pid, 'SIGKILL');
        },
      }),
      (error: unknown) =>
        error instanceof UserError &&
        error.lines.length === 1 &&
        error.lines[0].startsWith(
          `machine 2 of host clients: expected the load agent (process ${agents[1].pid}) to run until the phase is over, found that it was ended by SIGKILL; `,
        ),
    );
  });
  assert.equal(agents.length, 2);
  assert.ok(await waitUntilGone(agents, 0));
});

test('agents under load end at once when their parent is killed', { skip }, async (t) => {
  const file = noteFile(t);
  await withTopics(async (bootstrapServers) => {
    const program = join(import.meta.dirname, 'phase-program.ts');
    const parent = spawn(process.execPath, [program, bootstrapServers, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It says so when the warm-up is over.
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    const agents = notedProcesses(file);
    assert.equal(agents.length, 2);
    parent.kill('SIGKILL');
    assert.ok(await waitUntilGone(agents, 2000));
  });
});
