import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load, problemsOf, scratchFile } from './scratch.ts';

const SCENARIO = `apiVersion: brokertwin/v1
cluster: { brokers: { count: 3 } }
topics:
  clicks-*: { count: 2, partitions: 2, replication.factor: 2, placement: placed.csv }
`;

describe('a placement file', () => {
  test('gives replicas and rates of single partitions', () => {
    scratchFile('placed.csv', 'topic,partition,replicas,rate\nclicks-1,0,1;2,120/s\r\nclicks-2,1,3;1,\n\n');
    assert.deepEqual(load(SCENARIO).scenario.topics[0].placement, [
      { topic: 'clicks-1', partition: 0, replicas: [1, 2], recordsPerSecond: 120 },
      { topic: 'clicks-2', partition: 1, replicas: [3, 1], recordsPerSecond: null },
    ]);
  });

  test('has rates that fit what is produced to the class', () => {
    const rates = (...of: string[]) =>
      ['topic,partition,replicas,rate', ...of.map((rate, index) => `clicks-1,${index},1;2,${rate}`)].join(
        '\n',
      );
    const written = (rate: string, more = '') =>
      `${SCENARIO.replace('placed.csv', `placed.csv${more}`)}producers:\n  site: { topics: clicks-*, rate: ${rate} }\n`;
    scratchFile('placed.csv', rates('120/s', ''));
    assert.equal(load(written('120/s')).scenario.topics[0].placement?.length, 2);
    assert.deepEqual(problemsOf(written('100/s')), [
      's.yaml:4:74 topics.clicks-*.placement: expected rates of at most 100/s together, what producers send to clicks-*, found 120/s',
    ]);
    assert.match(problemsOf(written('120/s', ', skew: { zipf: 1 }'))[0], /no rates beside a skew/);
    const keyed = written('120/s, record: { key: { cardinality: 5 } }');
    assert.deepEqual(problemsOf(keyed), [
      's.yaml:4:63 topics.clicks-*.placement: expected no rates beside keys, found those of site, which decide the partitions of its records: remove one of the two',
    ]);
    const all = 'clicks-2,0,1;2,10/s\nclicks-2,1,1;2,10/s';
    scratchFile('placed.csv', `${rates('10/s', '10/s')}\n${all}`);
    assert.match(problemsOf(written('50/s'))[0], /expected rates of 50\/s together/);
    assert.equal(load(written('40/s')).scenario.topics[0].placement?.length, 4);
  });

  test('is part of the hash', () => {
    scratchFile('placed.csv', 'topic,partition,replicas,rate\nclicks-1,0,1;2,\n');
    const { hash } = load(SCENARIO);
    scratchFile('placed.csv', 'topic,partition,replicas,rate\nclicks-1,0,2;1,\n');
    assert.notEqual(load(SCENARIO).hash, hash);
  });

  test('gets every mistake with its line and column', () => {
    scratchFile(
      'placed.csv',
      [
        'topic,partition,replicas,rate',
        'clicks-1,0,1;2,5',
        'clicks-3,0,1;2,',
        'clicks-1,2,1;2,',
        'clicks-1,1,1;4,',
        'clicks-2,0,1;1,',
        'clicks-2,1,1,',
        'clicks-1,0,1;2,',
        'clicks-1,0',
      ].join('\n'),
    );
    assert.deepEqual(
      problemsOf(SCENARIO).map((line) => line.replace(/(found .*?):.*/, '$1')),
      [
        'placed.csv:2:16 expected a rate such as 500/s or 60k/s, found "5"',
        'placed.csv:3:1 expected a topic of clicks-*, found "clicks-3"',
        'placed.csv:4:10 expected a partition from 0 to 1, found "2"',
        'placed.csv:5:12 unknown broker "4", expected one of 1, 2, 3',
        'placed.csv:6:12 expected different brokers, found "1;1"',
        'placed.csv:7:12 expected 2 replicas as in replication.factor, found 1',
        'placed.csv:8:1 partition placed twice, first in line 2: remove one',
        'placed.csv:9:1 expected 4 columns topic,partition,replicas,rate, found 2',
      ],
    );
  });

  test('that is not there is a problem of the scenario', () => {
    assert.match(
      problemsOf(SCENARIO.replace('placed.csv', 'nowhere.csv'))[0],
      /^s\.yaml:4:\d+ expected a file, found none: check the path nowhere\.csv$/,
    );
    scratchFile('placed.csv', 'topic;partition\n');
    assert.match(
      problemsOf(SCENARIO)[0],
      /^placed\.csv:1:1 expected the header topic,partition,replicas,rate/,
    );
  });
});
