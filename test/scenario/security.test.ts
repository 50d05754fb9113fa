import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, problemsOf, small } from './scratch.ts';

const secured = (security: string) => small(`cluster: { security: ${security} }\n`);
const found = (security: string) => load(secured(security)).scenario.clusters[0].security;

test('connections are in plain where nothing else is stated', () => {
  assert.equal(load(small()).scenario.clusters[0].security, undefined);
  assert.deepEqual(found('{ clients: SSL }'), { clients: 'SSL', brokers: 'PLAINTEXT' });
});

test('connections with SASL log in by SCRAM-SHA-512, or as stated', () => {
  assert.deepEqual(found('{ clients: SASL_SSL, brokers: SSL }'), {
    clients: 'SASL_SSL',
    brokers: 'SSL',
    saslMechanism: 'SCRAM-SHA-512',
  });
  assert.equal(found('{ brokers: SASL_PLAINTEXT, sasl.mechanism: PLAIN }')?.saslMechanism, 'PLAIN');
});

test('a mechanism that nothing uses is a mistake, and so is one that brokers cannot use', () => {
  const unused = problemsOf(secured('{ clients: SSL, sasl.mechanism: PLAIN }'));
  assert.equal(unused.length, 1);
  assert.match(unused[0], /^s\.yaml:6:\d+:? expected clients or brokers of SASL_PLAINTEXT or SASL_SSL/);
  const tokens = problemsOf(secured('{ clients: SASL_SSL, brokers: SASL_SSL, sasl.mechanism: OAUTHBEARER }'));
  assert.equal(tokens.length, 1);
  assert.match(tokens[0], /security\.brokers: expected PLAINTEXT or SSL with OAUTHBEARER.*found SASL_SSL$/);
});
