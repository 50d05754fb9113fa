import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClusterAccess,
  PLAINTEXT_ACCESS,
  type TlsAccess,
} from '../../../src/load/access/cluster-access.ts';
import { shownChoice, shownModule, withoutSecrets } from '../../../src/load/access/secrets.ts';
import { asUserError } from '../../../src/load/cluster.ts';
import { ErrorCounts } from '../../../src/load/worker-thread.ts';

const TLS: TlsAccess = {
  trusted: null,
  identity: { key: '-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----\n', chain: [] },
  checksHostName: true,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: null,
};
const PASSWORD: ClusterAccess = {
  tls: TLS,
  sasl: { mechanism: 'PLAIN', username: 'client', password: 'hUsh+7f3' },
};
const ENDPOINT: ClusterAccess = {
  tls: null,
  sasl: {
    mechanism: 'OAUTHBEARER',
    source: {
      kind: 'endpoint',
      url: 'https://issuer/token',
      clientId: 'me',
      clientSecret: 'hUsh+7f3',
      scope: null,
      encodesCredentials: false,
      tls: TLS,
    },
    extensions: {},
  },
};

test('words of brokers and token endpoints that repeat a secret are shown without it', () => {
  for (const access of [PASSWORD, ENDPOINT]) {
    assert.equal(withoutSecrets('no user hUsh+7f3, hUsh+7f3', access), 'no user ***, ***');
  }
  assert.equal(withoutSecrets(`key ${TLS.identity?.key}`, PASSWORD), 'key ***');
  assert.equal(withoutSecrets('no user hUsh+7f3', PLAINTEXT_ACCESS), 'no user hUsh+7f3');
});

test('a failure of a client, and what a run counts of them, has no secret in it', () => {
  const failure = Object.assign(new Error('refused: hUsh+7f3 is wrong'), { code: 'PLT_KFK_AUTHENTICATION' });
  const shown = asUserError(failure, { bootstrapServers: 'broker:9092', access: PASSWORD });
  assert.ok(shown instanceof Error);
  assert.match(shown.message, /login failed: refused: \*\*\* is wrong/);
  const errors = new ErrorCounts(PASSWORD);
  errors.add(failure);
  assert.deepEqual(errors.counts, { 'refused: *** is wrong': 1 });
});

test('a choice and a class are repeated only when they are written as one', () => {
  assert.equal(shownChoice('SCRAM-SHA-256'), 'SCRAM-SHA-256');
  assert.equal(shownChoice('PLAIN "hUsh+7f3"'), 'another');
  assert.equal(
    shownModule('com.sun.security.auth.module.Krb5LoginModule'),
    'com.sun.security.auth.module.Krb5LoginModule',
  );
  assert.equal(shownModule('hUsh'), 'another');
});
