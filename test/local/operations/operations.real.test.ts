import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Admin, ConfigResourceTypes, ProduceAcks } from '@platformatic/kafka';
import { cgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';
import { clusterDown } from '../../../src/local/cluster/cluster-commands.ts';
import { unlimitedMachine } from '../../../src/local/cluster/cluster-options.ts';
import { startLocalCluster } from '../../../src/local/cluster/local-cluster.ts';
import { freeBytes } from '../../../src/local/disk/faults.ts';
import { isUnder, kernelPath, mountsNow } from '../../../src/local/disk/mounts.ts';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { readMBeans } from '../../../src/local/observe/jolokia.ts';
import { isAlive, isStopped } from '../../../src/local/system/process-identity.ts';
import { runTool } from '../../../src/local/system/tool.ts';
import { missing } from '../../support/components.ts';
import { median, RealCluster, until } from '../real-cluster.ts';

const MIB = 1024 ** 2;
const MBIT = 1e6 / 8;
const LOG_DIR_BYTES = 96 * MIB;
const OFFLINE_LOG_DIRS = 'kafka.log:type=LogManager,name=OfflineLogDirectoryCount';

const skip = missing(['java', 'maven', 'namespaces', 'loop', 'gcc']) ?? false;

describe('operations on a shaped cluster of three brokers', { skip, timeout: 300_000 }, () => {
  let root = '';
  let real: RealCluster;

  before(
    async () => {
      root = mkdtempSync(join(tmpdir(), 'brokertwin-operations-'));
      process.env.BROKERTWIN_STATE = root;
      const cluster = await startLocalCluster({
        version: '4.3.1',
        brokers: 3,
        network: 'shaped',
        brokerMachines: ['a', 'b', 'c'].map((zone, index) => ({
          ...unlimitedMachine(`broker-${index + 1}`),
          zone,
          rack: zone,
          limits: { ...UNLIMITED, nicBytesPerSecond: 200 * MBIT },
          logDirs: { count: 2, bytes: LOG_DIR_BYTES },
        })),
        jmx: true,
        diskShim: true,
        heapMiB: 256,
        config: {
          'broker.session.timeout.ms': '3000',
          'broker.heartbeat.interval.ms': '500',
          'replica.lag.time.max.ms': '2000',
          'log.initial.task.delay.ms': '1000',
          'offsets.topic.num.partitions': '1',
          // A change of a broker's properties makes a new cleaner, whose 128 MiB do not fit beside the old one's.
          'log.cleaner.dedupe.buffer.size': '8388608',
        },
        progress: () => undefined,
      });
      real = new RealCluster(cluster);
      await real.createTopic('led', [
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
      ]);
    },
    { timeout: 120_000 },
  );

  after(async () => {
    await clusterDown({ all: true });
    rmSync(root, { recursive: true, force: true });
  });

  const processOf = (id: number) =>
    real.cluster.handle.node(id).process ?? assert.fail(`node ${id} was started`);

  test('log dirs have the size that was asked for', () => {
    for (const { logDirs } of real.cluster.handle.record.nodes) {
      assert.equal(logDirs.length, 2);
      for (const { fileSystem } of logDirs) {
        assert.ok(fileSystem !== null);
        const free = freeBytes(fileSystem);
        assert.ok(free > 0.75 * LOG_DIR_BYTES && free < LOG_DIR_BYTES, `${free} bytes free`);
      }
    }
  });

  test('a killed broker is led by others until it is started and elected again', async () => {
    const killed = processOf(1);
    await real.do({ action: 'kill', brokers: [1] });
    assert.equal(isAlive(killed), false);
    assert.equal(wasCleanlyStopped(1), false);
    await until('others lead', async () => {
      const leaders = (await real.partitionsOf('led')).map(({ leader }) => leader);
      return leaders.every((leader) => leader === 2 || leader === 3);
    });
    await assert.rejects(
      real.do({ action: 'pause', brokers: [1] }),
      /node 1: expected it running, found it stopped/,
    );
    await real.do({ action: 'start', brokers: [1] });
    assert.equal(await real.isFenced(1), false, 'a start ends when the broker is back');
    await assert.rejects(real.do({ action: 'start', brokers: [1] }), /node 1: expected it stopped or killed/);
    await real.untilWhole();
    assert.notEqual((await real.partition('led')).leader, 1);
    await real.do({ action: 'elect', unclean: false });
    assert.deepEqual(
      (await real.partitionsOf('led')).map(({ leader }) => leader),
      [1, 2, 3],
    );
  });

  test('a paused broker answers nobody and loses its session, until it goes on', async () => {
    await real.do({ action: 'pause', brokers: [2] });
    assert.equal(isStopped(processOf(2)), true);
    await until('broker 2 is fenced', async () => fencedSeenBy([1, 3], 2));
    await real.do({ action: 'continue', brokers: [2] });
    assert.equal(isStopped(processOf(2)), false);
    await real.untilWhole();
  });

  test('a stopped broker hands its leadership over and leaves clean files', async () => {
    const stopped = processOf(3);
    await real.do({ action: 'stop', brokers: [3] });
    assert.equal(isAlive(stopped), false);
    assert.equal(wasCleanlyStopped(3), true);
    assert.ok((await real.partitionsOf('led')).every(({ leader }) => leader === 1 || leader === 2));
    await real.do({ action: 'start', brokers: [3] });
    await real.untilWhole();
  });

  test('an unclean restart leaves no clean files to start from', async () => {
    const before = processOf(3);
    await real.do({ action: 'restart', brokers: [3], unclean: true });
    assert.equal(isAlive(before), false);
    assert.equal(await real.isFenced(3), false);
    assert.doesNotMatch(brokerLog(3).split('Loading logs from log dirs').at(-1) ?? '', /Skipping recovery/);
    await real.untilWhole();
  });

  test('limits of NIC and cores change and go while the broker runs', async () => {
    const limit = async (nicBytesPerSecond: number | 'none', cores: number | 'none') => {
      await real.do({ action: 'limit', brokers: [1, 2], nicBytesPerSecond, cores });
      return [1, 2].map((id) => real.cluster.handle.machine(real.cluster.handle.node(id)).limits);
    };
    for (const [nic, cores, rate, quota] of [
      [100 * MBIT, 1.5, /rate 100Mbit/, '150000'],
      [400 * MBIT, 0.9, /rate 400Mbit/, '90000'],
      ['none', 'none', /noqueue|^$/, '-1'],
      [200 * MBIT, 'none', /rate 200Mbit/, '-1'],
    ] as const) {
      const inRecord = await limit(nic, cores);
      for (const limits of inRecord) {
        assert.equal(limits.nicBytesPerSecond, nic === 'none' ? null : nic);
        assert.equal(limits.cores, cores === 'none' ? null : cores);
      }
      for (const id of [1, 2]) {
        for (const shown of await qdiscs(id)) assert.match(shown, rate);
        assert.equal(quotaUs(id), quota);
      }
    }
  });

  test('a slow disk is felt by each sync, as long as it is slow', async () => {
    await real.createTopic('synced', [[1]], { 'flush.messages': '1' });
    await real.produce('synced', 20);
    const before = median(await real.produce('synced', 15));
    const fast = { writeDelayMs: 0, syncDelayMs: 0, writeBytesPerSecond: 'none' } as const;
    // A flush syncs the log and its two indexes.
    await real.do({ action: 'slowDisk', brokers: [1], ...fast, syncDelayMs: 50 });
    const slow = median(await real.produce('synced', 9));
    await real.do({ action: 'slowDisk', brokers: [1], ...fast });
    const afterwards = median(await real.produce('synced', 15));
    assert.ok(slow - before > 140 && slow - before < 250, `${slow} ms instead of ${before} ms`);
    assert.ok(afterwards < before + 50, `${afterwards} ms instead of ${before} ms`);
    const wrong = real.do({ action: 'slowDisk', brokers: [1], ...fast, logDir: 3 });
    await assert.rejects(wrong, /broker 1: expected a log dir from 1 to 2, found 3/);
  });

  test('a read-only log dir goes offline, the other goes on, and a repair brings it back', async () => {
    const topics = await topicsOn(2, 'spread');
    await real.do({ action: 'readOnlyLogDir', brokers: [2], logDir: 1 });
    await untilOffline(2, topics);
    const before = processOf(2);
    await real.do({ action: 'repairLogDir', brokers: [2], logDir: 1 });
    assert.notEqual(processOf(2).pid, before.pid, 'it was restarted');
    await everythingBack(2, topics);
  });

  test('a full log dir goes offline, and a repair brings it back', async () => {
    const topics = await topicsOn(3, 'filling');
    const before = processOf(3);
    await real.do({ action: 'fillLogDir', brokers: [3], logDir: 2, leaveBytes: 50_000 });
    await real.do({ action: 'repairLogDir', brokers: [3], logDir: 2 });
    assert.equal(processOf(3).pid, before.pid, 'nothing had happened yet');
    await real.do({ action: 'fillLogDir', brokers: [3], logDir: 2, leaveBytes: 50_000 });
    await untilOffline(3, topics);
    await real.do({ action: 'repairLogDir', brokers: [3], logDir: 2 });
    assert.notEqual(processOf(3).pid, before.pid, 'it was restarted');
    await everythingBack(3, topics);
  });

  /** Four topics of one partition, spread over both log dirs of one broker. */
  async function topicsOn(id: number, name: string): Promise<string[]> {
    const topics = [1, 2, 3, 4].map((number) => `${name}-${number}`);
    for (const topic of topics) await real.createTopic(topic, [[id]]);
    await until('their leader knows them all', async () =>
      (await outcomesOf(topics)).every((outcome) => outcome === 'produced'),
    );
    return topics;
  }

  /** Produces until the broker reports that a log dir is offline; the topics of the other one go on. */
  async function untilOffline(id: number, topics: readonly string[]): Promise<void> {
    await until('the broker reports an offline log dir', async () => {
      await outcomesOf(topics);
      return (await offlineLogDirs(id)) === 1;
    });
    const outcomes = await outcomesOf(topics);
    const going = outcomes.filter((outcome) => outcome === 'produced').length;
    assert.ok(going > 0 && going < topics.length, outcomes.join('; '));
  }

  async function everythingBack(id: number, topics: readonly string[]): Promise<void> {
    await real.untilWhole();
    assert.equal(await offlineLogDirs(id), 0);
    assert.deepEqual(
      await outcomesOf(topics),
      topics.map(() => 'produced'),
    );
  }

  /** Of producing 40 kB to each: `produced`, or the error. */
  function outcomesOf(topics: readonly string[]): Promise<string[]> {
    return Promise.all(
      topics.map((topic) =>
        real.produce(topic, 40).then(
          () => 'produced',
          (error: unknown) => String(error),
        ),
      ),
    );
  }

  async function offlineLogDirs(id: number): Promise<number | undefined> {
    const broker = real.cluster.brokers.find((one) => one.id === id);
    const values = await readMBeans(broker?.jolokiaUrl ?? '', [
      { mbean: OFFLINE_LOG_DIRS, attributes: ['Value'] },
    ]);
    return [...values.values()][0]?.Value;
  }

  test('properties are set and go back to their defaults', async () => {
    const stated = async (owner: { readonly topic?: string; readonly broker?: number }, name: string) => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: real.servers() });
      const resourceType = owner.topic === undefined ? ConfigResourceTypes.BROKER : ConfigResourceTypes.TOPIC;
      // What is stated for all brokers shows at each of them.
      const resourceName = owner.topic ?? String(owner.broker ?? 1);
      const found = await admin.describeConfigs({ resources: [{ resourceType, resourceName }] });
      await admin.close();
      return found[0].configs.find((config) => config.name === name && config.configSource <= 3)?.value;
    };
    for (const [owner, name, value] of [
      [{ topic: 'led' }, 'retention.ms', '7200000'],
      [{ broker: 2 }, 'num.io.threads', '9'],
      [{}, 'message.max.bytes', '1048000'],
    ] as const) {
      await real.do({ action: 'set', ...owner, config: { [name]: value } });
      await until(`${name} is ${value}`, async () => (await stated(owner, name)) === value);
      await real.do({ action: 'set', ...owner, config: { [name]: null } });
      await until(`${name} is not stated`, async () => (await stated(owner, name)) === undefined);
    }
  });

  test('cut off from the controllers alone, a broker goes on replicating until it is fenced', async () => {
    const [id, ...followers] = await fromNonControllers();
    await real.createTopic('orphaned', [[id, ...followers]], { 'min.insync.replicas': '3' });
    const producer = real.producer(real.servers([id]));
    const send = () =>
      producer.send({
        acks: ProduceAcks.ALL,
        messages: [{ topic: 'orphaned', partition: 0, value: Buffer.alloc(9) }],
      });
    await send();
    await real.do({ action: 'isolate', brokers: [id], from: 'controllers', direction: 'both' });
    for (let record = 0; record < 20; record += 1) await send();
    await producer.close();
    await until('it is fenced', () => fencedSeenBy(followers, id));
    await until('another one leads', async () => {
      const { leader } = await real.partition('orphaned', followers);
      return leader !== id;
    });
    await real.do({ action: 'heal', brokers: [id] });
    await real.untilWhole();
  });

  test('a follower cut off from its leader falls behind, and leads by an unclean election alone', async () => {
    const [leader, follower, witness] = await fromNonControllers();
    const partition = () => real.partition('lossy', [witness]);
    await real.createTopic('lossy', [[leader, follower]]);
    await real.do({ action: 'isolate', brokers: [leader], from: [follower], direction: 'both' });
    // Only who lacks records is out of sync.
    await real.produce('lossy', 5);
    await until('the follower is out of sync', async () => (await partition()).isr.length === 1);
    assert.equal((await partition()).leader, leader);
    await real.do({ action: 'kill', brokers: [leader] });
    await until('nobody leads', async () => (await partition()).leader === null);
    await assert.rejects(
      real.do({ action: 'elect', topic: 'lossy', partition: 0, unclean: false }),
      /no leader was elected for lossy-0: preferred leader \d is not in sync/,
    );
    assert.equal((await partition()).leader, null);
    await real.do({ action: 'elect', topic: 'lossy', unclean: true });
    assert.equal((await partition()).leader, follower);
    await real.do({ action: 'heal' });
    await real.do({ action: 'start', brokers: [leader] });
    await real.untilWhole();
  });

  test('a lost zone is cut off and killed, and comes back healed and started', async () => {
    await real.do({ action: 'zoneLoss', zone: 'c' });
    assert.deepEqual(real.runningBrokers(), [1, 2]);
    const lost = real.do({ action: 'zoneLoss', zone: 'd' });
    await assert.rejects(lost, /expected a zone with brokers, found "d"/);
    await real.do({ action: 'heal', zone: 'c' });
    await real.do({ action: 'start', zone: 'c' });
    await real.untilWhole();
  });

  test('a broker joins, takes a partition within a throttle, and leaves nothing when it goes', async () => {
    await real.createTopic('moved', [[1]]);
    await real.produce('moved', 200);
    await real.do({ action: 'addBroker', broker: 4 });
    await assert.rejects(real.do({ action: 'addBroker', broker: 4 }), /found 4, which the cluster has/);
    await assert.rejects(
      real.do({ action: 'addBroker', broker: 201 }),
      /brokers have ids from 1 to 64, found 201/,
    );
    for (const shown of await qdiscs(4)) assert.match(shown, /rate 200Mbit/);
    const throttleBytesPerSecond = 5e6;
    await real.do({
      action: 'reassign',
      topic: 'moved',
      partition: 0,
      replicas: [4, 2],
      throttleBytesPerSecond,
    });
    assert.deepEqual((await real.partition('moved')).replicas, [4, 2]);
    await real.do({ action: 'elect', topic: 'moved', unclean: false });
    assert.equal((await real.partition('moved')).leader, 4);
    await real.do({ action: 'kill', brokers: [4] });
    await real.do({ action: 'removeBroker', broker: 4 });
    assert.deepEqual(
      (await real.describe()).brokers.map(({ id }) => id),
      [1, 2, 3],
    );
    assert.ok(!(await real.partition('moved')).replicas.includes(4));
    assert.deepEqual(tracesOf(4), []);
    await assert.rejects(real.do({ action: 'removeBroker', broker: 2 }), /broker 2 is a controller too/);
    await real.untilWhole();
  });

  test('a broker whose joining is broken off leaves nothing', async () => {
    const controller = new AbortController();
    const joining = real.do({ action: 'addBroker', broker: 5 }, controller.signal);
    await until('its process runs', () => {
      const { nodes } = real.cluster.handle.record;
      return nodes.some(({ id, process: identity }) => id === 5 && identity !== null);
    });
    const started = processOf(5);
    controller.abort();
    await assert.rejects(joining, { name: 'AbortError' });
    assert.equal(isAlive(started), false);
    assert.deepEqual(tracesOf(5), []);
  });

  test('a loss of power is refused by name', async () => {
    await assert.rejects(real.do({ action: 'powerLoss', brokers: [1] }), /cannot lose power/);
  });

  test('in a rolling restart every record finds enough replicas', async () => {
    await real.createTopic('steady', [[1, 2, 3]], { 'min.insync.replicas': '2' });
    const before = [1, 2, 3].map((id) => processOf(id).pid);
    const errors: string[] = [];
    let rolling = true;
    const load = (async () => {
      while (rolling) {
        // The client may meet a leader that is just going; a second request finds the next one.
        await real.produce('steady', 1).catch((error: unknown) => errors.push(String(error)));
      }
    })();
    await real.do({ action: 'rollingRestart', waitMs: 100 });
    rolling = false;
    await load;
    assert.ok([1, 2, 3].every((id, index) => processOf(id).pid !== before[index]));
    assert.deepEqual(
      errors.filter((error) => /NOT_ENOUGH_REPLICAS/.test(error)),
      [],
    );
    await real.untilWhole();
  });

  /** Brokers in an order that ends with the active controller's, about which all agree. */
  async function fromNonControllers(): Promise<number[]> {
    let active: (number | null)[] = [];
    await until('all brokers name the same controller', async () => {
      const views = await Promise.all([1, 2, 3].map((id) => real.describe([id])));
      active = views.map(({ controller }) => controller);
      return active[0] !== null && active.every((controller) => controller === active[0]);
    });
    return [1, 2, 3].sort((left, right) => Number(left === active[0]) - Number(right === active[0]));
  }

  async function fencedSeenBy(ids: readonly number[], id: number): Promise<boolean> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: real.servers(ids) });
    try {
      return !(await admin.metadata({ topics: [], forceUpdate: true })).brokers.has(id);
    } finally {
      await admin.close();
    }
  }

  function wasCleanlyStopped(id: number): boolean {
    const { logDirs } = real.cluster.handle.node(id);
    return logDirs.every(({ path }) => existsSync(join(path, '.kafka_cleanshutdown')));
  }

  function brokerLog(id: number): string {
    const broker = real.cluster.brokers.find((one) => one.id === id);
    return readFileSync(join(broker?.logDirectory ?? '', 'broker.log'), 'utf8');
  }

  /** What tc shows of both ends of a broker's cable. */
  async function qdiscs(id: number): Promise<string[]> {
    const { network } = real.cluster.handle.record;
    const machine = real.cluster.handle.machine(real.cluster.handle.node(id));
    assert.ok(network.kind === 'shaped');
    return Promise.all(
      [
        [machine.namespace ?? '', 'eth0'],
        [network.switch, `d-${machine.number}`],
      ].map(async ([namespace, device]) => {
        const run = await runTool('tc', ['-n', namespace, 'qdisc', 'show', 'dev', device]);
        return (run?.lines ?? []).join('\n');
      }),
    );
  }

  function quotaUs(id: number): string {
    const { cgroup } = real.cluster.handle.machine(real.cluster.handle.node(id));
    const layout = cgroupLayout();
    if (layout.version === 1) {
      return readFileSync(join(layout.cpu, cgroup ?? '', 'cpu.cfs_quota_us'), 'utf8').trim();
    }
    return readFileSync(join(layout.root, cgroup ?? '', 'cpu.max'), 'utf8')
      .split(' ')[0]
      .replace('max', '-1');
  }

  /** What the machine has of a broker that is gone. */
  function tracesOf(id: number): string[] {
    const { record } = real.cluster.handle;
    const layout = cgroupLayout();
    const hierarchies = layout.version === 1 ? [layout.cpu, layout.cpuacct, layout.memory] : [layout.root];
    const paths = [
      join('/run/netns', `bt${record.id}-broker-${id}`),
      join(record.dataDirectory, `node-${id}`),
      join(root, 'clusters', record.name, `node-${id}`),
      ...hierarchies.map((path) => join(path, `brokertwin-${record.id}`, `broker-${id}`)),
    ];
    const data = kernelPath(join(record.dataDirectory, `node-${id}`));
    return [
      ...paths.filter((path) => existsSync(path)),
      ...mountsNow().flatMap(({ mountPoint }) => (isUnder(mountPoint, data) ? [mountPoint] : [])),
      ...record.nodes.filter((node) => node.id === id).map(() => 'in the record'),
    ];
  }
});
