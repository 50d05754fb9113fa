import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import {
  type ClusterSecurity,
  clientPropertiesFiles,
  planSecurity,
  type SecurityPlan,
  securityProperties,
  writeSecurityFiles,
} from '../../../src/local/security/security.ts';
import { securityPaths } from '../../../src/local/security/security-paths.ts';
import { passwordOf } from '../../../src/local/security/users.ts';
import type { SaslMechanism, SecurityProtocol } from '../../../src/scenario/security-protocols.ts';

const ISSUER = 'http://127.0.0.1:8080';
const NODE = { name: 'broker-1', addresses: ['198.18.0.2'] };

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brokertwin-security-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function planOf(
  protocol: SecurityProtocol,
  mechanisms: readonly SaslMechanism[] = [],
  config: Readonly<Record<string, string>> = {},
): SecurityPlan {
  return planSecurity({
    listeners: [
      { name: 'CLIENTS', protocol },
      { name: 'CONTROLLER', protocol: 'PLAINTEXT' },
    ],
    mechanisms,
    interBrokerListener: mechanisms.every((name) => name === 'OAUTHBEARER') ? 'CONTROLLER' : 'CLIENTS',
    controllerListener: 'CONTROLLER',
    config,
  });
}

function securityOf(plan: SecurityPlan): ClusterSecurity {
  return { plan, directory, tokenIssuerUrl: ISSUER };
}

/** Each file below the cluster's directory, with its mode. */
function modes(): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, (statSync(join(parentPath, name)).mode & 0o777).toString(8)]),
  );
}

test('all that holds a key or a password is for its owner alone', async () => {
  const plan = planOf('SASL_SSL', ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER']);
  await writeSecurityFiles(plan, directory, [NODE]);
  clientPropertiesFiles(securityOf(plan), { CLIENTS: '198.18.0.2:9092' });
  assert.deepEqual(modes(), {
    'CLIENTS-OAUTHBEARER.properties': '600',
    'CLIENTS-PLAIN.properties': '600',
    'CLIENTS-SCRAM-SHA-256.properties': '600',
    'ca-key.pem': '600',
    'ca.pem': '600',
    'client.pem': '600',
    'format.args': '600',
    'node-broker-1.pem': '600',
    'token-issuer.key': '600',
    'users.properties': '600',
  });
});

test('nothing is written for a cluster without security', async () => {
  const plan = planOf('PLAINTEXT');
  await writeSecurityFiles(plan, directory, [NODE]);
  assert.deepEqual(modes(), {});
  const { properties, jvmOptions, formatArguments } = securityProperties(securityOf(plan), 'broker-1');
  assert.deepEqual(
    { properties, jvmOptions, formatArguments },
    { properties: {}, jvmOptions: [], formatArguments: [] },
  );
});

test('a node that joins later is signed for by the same authority, and passwords stay', async () => {
  const plan = planOf('SASL_SSL', ['PLAIN']);
  const paths = securityPaths(directory);
  await writeSecurityFiles(plan, directory, [NODE]);
  const before = [paths.authority, paths.users, paths.client].map((path) => readFileSync(path, 'utf8'));
  await writeSecurityFiles(plan, directory, [{ name: 'broker-2', addresses: ['198.18.0.3'] }]);
  assert.deepEqual(
    [paths.authority, paths.users, paths.client].map((path) => readFileSync(path, 'utf8')),
    before,
  );
  const joined = new X509Certificate(readFileSync(paths.node('broker-2')));
  assert.ok(joined.verify(new X509Certificate(before[0]).publicKey));
  assert.deepEqual(
    ['198.18.0.3', '127.0.0.1', '198.18.0.2'].map((address) => joined.checkIP(address)),
    ['198.18.0.3', '127.0.0.1', undefined],
  );
});

test('passwords are on no command line and in no broker property', async () => {
  const plan = planOf('SASL_PLAINTEXT', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']);
  await writeSecurityFiles(plan, directory, [NODE]);
  const paths = securityPaths(directory);
  const passwords = (['client', 'broker'] as const).map((name) => passwordOf(paths, name));
  assert.equal(new Set(passwords).size, 2);
  const shown = JSON.stringify([securityProperties(securityOf(plan), 'broker-1'), plan]);
  for (const password of passwords) {
    assert.match(password, /^[0-9a-f]{48}$/);
    assert.ok(!shown.includes(password));
  }
  assert.deepEqual(securityProperties(securityOf(plan), 'broker-1').formatArguments, [
    `@${paths.formatArguments}`,
  ]);
  const [client, broker] = passwords;
  assert.deepEqual(readFileSync(paths.formatArguments, 'utf8').trimEnd().split('\n'), [
    '--add-scram',
    `SCRAM-SHA-256=[name=client,password=${client}]`,
    '--add-scram',
    `SCRAM-SHA-256=[name=broker,password=${broker}]`,
    '--add-scram',
    `SCRAM-SHA-512=[name=client,password=${client}]`,
    '--add-scram',
    `SCRAM-SHA-512=[name=broker,password=${broker}]`,
  ]);
});

test('a node gets the properties of its listeners, with its own certificate', async () => {
  const plan = planOf('SASL_SSL', ['PLAIN', 'OAUTHBEARER']);
  const paths = securityPaths(directory);
  const reference = (name: string): string => `\${users:${paths.users}:${name}}`;
  const { properties, jvmOptions } = securityProperties(securityOf(plan), 'broker-1');
  assert.deepEqual(properties, {
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'config.providers': 'users',
    'config.providers.users.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
    'sasl.enabled.mechanisms': 'PLAIN,OAUTHBEARER',
    'sasl.oauthbearer.jwks.endpoint.url': `${ISSUER}/jwks`,
    'sasl.oauthbearer.expected.audience': 'brokertwin',
    'sasl.oauthbearer.expected.issuer': ISSUER,
    'listener.name.clients.ssl.keystore.type': 'PEM',
    'listener.name.clients.ssl.keystore.location': paths.node('broker-1'),
    'listener.name.clients.ssl.truststore.type': 'PEM',
    'listener.name.clients.ssl.truststore.location': paths.authority,
    'listener.name.clients.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="${reference('broker')}" user_client="${reference('client')}" user_broker="${reference('broker')}";`,
    'listener.name.clients.oauthbearer.sasl.jaas.config':
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
    'listener.name.clients.oauthbearer.sasl.server.callback.handler.class':
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
  });
  assert.deepEqual(jvmOptions, [
    `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${ISSUER}/token,${ISSUER}/jwks`,
  ]);
});

test('a listener that wants certificates of its clients has the key in its clients file, others have not', async () => {
  const bootstrapServers = { CLIENTS: '198.18.0.2:9092' };
  for (const config of [{}, { 'ssl.client.auth': 'required' }]) {
    const plan = planOf('SSL', [], config);
    await writeSecurityFiles(plan, directory, [NODE]);
    const [file, ...more] = clientPropertiesFiles(securityOf(plan), bootstrapServers);
    assert.deepEqual(more, []);
    assert.equal(file.path, join(directory, 'clients', 'CLIENTS.properties'));
    const text = readFileSync(file.path, 'utf8');
    assert.match(text, /^bootstrap\.servers=198\.18\.0\.2:9092$/m);
    assert.match(text, /^security\.protocol=SSL$/m);
    assert.equal(text.includes('ssl.keystore.location'), 'ssl.client.auth' in config);
  }
});

test("the file for tokens says what Kafka's tools need besides", async () => {
  const plan = planOf('SASL_PLAINTEXT', ['OAUTHBEARER']);
  await writeSecurityFiles(plan, directory, [NODE]);
  const [file] = clientPropertiesFiles(securityOf(plan), { CLIENTS: '127.0.0.1:9092' });
  const text = readFileSync(file.path, 'utf8');
  assert.match(text, /^# .*export KAFKA_OPTS="-Dorg\.apache\.kafka\.sasl\.oauthbearer\.allowed\.urls=/);
  assert.match(text, /^sasl\.oauthbearer\.token\.endpoint\.url=http:\/\/127\.0\.0\.1:8080\/token$/m);
  assert.deepEqual(file.jvmOptions, securityProperties(securityOf(plan), 'broker-1').jvmOptions);
});

test('a directory that Kafka could not read in a reference is refused', async () => {
  const odd = join(directory, 'a:b');
  mkdirSync(odd);
  await assert.rejects(writeSecurityFiles(planOf('SASL_SSL', ['PLAIN']), odd, [NODE]), UserError);
  assert.ok(!existsSync(join(odd, 'security')));
  await writeSecurityFiles(planOf('SSL'), odd, [NODE]);
});
