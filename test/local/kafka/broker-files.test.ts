import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalClusterOptions } from '../../../src/local/cluster/cluster-options.ts';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { refuseOwnedProperties, serverProperties } from '../../../src/local/kafka/broker-files.ts';
import { plannedRecord } from '../cluster/planned-record.ts';

async function properties(id: number, options: Partial<LocalClusterOptions>): Promise<Map<string, string>> {
  const record = await plannedRecord(options);
  const node = record.nodes.find((entry) => entry.id === id) ?? assert.fail(`no node ${id}`);
  const text = serverProperties(record, node);
  return new Map(text.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
}

test('one broker is its own controller and internal topics fit it', async () => {
  const one = await properties(1, { brokers: 1 });
  assert.equal(one.get('process.roles'), 'broker,controller');
  assert.match(String(one.get('controller.quorum.voters')), /^1@127\.0\.0\.1:\d+$/);
  assert.match(
    String(one.get('listeners')),
    /^PLAINTEXT:\/\/127\.0\.0\.1:\d+,CONTROLLER:\/\/127\.0\.0\.1:\d+$/,
  );
  assert.equal(one.get('offsets.topic.replication.factor'), '1');
  assert.equal(one.get('transaction.state.log.min.isr'), '1');
});

test('of two brokers the second is no controller', async () => {
  const second = await properties(2, { brokers: 2 });
  assert.equal(second.get('process.roles'), 'broker');
  assert.match(String(second.get('listeners')), /^PLAINTEXT:\/\/127\.0\.0\.1:\d+$/);
  assert.match(String(second.get('controller.quorum.voters')), /^1@127\.0\.0\.1:\d+$/);
});

test('internal topics of many brokers have three replicas, two in sync', async () => {
  const fourth = await properties(4, { brokers: 4 });
  assert.equal(fourth.get('share.coordinator.state.topic.replication.factor'), '3');
  assert.equal(fourth.get('share.coordinator.state.topic.min.isr'), '2');
  assert.equal(fourth.get('controller.quorum.voters')?.split(',').length, 3);
});

test('a separate controller has the one listener of controllers', async () => {
  const options = { brokers: 1, separateControllers: 1 };
  const controller = await properties(101, options);
  assert.equal(controller.get('process.roles'), 'controller');
  assert.match(String(controller.get('listeners')), /^CONTROLLER:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(controller.get('advertised.listeners'), undefined);
  assert.equal((await properties(1, options)).get('process.roles'), 'broker');
});

test('on a shaped network our own requests have a listener with a thread of its own', async () => {
  const first = await properties(1, { network: 'shaped' });
  assert.match(
    String(first.get('advertised.listeners')),
    /^PLAINTEXT:\/\/198\.18\.\d+\.1:9092,MANAGEMENT:\/\/198\.19\.\d+\.1:9097$/,
  );
  assert.equal(first.get('inter.broker.listener.name'), 'PLAINTEXT');
  assert.equal(first.get('listener.name.management.num.network.threads'), '1');
});

test('log dirs that may fail do not hold the metadata, which no broker survives', async () => {
  const logDirs = { count: 2, bytes: null };
  const limits = UNLIMITED;
  const several = await properties(1, {
    brokerMachines: [{ name: 'broker-1', zone: 'a', rack: 'a', limits, logDirs }],
  });
  assert.equal(several.get('log.dirs')?.split(',').length, 2);
  assert.match(String(several.get('metadata.log.dir')), /metadata$/);
  assert.equal(several.get('broker.rack'), 'a');
  assert.equal((await properties(1, {})).get('metadata.log.dir'), undefined);
});

test('stated properties replace fitted defaults and are escaped as Java reads them', async () => {
  const config = { 'offsets.topic.replication.factor': '2', 'sasl.mechanism': 'a\\b' };
  const stated = await properties(1, { config });
  assert.equal(stated.get('offsets.topic.replication.factor'), '2');
  assert.equal(stated.get('sasl.mechanism'), 'a\\\\b');
});

test('every property that is ours is refused by name, at once', () => {
  assert.throws(
    () => refuseOwnedProperties({ 'node.id': '7', 'num.io.threads': '4', 'controller.quorum.voters': 'x' }),
    (error: Error) => {
      assert.match(error.message, /^broker property node\.id: .* found "7": leave it out$/m);
      assert.match(error.message, /^broker property controller\.quorum\.voters: /m);
      assert.doesNotMatch(error.message, /num\.io\.threads/);
      return true;
    },
  );
  refuseOwnedProperties({ 'num.io.threads': '4', 'controller.quorum.election.timeout.ms': '2000' });
});
