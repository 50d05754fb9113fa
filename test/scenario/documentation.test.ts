import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { keysOf, schemaAt } from '../../src/scenario/json-schema.ts';
import { load, problemsOf, small } from './scratch.ts';

const text = readFileSync(new URL('../../docs/scenario.md', import.meta.url), 'utf8');

describe('docs/scenario.md', () => {
  test('opens with a scenario that is read as it stands', () => {
    const yaml = /```yaml\n([^`]*)```/.exec(text)?.[1] ?? '';
    assert.equal(load(yaml).scenario.producers[0].rate.kind, 'constant');
  });

  test('names every key of the format', () => {
    const places: (string | number)[][] = [
      [],
      ['hosts', 'x'],
      ['hosts', 'x', 'logDirs'],
      ['clusters', 'x'],
      ['clusters', 'x', 'brokers'],
      ['clusters', 'x', 'controllers'],
      ['links', 0],
      ['topics', 'x'],
      ['producers', 'x'],
      ['producers', 'x', 'record'],
      ['consumers', 'x'],
      ['mirrors', 'x'],
      ['operations', 0],
      ...keysOf(schemaAt(['operations', 0])).map((action) => ['operations', 0, action]),
      ['run'],
      ['run', 'phases', 0],
      ['run', 'threads'],
    ];
    for (const place of places) {
      for (const key of keysOf(schemaAt(place))) {
        assert.match(text, new RegExp(`[\`{ .]${key}[\`: }]`), `${place.join('.')}.${key}`);
      }
    }
  });

  test('shows operations that are read as they stand', () => {
    const [, shown] = /```yaml\n(operations:\n[^`]*)```/.exec(text) ?? [];
    const hosts = 'hosts: { local: { count: 2, zones: [a, b] } }\n';
    const actions = load(small(hosts + shown)).scenario.operations.map(({ action }) => action);
    assert.deepEqual(actions, ['isolate', 'heal', 'limit']);
  });

  test('gives defaults that are the real ones', () => {
    const yaml =
      'apiVersion: brokertwin/v1\ntopics: { a: {} }\nproducers: { p: { topics: a, rate: 1/s, record: { key: { cardinality: 5 } } } }\n';
    const { scenario } = load(yaml);
    assert.equal(scenario.producers[0].record.key?.bytes, 8);
    assert.equal(scenario.clusters[0].kafka, '4.3.1');
    assert.deepEqual(problemsOf(yaml, ['cluster.brokers.count=5']), []);
    assert.equal(load(yaml, ['cluster.brokers.count=5']).scenario.clusters[0].controllers.count, 3);
    assert.equal(load(yaml, ['cluster.brokers.count=2']).scenario.clusters[0].controllers.count, 1);
  });
});
