/** Load through every kind of listener, entered with the properties files that are written for Java's clients. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT, UserError } from '../../src/errors/errors.ts';
import { runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { clusterDirectory } from '../../src/local/cluster/state.ts';
import { securityPaths } from '../../src/local/security/security-paths.ts';
import { runTool } from '../../src/local/system/tool.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';
import { playPhase, sumOfMBeans, wayOf } from './real-phase.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const REAUTHENTICATION_MS = 2000;
/** The library's own retries of a request, whose logins they are. */
const LOGINS_MAX = 4;
const SCENARIO = `apiVersion: brokertwin/v1
kind: Scenario
name: secured
topics:
  secured: { partitions: 3 }
producers:
  checkout: { topics: secured, rate: 1000/s, record: { value: 200B } }
consumers:
  billing: { topics: secured }
run: { warmup: 1s, duration: 2s, phases: [{ name: paced, load: 1 }] }
`;

describe('a cluster with all listeners and mechanisms', {
  skip: missing(['java', 'maven', 'openssl']) ?? false,
}, () => {
  let cluster: LocalCluster;
  let directory: string;
  let scenarioFile: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'brokertwin-secured-'));
    scenarioFile = join(directory, 'scenario.yaml');
    writeFileSync(scenarioFile, SCENARIO);
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      listeners: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
      saslMechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
      config: {
        'listener.name.ssl.ssl.client.auth': 'required',
        'connections.max.reauth.ms': String(REAUTHENTICATION_MS),
      },
      jmx: true,
      progress: () => undefined,
    });
  });

  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await cluster?.stop();
  });

  function clientFile(name: string): string {
    const { clientProperties } = securityPaths(clusterDirectory(cluster.name));
    return join(clientProperties, `${name}.properties`);
  }

  /** A client's file with another password. */
  function withWrongPassword(name: string): string {
    const text = readFileSync(clientFile(name), 'utf8').replace(
      /(password|clientSecret)="\w+"/,
      '$1="wrong"',
    );
    const file = join(directory, `wrong-${name}.properties`);
    writeFileSync(file, text);
    return file;
  }

  /** Logins and failures to log in so far, by the broker. */
  function logins(
    which: 'successful-reauthentication-total' | 'failed-authentication-total',
  ): Promise<number> {
    return sumOfMBeans(cluster.brokers[0]?.jolokiaUrl, {
      mbean: 'kafka.server:type=socket-server-metrics,listener=*,networkProcessor=*',
      attributes: [which],
    });
  }

  function load(args: readonly string[]) {
    return runTool(process.execPath, [MAIN, 'load', ...args]);
  }

  test('every record is acknowledged, in the log and consumed once by SSL with a client certificate', async () => {
    const { result, records } = await playPhase({
      scenario: exampleScenario(),
      phase: examplePhase({ warmupMs: 500, durationMs: 1000 }),
      ...wayOf(clientFile('SSL')),
    });
    assert.deepEqual(result.errors, {});
    assert.equal(records, 3000);
    assert.equal(result.totals.recordsAcknowledged, records);
    assert.equal(result.totals.recordsConsumed, records);
    assert.equal(result.counts.recordsFailed, 0);
  });

  for (const name of [
    'SASL_SSL-PLAIN',
    'SASL_PLAINTEXT-SCRAM-SHA-256',
    'SASL_PLAINTEXT-SCRAM-SHA-512',
    'SASL_SSL-OAUTHBEARER',
  ]) {
    test(`every record is acknowledged, in the log and consumed once by ${name}, whose logins expire`, async () => {
      const before = await logins('successful-reauthentication-total');
      const { result, records } = await playPhase({
        scenario: exampleScenario({
          producers: [exampleProducer({ config: producerConfig({ acks: 'all', 'linger.ms': 1 }) })],
          consumers: [exampleConsumer({ group: name })],
        }),
        phase: examplePhase({ warmupMs: 500, durationMs: REAUTHENTICATION_MS + 500 }),
        verify: true,
        ...wayOf(clientFile(name)),
      });
      const again = (await logins('successful-reauthentication-total')) - before;
      assert.deepEqual(result.errors, {});
      assert.deepEqual(
        result.deliveries.map(({ verdict }) => verdict),
        ['proven'],
      );
      assert.equal(records, 6000);
      assert.equal(result.totals.recordsAcknowledged, records);
      assert.equal(result.totals.recordsConsumed, records);
      assert.ok(again >= 3, `${again} logins again of two producers and a consumer`);
    });
  }

  test('the command line takes the file as it is', async () => {
    const out = join(directory, 'out');
    const run = await load([
      ...[scenarioFile, '--command-config', clientFile('SASL_SSL-SCRAM-SHA-512')],
      ...['--verify', '--out', out],
    ]);
    assert.ok(run?.exitCode === EXIT.good || run?.exitCode === EXIT.generatorLate, run?.lines.join('\n'));
    const [phase] = JSON.parse(readFileSync(join(out, 'measurement.json'), 'utf8')).phases;
    assert.equal(phase.counts.recordsAcknowledged, 2000);
    assert.equal(phase.counts.recordsConsumed, 2000);
    assert.deepEqual(
      phase.deliveries.map(({ verdict }: { verdict: string }) => verdict),
      ['proven'],
    );
  });

  test('a wrong password ends the command line with one line', async () => {
    const before = await logins('failed-authentication-total');
    const file = withWrongPassword('SASL_PLAINTEXT-SCRAM-SHA-256');
    const run = await load([scenarioFile, '--command-config', file]);
    assert.equal(run?.exitCode, EXIT.clusterUnreachable);
    const lines = run.lines.filter((line) => line !== 'cluster');
    assert.equal(lines.length, 1, run.lines.join('\n'));
    assert.match(
      lines[0],
      /^127\.0\.0\.1:\d+: expected a cluster to enter by SASL_PLAINTEXT SCRAM-SHA-256 as client, found that the login failed: /,
    );
    const failed = (await logins('failed-authentication-total')) - before;
    assert.ok(failed >= 1 && failed <= LOGINS_MAX, `${failed} logins`);
  });

  test('a wrong password of all clients is told once, and is not tried over and over', async () => {
    const scenario = exampleScenario({
      producers: [exampleProducer({ count: 10 })],
      consumers: [exampleConsumer({ count: 10 })],
    });
    const admin = wayOf(clientFile('PLAINTEXT'));
    await createTopics({ scenario, ...admin });
    const before = await logins('failed-authentication-total');
    try {
      await assert.rejects(
        runPhase({ scenario, phase: examplePhase(), ...wayOf(withWrongPassword('SASL_SSL-PLAIN')) }),
        (error) => {
          assert.ok(error instanceof UserError, String(error));
          assert.equal(error.exitCode, EXIT.clusterUnreachable);
          assert.equal(error.lines.length, 1);
          assert.match(error.lines[0], /the login failed/);
          return true;
        },
      );
      const failed = (await logins('failed-authentication-total')) - before;
      assert.ok(failed >= 1 && failed <= LOGINS_MAX, `${failed} logins`);
    } finally {
      await deleteTopics({ scenario, ...admin });
    }
  });
});
