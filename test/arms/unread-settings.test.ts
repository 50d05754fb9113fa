import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { unreadSettings } from '../../src/arms/unread-settings.ts';
import { packageRoot } from '../../src/package.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

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
