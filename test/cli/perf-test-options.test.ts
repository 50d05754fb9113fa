import assert from 'node:assert/strict';
import test from 'node:test';
import { readPerfTest, spreadProperties } from '../../src/cli/perf-test-options.ts';
import { UserError } from '../../src/errors/errors.ts';

type Arguments = Parameters<typeof readPerfTest>[0];

const args: Arguments = {
  topic: 't',
  'num-records': '1000',
  'record-size': '100',
  'payload-file': undefined,
  'payload-delimiter': undefined,
  'payload-monotonic': false,
  throughput: '-1',
  'command-config': undefined,
  'command-property': [],
  'producer-props': [],
  'producer.config': undefined,
  'print-metrics': false,
  'transactional-id': undefined,
  'transaction-duration-ms': undefined,
  'warmup-records': undefined,
  'reporting-interval': undefined,
};

function problems(changes: Partial<Arguments>): readonly string[] {
  try {
    readPerfTest({ ...args, ...changes });
    return [];
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.lines;
  }
}

test("what is not stated is as Kafka's tool has it", () => {
  assert.deepEqual(readPerfTest(args), {
    topic: 't',
    records: 1000,
    payload: { kind: 'letters', bytes: 100 },
    throughput: -1,
    properties: [],
    transactionalId: null,
    transactionMs: null,
    printMetrics: false,
    warmupRecords: 0,
    reportingIntervalMs: 5000,
  });
});

test('a warm-up takes fewer records than there are', () => {
  assert.equal(readPerfTest({ ...args, 'warmup-records': '999' }).warmupRecords, 999);
  assert.match(
    problems({ 'warmup-records': '1000' })[0],
    /expected fewer than --num-records \(1000\), found 1000/,
  );
  assert.match(
    problems({ 'warmup-records': '-3' })[0],
    /--warmup-records: expected a whole number of at least 0/,
  );
});

test('an option is taken by one of its names', () => {
  assert.match(
    problems({ 'producer-props': ['acks=1'], 'command-property': ['linger.ms=0'] })[0],
    /--producer-props is the older name of --command-property/,
  );
  assert.match(
    problems({ 'producer.config': 'a', 'command-config': 'b' })[0],
    /--producer.config is the older name of --command-config/,
  );
  assert.deepEqual(problems({ 'producer-props': ['acks=1'], 'command-config': 'b' }), []);
});

test('any negative throughput is as fast as possible', () => {
  assert.equal(readPerfTest({ ...args, throughput: '-7.5' }).throughput, -1);
  assert.equal(readPerfTest({ ...args, throughput: '0.5' }).throughput, 0.5);
});

test('all that is wrong is told at once', () => {
  const found = problems({
    'num-records': '0',
    'record-size': undefined,
    throughput: '0',
    'transaction-duration-ms': '0',
    'reporting-interval': '0',
  });
  assert.equal(found.length, 5, found.join('\n'));
});

test('properties may follow each other behind one option', () => {
  assert.deepEqual(spreadProperties(['load', '--producer-props', 'a=1', 'b=2', '--topic', 't']), [
    'load',
    ...['--producer-props', 'a=1', '--producer-props', 'b=2'],
    ...['--topic', 't'],
  ]);
});
