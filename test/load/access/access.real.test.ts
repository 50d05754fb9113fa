/** One broker with every kind of listener, entered with the properties files that are written for Java's clients. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka';
import { accessFailure } from '../../../src/load/access/access-failure.ts';
import { readClientProperties } from '../../../src/load/access/client-properties.ts';
import { describeAccess } from '../../../src/load/access/cluster-access.ts';
import { libraryAccess } from '../../../src/load/access/library-access.ts';
import { clusterOptions } from '../../../src/load/cluster.ts';
import { type LocalCluster, startLocalCluster } from '../../../src/local/cluster/local-cluster.ts';
import { clusterDirectory } from '../../../src/local/cluster/state.ts';
import { securityPaths } from '../../../src/local/security/security-paths.ts';
import { missing } from '../../support/components.ts';
import { makeKeyStore, makeTrustStore, type StoreKind, writeLines } from './stores.ts';

const TOPIC = 'entered';
const TOKEN_LIFETIME_SECONDS = 4;
const STORE_PASSWORD = 'of the store';
const KEY_PASSWORD = 'of the key';

describe('a cluster with all listeners and mechanisms', {
  skip: missing(['java', 'maven', 'openssl']) ?? false,
}, () => {
  let cluster: LocalCluster;
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'brokertwin-access-'));
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      listeners: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
      saslMechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
      tokenLifetimeSeconds: TOKEN_LIFETIME_SECONDS,
      config: { 'listener.name.ssl.ssl.client.auth': 'required' },
      jmx: false,
      progress: () => undefined,
    });
    await withAdmin(clientFile('PLAINTEXT'), (admin) =>
      admin.createTopics({ topics: [TOPIC], partitions: 1, replicas: 1 }),
    );
  });

  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await cluster?.stop();
  });

  function clientFiles(): string[] {
    const { clientProperties } = securityPaths(clusterDirectory(cluster.name));
    return readdirSync(clientProperties).map((name) => join(clientProperties, name));
  }

  function clientFile(name: string): string {
    const { clientProperties } = securityPaths(clusterDirectory(cluster.name));
    return join(clientProperties, `${name}.properties`);
  }

  /** The lines of a client's file without those that begin with one of `keys`. */
  function linesWithout(file: string, ...keys: string[]): string[] {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.filter((line) => !keys.some((key) => line.startsWith(key)));
  }

  test('takes clients with every file that is written for Java', async () => {
    const described: string[] = [];
    for (const file of clientFiles()) {
      const { access, rest } = readClientProperties(file);
      const sent = describeAccess(structuredClone(access));
      assert.deepEqual(await listTopics(file), [TOPIC], sent);
      assert.equal(rest.size, 0);
      described.push(sent.replace(/\d+\/token$/, '<port>/token'));
    }
    assert.deepEqual(described.sort(), [
      'PLAINTEXT',
      ...['PLAINTEXT', 'SSL'].flatMap((under) => [
        `SASL_${under} OAUTHBEARER as client with a token from http://127.0.0.1:<port>/token`,
        ...['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map((name) => `SASL_${under} ${name} as client`),
      ]),
      'SSL with a client certificate',
    ]);
  });

  for (const kind of ['JKS', 'PKCS12'] as const satisfies StoreKind[]) {
    test(`takes clients whose certificates are in ${kind} stores`, async () => {
      const paths = securityPaths(clusterDirectory(cluster.name));
      const trust = join(directory, `trust.${kind}`);
      const keys = join(directory, `keys.${kind}`);
      const keyPassword = kind === 'JKS' ? KEY_PASSWORD : STORE_PASSWORD;
      makeTrustStore(trust, kind, paths.authority, STORE_PASSWORD);
      makeKeyStore(keys, kind, paths.client, STORE_PASSWORD, keyPassword);
      const file = writeLines(directory, `${kind}.properties`, [
        ...linesWithout(clientFile('SSL'), 'ssl.'),
        `ssl.truststore.location=${trust}`,
        `ssl.truststore.password=${STORE_PASSWORD}`,
        `ssl.truststore.type=${kind}`,
        `ssl.keystore.location=${keys}`,
        `ssl.keystore.password=${STORE_PASSWORD}`,
        `ssl.key.password=${keyPassword}`,
        `ssl.keystore.type=${kind}`,
      ]);
      assert.deepEqual(await listTopics(file), [TOPIC]);
    });
  }

  test('refuses clients without the certificate that it asks for', async () => {
    const file = writeLines(directory, 'bare.properties', linesWithout(clientFile('SSL'), 'ssl.keystore'));
    await assert.rejects(listTopics(file), tells(/alert|closed/i));
  });

  test('is refused by clients that do not trust it', async () => {
    const file = writeLines(directory, 'wary.properties', linesWithout(clientFile('SSL'), 'ssl.truststore'));
    await assert.rejects(
      listTopics(file),
      tells(/found that TLS failed: unable to verify|found that TLS failed: self-signed/),
    );
  });

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    test(`refuses a wrong password with ${mechanism}`, async () => {
      const lines = linesWithout(clientFile(`SASL_SSL-${mechanism}`)).map((line) =>
        line.replace(/password="\w+"/, 'password="wrong"'),
      );
      const file = writeLines(directory, `wrong-${mechanism}.properties`, lines);
      await assert.rejects(
        listTopics(file),
        tells(/^expected a cluster to enter by SASL_SSL [\w-]+ as client, found that the login failed/),
      );
    });
  }

  test('has its token issuer refuse a wrong secret', async () => {
    const lines = linesWithout(clientFile('SASL_SSL-OAUTHBEARER')).map((line) =>
      line.replace(/clientSecret="\w+"/, 'clientSecret="wrong"'),
    );
    const file = writeLines(directory, 'wrong-secret.properties', lines);
    await assert.rejects(listTopics(file), tells(/expected a token, found status 401 \(invalid_client\)/));
  });

  test('refuses a token that nobody signed, and says so', async () => {
    const file = writeLines(directory, 'unsecured.properties', [
      ...linesWithout(clientFile('SASL_SSL-OAUTHBEARER'), 'sasl.'),
      'sasl.mechanism=OAUTHBEARER',
      'sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \\',
      '  unsecuredLoginStringClaim_sub="client";',
    ]);
    await assert.rejects(listTopics(file), tells(/the broker refused the token: .*invalid_token/));
  });

  test('keeps busy connections that outlive their token', async () => {
    const { bootstrapServers, access } = readClientProperties(clientFile('SASL_SSL-OAUTHBEARER'));
    assert.ok(bootstrapServers !== null);
    const producer = new Producer({
      clientId: 'test',
      ...clusterOptions(bootstrapServers, libraryAccess(access, bootstrapServers)),
      retries: 0,
    });
    let loginsAgain = 0;
    let disconnected = 0;
    producer.on('client:broker:sasl:authentication:extended', () => {
      loginsAgain += 1;
    });
    producer.on('client:broker:disconnect', () => {
      disconnected += 1;
    });
    const endMs = performance.now() + 10 * TOKEN_LIFETIME_SECONDS * 1000;
    const produce = async (): Promise<void> => {
      while (loginsAgain < 2 && performance.now() < endMs) {
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: [{ topic: TOPIC, partition: 0, value: Buffer.alloc(10) }],
        });
      }
    };
    await Promise.all([produce(), produce(), produce(), produce(), produce()]);
    assert.equal(disconnected, 0);
    await producer.close();
    assert.equal(loginsAgain, 2);
  });
});

async function withAdmin<T>(file: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const { bootstrapServers, access } = readClientProperties(file);
  assert.ok(bootstrapServers !== null);
  const admin = new Admin({
    clientId: 'test',
    ...clusterOptions(bootstrapServers, libraryAccess(access, bootstrapServers)),
    retries: 0,
  });
  try {
    return await use(admin);
  } catch (error) {
    const errors = chain(error);
    throw new EntryError(accessFailure(errors, access) ?? errors.at(-1)?.message);
  } finally {
    await admin.close();
  }
}

function listTopics(file: string): Promise<string[]> {
  return withAdmin(file, (admin) => admin.listTopics());
}

/** Checks what the user is told, or the innermost message of a failure that is not one of access. */
function tells(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EntryError);
    assert.match(error.message, pattern);
    return true;
  };
}

/** What the user would be told. */
class EntryError extends Error {}

function chain(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.flatMap(chain)];
}
