import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type JsonSchemaNode, scenarioJsonSchema, schemaAt } from '../../src/scenario/json-schema.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the JSON Schema', () => {
  test('in schema/scenario.json is the one that the reader gives; "brokertwin schema" prints it', () => {
    const committed = readFileSync(path.join(root, 'schema/scenario.json'), 'utf8');
    assert.equal(committed, `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
  });

  test('describes every key and admits no others', () => {
    const undescribed: string[] = [];
    const open: string[] = [];
    const walk = (node: JsonSchemaNode & { description?: string; type?: unknown }, at: string): void => {
      if (node.properties !== undefined && node.additionalProperties !== false) open.push(at);
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        if (!('description' in child) && child.properties === undefined) undescribed.push(`${at}.${key}`);
        walk(child, `${at}.${key}`);
      }
      if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, `${at}.*`);
      if (node.items !== undefined) walk(node.items, `${at}[]`);
      for (const alternative of node.anyOf ?? []) walk(alternative, at);
    };
    walk(scenarioJsonSchema(), '');
    assert.deepEqual([undescribed, open], [[], []]);
  });

  test("gives Kafka's properties with their defaults and versions", () => {
    const linger = schemaAt(['producers', 'checkout', 'config', 'linger.ms']);
    assert.deepEqual(linger, {
      type: ['integer', 'string'],
      default: 5,
      description: "Kafka's default: 5; ms",
    });
    const linger39 = schemaAt(['cluster', 'brokers', 'config', 'group.coordinator.append.linger.ms']);
    assert.match(JSON.stringify(linger39), /Kafka's default: -1; 3\.9: 10; 4\.0: 5; 4\.1: 5; ms/);
    assert.match(
      JSON.stringify(schemaAt(['topics', 'orders', 'config', 'retention.ms'])),
      /"default":604800000/,
    );
  });
});

describe('the shipped scenarios', () => {
  const files = readdirSync(path.join(root, 'scenarios')).filter((file) => file.endsWith('.yaml'));

  test('are the five of the first version, at least', () => {
    for (const name of ['demo', 'three-brokers', 'small-batches', 'fan-out', 'two-clusters']) {
      assert.ok(files.includes(`${name}.yaml`), name);
    }
  });

  for (const file of files) {
    test(`${file} names its schema for editors, asks a question, and is read without a warning`, () => {
      const full = path.join(root, 'scenarios', file);
      assert.match(
        readFileSync(full, 'utf8'),
        /^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.json\n/,
      );
      const { scenario, warnings, hash } = readScenario(full);
      assert.equal(scenario.name, path.basename(file, '.yaml'));
      assert.ok(scenario.question?.endsWith('?'));
      assert.deepEqual(warnings, []);
      assert.match(hash, /^[0-9a-f]{64}$/);
    });
  }

  test('demo.yaml has a paced and a saturating phase on the host local', () => {
    const { scenario } = readScenario(path.join(root, 'scenarios/demo.yaml'));
    assert.deepEqual(
      scenario.run.phases.map(({ name, load, warmupMs, durationMs }) => [name, load, warmupMs, durationMs]),
      [
        ['paced', 1, 5000, 20_000],
        ['saturating', 'max', 5000, 20_000],
      ],
    );
    assert.deepEqual(
      scenario.hosts.map(({ name, profile, count }) => [name, profile, count]),
      [['local', 'local', 1]],
    );
    assert.equal(scenario.producers[0].config['batch.size'], 65_536);
  });
});
