import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { unreadSettings as unread } from '../../src/arms/unread-settings.ts';
import { packageRoot } from '../../src/package.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

const unreadSettings = (scenario: Parameters<typeof unread>[0], hasDisks = false) =>
  unread(scenario, () => hasDisks);
const scenarioOf = (set: readonly string[]) =>
  readScenario(path.join(packageRoot, 'scenarios', 'fan-out.yaml'), { set }).scenario;

test('settings that the simulator does not read are named with their place, those that it reads are not', () => {
  const plain = unreadSettings(scenarioOf([]));
  const [sentence] = unreadSettings(
    scenarioOf([
      'cluster.brokers.config.log.flush.interval.ms=1s',
      'cluster.brokers.config.num.io.threads=4',
    ]),
  );
  assert.match(sentence, /log\.flush\.interval\.ms of cluster/);
  assert.doesNotMatch(sentence, /num\.io\.threads/);
  assert.ok(plain.every((line) => !line.includes('log.flush')));
});

test('what the simulator does not read of machines and controllers is named in the same way', () => {
  const [host] = Object.values(scenarioOf([]).hosts);
  const at = `hosts.${host.name}`;
  const [sentence] = unreadSettings(
    scenarioOf([
      `${at}.cores=2`,
      `${at}.nic=1Gbit/s`,
      `${at}.nicBuffer=128KiB`,
      `${at}.memory=4GiB`,
      `${at}.disk=100MB/s`,
      `${at}.logDirs={count: 2}`,
      `${at}.zones=[a]`,
      `${at}.racks=[a]`,
      'cluster.controllers={mode: separate}',
    ]),
  );
  const all = ['zones', 'racks', 'memory', 'logDirs'].map((it) => `${it} of ${host.name}`);
  assert.ok(sentence.includes([...all, 'controllers of cluster'].join(', ')), sentence);
  assert.doesNotMatch(sentence, /cores|nic of|nicBuffer/);
  const [withSize] = unreadSettings(scenarioOf([`${at}.logDirs={size: 2GiB}`]));
  assert.match(withSize, /logDirs.size of/);
});

test('the buffers of sockets are read where machines are far from each other, of clients those of Java', () => {
  const { hosts, consumers } = scenarioOf([]);
  const buffer = 'receive.buffer.bytes';
  const stated = [
    `cluster.brokers.config.replica.socket.${buffer}=1MiB`,
    `cluster.brokers.config.socket.${buffer}=1MiB`,
    `consumers.${consumers[0].name}.config.${buffer}=1MiB`,
  ];
  const near = unreadSettings(scenarioOf(stated)).join('');
  assert.ok(near.includes(`replica.socket.${buffer} of cluster`));
  assert.ok(!near.includes(` socket.${buffer} of cluster`));
  const far = [...stated, `hosts.${hosts[0].name}.latency=5ms`];
  const ours = unreadSettings(scenarioOf(far)).join('');
  assert.ok(!ours.includes(`replica.socket.${buffer} of`));
  assert.ok(ours.includes(` ${buffer} of ${consumers[0].name}`));
  const java = unreadSettings(scenarioOf([...far, `consumers.${consumers[0].name}.client=java`])).join('');
  assert.ok(!java.includes(` ${buffer} of ${consumers[0].name}`));
});

test('with disks, memory, log dirs and the settings of logs are read', () => {
  const [host] = Object.values(scenarioOf([]).hosts);
  const stated = [
    `hosts.${host.name}.memory=4GiB`,
    `hosts.${host.name}.logDirs={count: 2}`,
    'cluster.brokers.config.log.retention.bytes=1GiB',
  ];
  const without = unreadSettings(scenarioOf(stated)).join('');
  const withDisks = unreadSettings(scenarioOf(stated), true).join('');
  for (const setting of ['memory of', 'logDirs of', 'log.retention.bytes of']) {
    assert.ok(without.includes(setting));
    assert.ok(!withDisks.includes(setting));
  }
});

test('a cluster of several versions is said to be simulated as one', () => {
  const several = unreadSettings(scenarioOf(['cluster.brokers.count=2', 'cluster.kafka=[4.3.1, 4.2.0]']));
  assert.equal(several.at(-1), 'All brokers of cluster are simulated with the defaults of Kafka 4.2.0.');
});
