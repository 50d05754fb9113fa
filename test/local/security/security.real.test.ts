import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import { TOOL_JVM } from '../../../src/local/kafka/broker-process.ts';
import { type KafkaJars, obtainKafkaJars } from '../../../src/local/kafka/jars.ts';
import type { ClientPropertiesFile } from '../../../src/local/security/security.ts';
import { securityPaths } from '../../../src/local/security/security-paths.ts';
import { passwordOf } from '../../../src/local/security/users.ts';
import { runTool, type ToolRun } from '../../../src/local/system/tool.ts';
import type { SaslMechanism, SecurityProtocol } from '../../../src/scenario/security-protocols.ts';
import { missing } from '../../support/components.ts';
import { connectionOf, listTopics } from './client-connection.ts';
import { type SecuredCluster, startSecuredCluster } from './secured-cluster.ts';

const PROTOCOLS: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const MECHANISMS: readonly SaslMechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN', 'OAUTHBEARER'];
const TOPIC = 'secured';

describe('a cluster with all listeners and mechanisms', { skip: missing(['java', 'maven']) ?? false }, () => {
  let jars: KafkaJars;
  let cluster: SecuredCluster;

  before(async () => {
    jars = await obtainKafkaJars({ version: '4.3.1', progress: () => undefined });
    cluster = await startSecuredCluster(
      jars,
      {
        listeners: [
          ...PROTOCOLS.map((protocol) => ({ name: protocol, protocol })),
          { name: 'CONTROLLER', protocol: 'SASL_SSL' },
        ],
        mechanisms: MECHANISMS,
        interBrokerListener: 'SASL_SSL',
        controllerListener: 'CONTROLLER',
        config: { 'listener.name.ssl.ssl.client.auth': 'required' },
      },
      2,
    );
  });

  after(async () => cluster?.stop());

  test("takes Kafka's own tools with the files written for them, and refuses a wrong password in one", async () => {
    const created = await topicTool(fileOf('SASL_SSL', 'OAUTHBEARER'), [
      '--create',
      '--topic',
      TOPIC,
      '--replication-factor',
      '2',
    ]);
    assert.equal(created?.exitCode, 0, created?.lines.join('\n'));
    // A tool takes seconds: each mechanism and each protocol once, Node's clients try all pairs of them.
    const rest = [
      [fileOf('PLAINTEXT', null), fileOf('SSL', null)],
      [fileOf('SASL_PLAINTEXT', 'PLAIN'), fileOf('SASL_PLAINTEXT', 'SCRAM-SHA-256')],
      [fileOf('SASL_SSL', 'SCRAM-SHA-512'), fileWithWrongPassword()],
    ] as const;
    const runs: (ToolRun | null)[] = [];
    for (const pair of rest) {
      runs.push(...(await Promise.all(pair.map((file) => topicTool(file, ['--list'])))));
    }
    const refused = runs.pop();
    for (const run of runs) assert.ok(run?.lines.includes(TOPIC), run?.lines.join('\n'));
    assert.equal(runs.length, 5);
    assert.notEqual(refused?.exitCode, 0);
    assert.match(refused?.lines.join('\n') ?? '', /SaslAuthenticationException/);
  });

  test('takes clients in Node on every one', async () => {
    for (const file of cluster.clientFiles) {
      const topics = await listTopics(await connectionOf(cluster.security, file));
      assert.ok(topics.includes(TOPIC), `${file.listener} ${file.mechanism}: ${topics}`);
    }
  });

  test('replicates between its brokers, which authenticate to each other', async () => {
    const connection = await connectionOf(cluster.security, fileOf('SASL_SSL', 'SCRAM-SHA-512'));
    const producer = new Producer({ ...connection, retries: 0 });
    try {
      const result = await producer.send({
        acks: ProduceAcks.ALL,
        messages: [{ topic: TOPIC, value: Buffer.from('record') }],
      });
      assert.equal(result.offsets?.[0].offset, 0n);
    } finally {
      await producer.close();
    }
  });

  test('refuses a wrong password, with every mechanism that has one', async () => {
    for (const mechanism of MECHANISMS.filter((name) => name !== 'OAUTHBEARER')) {
      const connection = await connectionOf(cluster.security, fileOf('SASL_PLAINTEXT', mechanism), 'wrong');
      await assert.rejects(listTopics(connection), mechanism);
    }
  });

  test('refuses a token that somebody else signed', async () => {
    const connection = await connectionOf(cluster.security, fileOf('SASL_PLAINTEXT', 'OAUTHBEARER'));
    const token = String(connection.sasl?.token);
    const [header, claims] = token.split('.');
    const forged = `${header}.${claims}.${Buffer.alloc(64, 1).toString('base64url')}`;
    await assert.rejects(listTopics({ ...connection, sasl: { mechanism: 'OAUTHBEARER', token: forged } }));
    assert.ok(await listTopics({ ...connection, sasl: { mechanism: 'OAUTHBEARER', token } }));
  });

  test('refuses a client without a certificate where the user wants one, and a server that nobody signed for', async () => {
    const connection = await connectionOf(cluster.security, fileOf('SSL', null));
    const ca = connection.tls?.ca ?? '';
    await assert.rejects(listTopics({ ...connection, tls: { ca } }));
    const { ca: _, ...trustingNobody } = connection.tls ?? {};
    await assert.rejects(listTopics({ ...connection, tls: trustingNobody }));
  });

  test('keeps passwords out of the properties of its brokers and off the command lines of its processes', () => {
    const { directory } = cluster.security;
    const shown = [
      ...['node-1', 'node-2'].map((node) => join(directory, node, 'server.properties')),
      ...cluster.processes.map(({ pid }) => `/proc/${pid}/cmdline`),
    ].map((path) => readFileSync(path, 'utf8'));
    assert.equal(shown.length, 5);
    for (const name of ['client', 'broker'] as const) {
      const password = passwordOf(securityPaths(directory), name);
      for (const text of shown) assert.ok(!text.includes(password));
    }
  });

  function fileOf(listener: string, mechanism: SaslMechanism | null): ClientPropertiesFile {
    const file = cluster.clientFiles.find(
      (candidate) => candidate.listener === listener && candidate.mechanism === mechanism,
    );
    assert.ok(file);
    return file;
  }

  /** The user `client` with the password of `broker`. */
  function fileWithWrongPassword(): ClientPropertiesFile {
    const file = fileOf('SASL_SSL', 'PLAIN');
    const paths = securityPaths(cluster.security.directory);
    const right = readFileSync(file.path, 'utf8');
    const wrong = right.replace(passwordOf(paths, 'client'), passwordOf(paths, 'broker'));
    assert.notEqual(wrong, right);
    const path = join(cluster.security.directory, 'wrong.properties');
    writeFileSync(path, wrong);
    return { ...file, path };
  }

  async function topicTool(file: ClientPropertiesFile, command: readonly string[]): Promise<ToolRun | null> {
    const tool = ['org.apache.kafka.tools.TopicCommand', '--bootstrap-server', file.bootstrapServers];
    return await runTool(jars.java, [
      ...TOOL_JVM,
      ...file.jvmOptions,
      '-cp',
      jars.classpath,
      ...tool,
      '--command-config',
      file.path,
      ...command,
    ]);
  }
});
