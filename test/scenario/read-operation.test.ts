import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import type { ClusterFacts } from '../../src/scenario/cluster-facts.ts';
import { parseOperation } from '../../src/scenario/read-operation.ts';

const FACTS: ClusterFacts = {
  brokers: [1, 2, 3],
  controllers: [],
  zones: new Map([['a', [1, 3]]]),
  logDirs: 1,
};

function problemsOf(text: string): readonly string[] {
  try {
    return [`no problem: ${JSON.stringify(parseOperation(text, FACTS))}`];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.equal(error.exitCode, 2);
    return error.lines;
  }
}

describe('a single operation as text', () => {
  test('is read by the grammar of a timeline', () => {
    assert.deepEqual(parseOperation('kill: {broker: 2}', FACTS), { action: 'kill', brokers: [2] });
    assert.deepEqual(parseOperation('{ isolate: { zone: a, from: 2 } }', FACTS), {
      action: 'isolate',
      zone: 'a',
      from: [2],
      direction: 'both',
    });
    assert.deepEqual(parseOperation('set: {topic: any.topic, config: {retention.ms: 1h}}', FACTS), {
      action: 'set',
      topic: 'any.topic',
      config: { 'retention.ms': '3600000' },
    });
  });

  const wrong: readonly [string, ...RegExp[]][] = [
    ['', /^operation:1:1 expected an operation such as kill: \{broker: 2\}, found nothing$/],
    ['kill', /^operation:1:1 expected an operation such as kill: \{broker: 2\}, found "kill"$/],
    ['{}', /^operation:1:1 expected exactly one action out of kill, .*, found none$/],
    ['heal:', /^operation:1:1 heal: expected a map, found nothing: write \{\} for an empty one$/],
    ['kil: {broker: 2}', /^operation:1:1 unknown key "kil", did you mean "kill"\?$/],
    ['boil: {broker: 2}', /^operation:1:1 unknown key "boil", /],
    ['kill: {broker: 2', /^operation:1:\d+ expected YAML: /],
    ['kill: {brokr: 2}', /^operation:1:8 unknown key "brokr" in kill, did you mean "broker"\?$/],
    ['kill: {broker: 9}', /^operation:1:16 kill\.broker: unknown broker 9, expected one of 1, 2, 3$/],
    ['kill: {cluster: east, broker: 1}', /^operation:1:8 unknown key "cluster" in kill/],
    [
      'isolate: {broker: 1, from: 1, direction: up}',
      /^operation:1:28 isolate\.from: expected other brokers, found 1/,
      /^operation:1:42 isolate\.direction: expected both, out or in, found "up"/,
    ],
  ];
  for (const [text, ...expected] of wrong) {
    test(`"${text}" gets its mistakes at their places`, () => {
      const problems = problemsOf(text);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      expected.forEach((line, index) => {
        assert.match(problems[index], line);
      });
    });
  }
});
