import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scratchFile } from '../scratch.ts';
import { changed, DRIVER, problemsOf, RANDOMIZED, WORKLOAD } from './fixture.ts';

describe('mistakes', () => {
  test('of both files are told at once, in their order, each at its place', () => {
    const workload = changed(WORKLOAD, {
      topics: '0',
      partitionPerTopic: '3',
      partitionsPerTopic: null,
      keyDistributor: 'RANDOM',
      messageSize: '1.5',
    });
    const driver = DRIVER.replace('replicationFactor: 3', 'replicationFactor: 1')
      .replace('acks=all', 'acks=al')
      .concat('resett: true\n');
    assert.deepEqual(problemsOf(workload, driver), [
      'workload.yaml:4:9 topics: expected a whole number from 1 to 2147483647, found 0',
      'workload.yaml:5:14 messageSize: expected a whole number from 1 to 2147483647, found 1.5',
      'workload.yaml:13:1 unknown key "partitionPerTopic" in workload, did you mean "partitionsPerTopic"?',
      'workload.yaml:14:17 keyDistributor: expected NO_KEY, KEY_ROUND_ROBIN or RANDOM_NANO, found "RANDOM"',
      'driver.yaml:8:3 topicConfig.min.insync.replicas: expected at most 1, the replication.factor, found 2: nothing could be written with acks=all',
      'driver.yaml:21:3 producerConfig.acks: expected 0, 1 or all, found "al", did you mean all?',
      'driver.yaml:28:1 unknown key "resett" in driver, did you mean "reset"?',
    ]);
  });

  test('that every topic has are told once', () => {
    assert.deepEqual(problemsOf(changed(RANDOMIZED, { messageSize: '2000000' })), [
      'workload.yaml:7:14 messageSize: expected records of at most 1048576 bytes, the max.request.size, found 2000010',
    ]);
    const large = DRIVER.replace('acks=all', 'max.request.size=4194304');
    assert.deepEqual(problemsOf(changed(RANDOMIZED, { messageSize: '2000000' }), large), [
      'workload.yaml:7:14 messageSize: expected records of at most 1048588 bytes, the max.message.bytes of 10-topics-4-producers-and-2-consumers-each-1, found 2000010',
    ]);
  });

  test('that follow from a value that cannot be read are not told', () => {
    assert.deepEqual(problemsOf(WORKLOAD, DRIVER.replace('replicationFactor: 3', 'replicationFactor: x')), [
      'driver.yaml:5:20 replicationFactor: expected a whole number from 1 to 32767, found "x"',
    ]);
  });

  test('are keys that are missing', () => {
    assert.deepEqual(problemsOf('name: x\n', 'name: y\n'), [
      'workload.yaml:1:1 missing key "topics" in workload: expected how many',
      'workload.yaml:1:1 missing key "partitionsPerTopic" in workload: expected how many',
      'workload.yaml:1:1 missing key "messageSize" in workload: expected bytes of a value',
      'workload.yaml:1:1 missing key "producersPerTopic" in workload: expected how many',
      'workload.yaml:1:1 missing key "producerRate" in workload: expected records per second of all producers, or 0 for as many as can be',
      'workload.yaml:1:1 missing key "testDurationMinutes" in workload: expected how long to measure',
      'driver.yaml:1:1 missing key "driverClass" in driver: expected io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver',
      'driver.yaml:1:1 missing key "replicationFactor" in driver: expected how many replicas',
    ]);
  });

  test('are a backlog, tests without end, and what OMB itself fails at', () => {
    const workload = changed(RANDOMIZED, {
      consumerBacklogSizeGB: '512',
      testDurationMinutes: '0',
      consumerPerSubscription: '0',
      randomizedPayloadPoolSize: null,
      backlogDrainRatio: '2',
    });
    assert.deepEqual(problemsOf(workload), [
      'workload.yaml:1:1 randomizedPayloadPoolSize: expected at least 1 with useRandomizedPayloads, found 0: OMB has no value to send',
      'workload.yaml:12:26 consumerPerSubscription: expected at least 1 with subscriptionsPerTopic 2, found 0: OMB waits for what they receive',
      'workload.yaml:18:24 consumerBacklogSizeGB: expected 0, found 512: consumers that wait until a backlog is there are not supported; leave it out',
      'workload.yaml:19:22 testDurationMinutes: expected a whole number from 1 to 2147483647, found 0',
      'workload.yaml:21:20 backlogDrainRatio: expected a number from 0 to 1, found 2',
    ]);
  });

  test('are a payload file of another size than messageSize', () => {
    scratchFile('payload-5b.data', '12345');
    assert.deepEqual(problemsOf(changed(WORKLOAD, { payloadFile: 'payload-5b.data' })), [
      'workload.yaml:7:14 payloadFile: expected a file of messageSize 1024 bytes, found 5: OMB refuses it',
    ]);
  });

  test('are keys that stand twice, in either file', () => {
    assert.deepEqual(problemsOf(`${WORKLOAD}topics: 2\n`, `${DRIVER}name: again\n`), [
      'workload.yaml:14:1 duplicate key "topics", expected it once: remove one',
      'driver.yaml:28:1 duplicate key "name", expected it once: remove one',
    ]);
  });

  test('are properties that are no text', () => {
    const driver = DRIVER.replace(/topicConfig: \|\n.*\n.*\n/, 'topicConfig: { min.insync.replicas: 2 }\n');
    assert.deepEqual(problemsOf(WORKLOAD, driver), [
      'driver.yaml:7:1 topicConfig: expected Java properties as text, found a map: begin with | and indent them',
    ]);
  });

  test('are files that are empty, no YAML, or not there, of both files', () => {
    assert.deepEqual(problemsOf('', 'a: [\n'), [
      'workload.yaml:1:1 expected an OMB workload, found an empty file: begin with topics:',
      'driver.yaml:2:1 expected YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ]);
  });

  test('of --set are told by what was set', () => {
    assert.deepEqual(problemsOf(WORKLOAD, DRIVER, { set: ['run.seed=x', 'producers.producer.count=0'] }), [
      '--set producers.producer.count=0 producers.producer.count: expected at least 1, found 0',
      '--set run.seed=x run.seed: expected a whole number such as 12, 200k or 5M, found "x"',
    ]);
  });
});
