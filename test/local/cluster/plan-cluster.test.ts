import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerCount, newKafkaClusterId } from '../../../src/local/cluster/plan-cluster.ts';
import { bootstrapServersOf, machineOf, managementServersOf } from '../../../src/local/cluster/record.ts';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { plannedRecord } from './planned-record.ts';

const machine = (name: string, limits = UNLIMITED) => ({
  name,
  zone: null,
  rack: null,
  limits,
  logDirs: { count: 1, bytes: null },
});

test("a cluster's id never begins with a dash, which Kafka's tools would take for an option", () => {
  const drawn = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 0x01)];
  assert.ok(drawn[0].toString('base64url').startsWith('-'));
  assert.equal(
    newKafkaClusterId(() => drawn.shift() ?? Buffer.alloc(16)),
    Buffer.alloc(16, 0x01).toString('base64url'),
  );
});

test('the number of combined controllers is odd and at most three', () => {
  assert.deepEqual([1, 2, 3, 4, 6].map(controllerCount), [1, 1, 3, 3, 3]);
});

test('on loopback our own requests take the listener of the clients, unless that is secured', async () => {
  const plain = await plannedRecord({ brokers: 2 });
  assert.equal(managementServersOf(plain), bootstrapServersOf(plain));
  const secured = await plannedRecord({ listeners: ['SSL'] });
  assert.notEqual(managementServersOf(secured), bootstrapServersOf(secured));
});

test('on a shaped network every machine has an address in the load network and one past its NIC', async () => {
  const record = await plannedRecord({ network: 'shaped', brokers: 3 });
  assert.ok(record.network.kind === 'shaped');
  const k = record.network.subnet;
  assert.deepEqual(
    record.machines.map(({ name, address, managementAddress }) => [name, address, managementAddress]),
    [
      ['broker-1', `198.18.${k}.1`, `198.19.${k}.1`],
      ['broker-2', `198.18.${k}.2`, `198.19.${k}.2`],
      ['broker-3', `198.18.${k}.3`, `198.19.${k}.3`],
      ['client-1', `198.18.${k}.201`, `198.19.${k}.201`],
    ],
  );
  assert.equal(bootstrapServersOf(record), `198.18.${k}.1:9092,198.18.${k}.2:9092,198.18.${k}.3:9092`);
  assert.deepEqual(
    record.nodes.map(({ controller }) => controller?.address),
    [`198.18.${k}.101`, `198.18.${k}.102`, `198.18.${k}.103`],
  );
});

test('brokers go round the machines that are given, at ports of their own', async () => {
  const record = await plannedRecord({
    network: 'shaped',
    brokers: 3,
    brokerMachines: [machine('left'), machine('right')],
    clientMachines: [machine('left')],
  });
  assert.deepEqual(
    record.nodes.map((node) => [node.machine, node.listeners[0].port]),
    [
      ['left', 9092],
      ['right', 9092],
      ['left', 9102],
    ],
  );
  assert.deepEqual(
    record.machines.map(({ name }) => name),
    ['left', 'right'],
    'clients on the machine of a broker get none of their own',
  );
});

test('separate controllers have ids and machines of their own, and run the newest version', async () => {
  const record = await plannedRecord({
    network: 'shaped',
    brokers: 2,
    separateControllers: 3,
    version: ['3.9.2', '4.2.0'],
  });
  assert.deepEqual(
    record.nodes.map(({ id, roles, version }) => [id, roles.join(), version]),
    [
      [1, 'broker', '3.9.2'],
      [2, 'broker', '4.2.0'],
      [101, 'controller', '4.2.0'],
      [102, 'controller', '4.2.0'],
      [103, 'controller', '4.2.0'],
    ],
  );
  assert.equal(machineOf(record, record.nodes[2]).name, 'controller-101');
  assert.equal(record.releaseVersion, '3.9', 'all of them can read the storage');
});

test('clusters of one name and other state roots have data directories of their own in the same place', async (t) => {
  const before = process.env.BROKERTWIN_STATE;
  t.after(() => {
    if (before === undefined) delete process.env.BROKERTWIN_STATE;
    else process.env.BROKERTWIN_STATE = before;
  });
  const directories = [];
  for (const root of ['/state/of-one', '/state/of-another']) {
    process.env.BROKERTWIN_STATE = root;
    directories.push((await plannedRecord({ directory: '/data' })).dataDirectory);
  }
  for (const directory of directories) assert.match(directory, /^\/data\/brokertwin-planned-/);
  assert.notEqual(directories[0], directories[1]);
});

test('log dirs of a size are planned as file systems, several of them side by side', async () => {
  const logDirs = { count: 2, bytes: 64 * 1024 ** 2 };
  const record = await plannedRecord({ brokerMachines: [{ ...machine('broker-1'), logDirs }] });
  const [first, second] = record.nodes[0].logDirs;
  assert.notEqual(first.path, second.path);
  assert.equal(first.fileSystem?.sizeBytes, logDirs.bytes);
  assert.ok(first.path.startsWith(String(first.fileSystem?.mountPoint)));
});
