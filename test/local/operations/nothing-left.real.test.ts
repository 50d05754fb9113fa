import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import { cgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';
import { clusterDown, clusterUp, requireCluster } from '../../../src/local/cluster/cluster-commands.ts';
import { unlimitedMachine } from '../../../src/local/cluster/cluster-options.ts';
import { type ClusterRecord, managementServersOf } from '../../../src/local/cluster/record.ts';
import { readClusters } from '../../../src/local/cluster/state.ts';
import { isUnder, kernelPath, loopDevices, mountsNow } from '../../../src/local/disk/mounts.ts';
import { uplinkName } from '../../../src/local/hosts/addresses.ts';
import { readIfThere } from '../../../src/local/system/system-files.ts';
import { missing } from '../../support/components.ts';
import { createTopic, until } from '../real-cluster.ts';

const LOCAL = new URL('../../../src/local/cluster/', import.meta.url).href;
const DOWN_MS_MAX = 5_000;
const OPTIONS = {
  version: '4.3.1',
  brokers: 1,
  network: 'shaped',
  heapMiB: 256,
  brokerMachines: [{ ...unlimitedMachine('broker-1'), logDirs: { count: 1, bytes: 64 * 1024 ** 2 } }],
} as const;

const skip = missing(['java', 'maven', 'namespaces', 'loop']) ?? false;

describe('what a shaped cluster leaves behind', { skip, timeout: 240_000 }, () => {
  let root = '';

  before(() => {
    root = kernelPath(mkdtempSync(join(tmpdir(), 'brokertwin-left-')));
    process.env.BROKERTWIN_STATE = root;
  });

  after(async () => {
    await clusterDown({ all: true });
    rmSync(root, { recursive: true, force: true });
  });

  /** All that the machine has of a cluster, each by a kind and a name. */
  function tracesOf({ id, name, network }: ClusterRecord): string[] {
    const layout = cgroupLayout();
    const hierarchies = layout.version === 1 ? [layout.cpu, layout.cpuacct, layout.memory] : [layout.root];
    const directory = join(root, 'clusters', name);
    return [
      ...(existsSync('/run/netns') ? readdirSync('/run/netns') : [])
        .filter((entry) => entry.startsWith(`bt${id}-`))
        .map((entry) => `namespace ${entry}`),
      ...hierarchies
        .map((path) => join(path, `brokertwin-${id}`))
        .filter((path) => existsSync(path))
        .map((path) => `group ${path}`),
      ...mountsNow()
        .filter(({ mountPoint }) => isUnder(mountPoint, directory))
        .map(({ mountPoint }) => `mount ${mountPoint}`),
      ...loopDevices()
        .filter(({ image }) => isUnder(image, directory))
        .map(({ image }) => `loop device of ${image}`),
      ...processesNaming(directory).map((pid) => `process ${pid}`),
      ...(existsSync(directory) ? [`directory ${directory}`] : []),
      ...(network.kind === 'shaped' && existsSync(`/sys/class/net/${uplinkName(network.subnet)}`)
        ? [`link ${uplinkName(network.subnet)}`]
        : []),
    ];
  }

  /** Kafka's nodes and tools of a cluster have its directory in their command lines. */
  function processesNaming(directory: string): string[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => readIfThere(`/proc/${pid}/cmdline`)?.includes(`${directory}/`) === true);
  }

  function kindsOf(traces: readonly string[]): string[] {
    return [...new Set(traces.map((trace) => trace.split(' ')[0]))];
  }

  /** Starts an attached cluster in a process of its own; what it says comes line by line. */
  function startOwner(name: string, heard: (line: string, owner: ChildProcess) => void): ChildProcess {
    const script = `
      import { startLocalCluster } from ${JSON.stringify(`${LOCAL}local-cluster.ts`)};
      const progress = (message) => console.log(message);
      await startLocalCluster({ ...${JSON.stringify(OPTIONS)}, jmx: false, name: '${name}', progress });
      console.log('up');
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: owner.stdout }).on('line', (line) => heard(line, owner));
    return owner;
  }

  for (const [moment, stage] of [
    ['is being formatted', /^formatting/],
    ['is starting', /^starting/],
  ] as const) {
    test(`a terminated owner whose cluster ${moment} leaves nothing`, async () => {
      let record: ClusterRecord | null = null;
      const owner = startOwner('terminated', (line, { pid }) => {
        if (!stage.test(line) || pid === undefined) return;
        // In the middle of what was announced.
        setTimeout(() => {
          record = requireCluster('terminated');
          process.kill(pid, 'SIGTERM');
        }, 700);
      });
      const [code] = await once(owner, 'close');
      assert.equal(code, 128 + 15);
      assert.ok(record !== null);
      assert.deepEqual(tracesOf(record), []);
      assert.deepEqual(readClusters(), []);
    });
  }

  test('what a killed owner left goes at the next start, and clusters do not disturb each other', async () => {
    const owner = startOwner('same', (line, child) => {
      if (line === 'up') child.kill('SIGKILL');
    });
    await once(owner, 'close');
    const killed = requireCluster('same');
    const kinds = ['namespace', 'group', 'mount', 'loop', 'process', 'directory', 'link'];
    assert.deepEqual(kindsOf(tracesOf(killed)), kinds);
    const left = new Set(processesNaming(join(root, 'clusters', 'same')));

    await clusterUp({ ...OPTIONS, name: 'same', progress: () => undefined });
    const again = requireCluster('same');
    assert.deepEqual(again.id, killed.id);
    assert.ok(processesNaming(join(root, 'clusters', 'same')).every((pid) => !left.has(pid)));
    assert.deepEqual(
      tracesOf(again).filter((trace) => !trace.startsWith('process')).length,
      tracesOf(killed).filter((trace) => !trace.startsWith('process')).length,
    );

    await clusterUp({ ...OPTIONS, name: 'other', progress: () => undefined });
    const other = requireCluster('other');
    assert.ok(again.network.kind === 'shaped' && other.network.kind === 'shaped');
    assert.notEqual(again.network.subnet, other.network.subnet);
    const producing = await startProducing(managementServersOf(other));
    const startedAt = performance.now();
    await clusterDown({ name: 'same' });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs < DOWN_MS_MAX, `down took ${tookMs} ms`);
    assert.deepEqual(tracesOf(again), []);
    assert.ok((await producing.stop()) > 0);
    await clusterDown({ name: 'other' });
    assert.deepEqual(tracesOf(other), []);
  });

  /** Produces without a pause until it is stopped, which gives the records that were acknowledged. Any error is one of the test. */
  async function startProducing(bootstrapServers: string) {
    const bootstrapBrokers = bootstrapServers.split(',');
    await createTopic(bootstrapBrokers, 'steady', [[1]]);
    const producer = new Producer({ clientId: 'test', bootstrapBrokers });
    let goesOn = true;
    let acknowledged = 0;
    const load = (async () => {
      while (goesOn) {
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: [{ topic: 'steady', partition: 0, value: Buffer.alloc(100) }],
        });
        acknowledged += 1;
      }
    })();
    await until('the first record is acknowledged', () => acknowledged > 0);
    const before = acknowledged;
    return {
      stop: async (): Promise<number> => {
        goesOn = false;
        await load;
        await producer.close();
        return acknowledged - before;
      },
    };
  }
});
