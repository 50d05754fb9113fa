import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unlimitedMachine } from '../../../src/local/cluster/cluster-options.ts';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { buildOf, type ClusterBuild, operationRefusal } from '../../../src/local/operations/refusals.ts';
import type { OperationBody } from '../../../src/operations/operation.ts';
import { plannedRecord } from '../cluster/planned-record.ts';

const brokers = [1];
const ALL: readonly OperationBody[] = [
  { action: 'kill', brokers },
  { action: 'powerLoss', brokers },
  { action: 'pause', brokers },
  { action: 'continue', brokers },
  { action: 'start', brokers },
  { action: 'stop', brokers },
  { action: 'restart', unclean: false, brokers },
  { action: 'isolate', from: [2], direction: 'both', brokers },
  { action: 'heal' },
  { action: 'zoneLoss', zone: 'a' },
  { action: 'limit', nicBytesPerSecond: 1e6, brokers },
  { action: 'limit', cores: 1, brokers },
  { action: 'fillLogDir', logDir: 1, leaveBytes: 0, brokers },
  { action: 'readOnlyLogDir', logDir: 1, brokers },
  { action: 'repairLogDir', logDir: 1, brokers },
  { action: 'slowDisk', writeDelayMs: 1, syncDelayMs: 1, writeBytesPerSecond: 'none', brokers },
  { action: 'set', config: {} },
  { action: 'reassign', topic: 'a', partition: 0, replicas: [1] },
  { action: 'elect', unclean: false },
  { action: 'rollingRestart', waitMs: 0 },
  { action: 'upgrade', kafka: '4.3.1', waitMs: 0 },
  { action: 'addBroker', broker: 9 },
  { action: 'removeBroker', broker: 1 },
];

/** Those that are refused, each with the words of its refusal. */
function refusalsOf(build: ClusterBuild): [OperationBody, string][] {
  return ALL.flatMap((operation): [OperationBody, string][] => {
    const refusal = operationRefusal(operation, build);
    return refusal === null ? [] : [[operation, refusal]];
  });
}

test('loopback with plain directories refuses all that needs machines or disks of their own, by name', async () => {
  const refused = refusalsOf(buildOf(await plannedRecord({ brokers: 3 })));
  assert.deepEqual(
    refused.map(([{ action }]) => action),
    [
      'powerLoss',
      'isolate',
      'heal',
      'zoneLoss',
      'limit',
      'limit',
      'fillLogDir',
      'readOnlyLogDir',
      'repairLogDir',
      'slowDisk',
      'removeBroker',
    ],
  );
  for (const [{ action }, words] of refused) {
    const remedy = /--network shaped|--log-dir-size|--slow-disks|--cpu|simulate|remove another one/;
    assert.match(words, remedy, action);
  }
});

test('a shaped cluster with file systems and the shim refuses a loss of power alone', async () => {
  const machine = { ...unlimitedMachine('a'), logDirs: { count: 1, bytes: 1e9 } };
  const record = await plannedRecord({
    network: 'shaped',
    separateControllers: 1,
    brokerMachines: [machine],
  });
  const refused = refusalsOf(buildOf({ ...record, diskShim: { library: 'shim.so' } }));
  assert.deepEqual(
    refused.map(([{ action }]) => action),
    ['powerLoss'],
  );
});

test('on loopback cores are limited where the brokers have groups, whatever the clients have', async () => {
  const machine = { ...unlimitedMachine('a'), limits: { ...UNLIMITED, cores: 1 } };
  const record = await plannedRecord({ brokerMachines: [machine] });
  assert.equal(operationRefusal({ action: 'limit', cores: 0.5, brokers }, buildOf(record)), null);
});

test('an upgrade below the release of the storage is refused', async () => {
  const build = buildOf(await plannedRecord({ version: ['4.2.0', '4.3.1'], brokers: 2 }));
  const upgrade = (kafka: string): string | null =>
    operationRefusal({ action: 'upgrade', kafka, waitMs: 0 }, build);
  assert.equal(upgrade('4.2.1'), null);
  assert.match(
    upgrade('4.1.2') ?? '',
    /^Kafka 4\.1\.2 is older than 4\.2, for which the cluster's storage was made/,
  );
  assert.throws(() => upgrade('2.8.0'), /2\.8\.0/);
});
