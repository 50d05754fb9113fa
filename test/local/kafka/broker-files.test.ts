import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BrokerPlace,
  controllerCount,
  refuseOwnedProperties,
  serverProperties,
} from '../../../src/local/kafka/broker-files.ts';

function places(count: number): BrokerPlace[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: 9001 + index,
    controllerPort: index < controllerCount(count) ? 9101 + index : null,
  }));
}

function properties(count: number, id: number, config: Record<string, string> = {}): Map<string, string> {
  const cluster = places(count);
  const text = serverProperties({ broker: cluster[id - 1], cluster, dataDirectory: '/data/1', config });
  return new Map(text.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
}

test('the number of controllers is odd and at most three', () => {
  assert.deepEqual([1, 2, 3, 4, 6].map(controllerCount), [1, 1, 3, 3, 3]);
});

test('one broker is its own controller and internal topics fit it', () => {
  const one = properties(1, 1);
  assert.equal(one.get('process.roles'), 'broker,controller');
  assert.equal(one.get('controller.quorum.voters'), '1@127.0.0.1:9101');
  assert.equal(one.get('listeners'), 'PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101');
  assert.equal(one.get('offsets.topic.replication.factor'), '1');
  assert.equal(one.get('transaction.state.log.min.isr'), '1');
});

test('of two brokers the second is no controller', () => {
  const second = properties(2, 2);
  assert.equal(second.get('process.roles'), 'broker');
  assert.equal(second.get('listeners'), 'PLAINTEXT://127.0.0.1:9002');
  assert.equal(second.get('controller.quorum.voters'), '1@127.0.0.1:9101');
});

test('internal topics of many brokers have three replicas, two in sync', () => {
  const fourth = properties(4, 4);
  assert.equal(fourth.get('share.coordinator.state.topic.replication.factor'), '3');
  assert.equal(fourth.get('share.coordinator.state.topic.min.isr'), '2');
  assert.equal(fourth.get('controller.quorum.voters')?.split(',').length, 3);
});

test('stated properties replace fitted defaults and are escaped as Java reads them', () => {
  const stated = properties(1, 1, {
    'offsets.topic.replication.factor': '2',
    'sasl.mechanism': 'a\\b',
  });
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
  refuseOwnedProperties({ 'num.io.threads': '4' });
});
