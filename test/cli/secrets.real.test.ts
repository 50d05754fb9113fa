/** Whatever goes wrong on the way into a cluster: nothing that is shown or written holds a secret. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { readClientProperties } from '../../src/load/access/client-properties.ts';
import { clusterFacts } from '../../src/load/cluster-facts.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { clusterDirectory } from '../../src/local/cluster/state.ts';
import { securityPaths } from '../../src/local/security/security-paths.ts';
import { missing } from '../support/components.ts';
import { commandFile, type Finished, runProgram } from '../support/run-program.ts';

const skip = missing(['java', 'maven', 'openssl']) ?? false;
const folder = mkdtempSync(path.join(tmpdir(), 'brokertwin-secrets-'));
const SECRET = 'hUsh-7f3a9-nobody';
const MODULES = 'org.apache.kafka.common.security';
const PLAIN = `${MODULES}.plain.PlainLoginModule`;
const SCRAM = `${MODULES}.scram.ScramLoginModule`;
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip !== false) return;
  cluster = await startLocalCluster({
    version: '4.3.1',
    brokers: 1,
    listeners: ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL'],
    saslMechanisms: ['PLAIN', 'SCRAM-SHA-512', 'OAUTHBEARER'],
    jmx: false,
    progress: () => undefined,
  });
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster?.stop();
});

const scenario = path.join(folder, 'scenario.yaml');
writeFileSync(
  scenario,
  `apiVersion: brokertwin/v1
name: secrets
hosts: { local: { count: 1 } }
cluster: { kafka: 4.3.1, brokers: { host: local, count: 1 } }
topics: { orders: { partitions: 2, replication.factor: 1 } }
producers: { web: { host: local, topics: [orders], rate: 200/s, record: { value: 100B } } }
consumers: { billing: { host: local, topics: [orders], group: billing } }
run: { warmup: 200ms, duration: 1s }
`,
);

/** Everything that a command line of `load` printed and wrote, and its exit code. */
async function traceOf(name: string, args: readonly string[]): Promise<Finished & { readonly all: string }> {
  const directory = path.join(folder, name);
  const summary = path.join(folder, `${name}.md`);
  const isPerfTest = args.includes('--topic');
  const outputs = isPerfTest ? [] : ['--out', directory, '--junit', path.join(folder, `${name}.xml`)];
  const finished = await runProgram(process.execPath, [commandFile, 'load', ...args, ...outputs], {
    env: { ...process.env, GITHUB_STEP_SUMMARY: summary },
  });
  const written = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.startsWith(name) && !/\.(?:properties|driver\.yaml)$/.test(file))
    .map((file) => path.join(folder, file))
    .filter((file) => file !== directory)
    .map((file) => readFileSync(file, 'latin1'));
  return { ...finished, all: [finished.stdout, finished.stderr, ...written].join('\n') };
}

function properties(name: string, lines: readonly string[]): string {
  const file = path.join(folder, `${name}.properties`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const login = (mechanism: string, module: string): string[] => [
  'security.protocol=SASL_PLAINTEXT',
  `sasl.mechanism=${mechanism}`,
  `sasl.jaas.config=${module} required username="client" password="${SECRET}";`,
];

function assertSilent(of: { readonly all: string }, secret = SECRET): void {
  assert.ok(!of.all.includes(secret), of.all);
  assert.ok(!of.all.includes(Buffer.from(secret).toString('base64')), of.all);
}

const MODES: Readonly<Record<string, readonly string[]>> = {
  scenario: [scenario],
  'dry-run': [scenario, '--dry-run'],
  'perf-test': ['--topic', 't', '--num-records', '10', '--record-size', '10', '--throughput', '-1'],
};

for (const [mode, args] of Object.entries(MODES)) {
  test(`a closed port tells nobody the password (${mode})`, async () => {
    const server = `127.0.0.1:${await closedPort()}`;
    const file = properties(`closed-${mode}`, [`bootstrap.servers=${server}`, ...login('PLAIN', PLAIN)]);
    const found = await traceOf(`closed-${mode}`, [...args, '--command-config', file]);
    assert.equal(found.code, 3, found.all);
    assert.ok(found.stderr.includes(server), found.stderr);
    assertSilent(found);
  });

  for (const [mechanism, module] of [
    ['PLAIN', PLAIN],
    ['SCRAM-SHA-512', SCRAM],
  ] as const) {
    test(`a wrong password is told as one, without it (${mode}, ${mechanism})`, { skip }, async () => {
      const name = `wrong-${mechanism}-${mode}`;
      const found = await traceOf(name, [
        ...args,
        ...[
          '--command-config',
          properties(name, [`bootstrap.servers=${saslServer()}`, ...login(mechanism, module)]),
        ],
      ]);
      assert.equal(found.code, 3, found.all);
      assert.match(found.stderr, /found that the login failed/);
      assertSilent(found);
    });
  }
}

/** Lines that lost their place, their quotation or their end. */
const MALFORMED: Readonly<Record<string, readonly string[]>> = {
  'a login without its end': [
    ...login('PLAIN', PLAIN).slice(0, 2),
    `sasl.jaas.config=${PLAIN} required username="client" password="${SECRET}"`,
  ],
  'a login that begins with the password': [
    ...login('PLAIN', PLAIN).slice(0, 2),
    `sasl.jaas.config=${SECRET} required;`,
  ],
  'a login over lines without backslashes': [
    ...login('PLAIN', PLAIN).slice(0, 2),
    `sasl.jaas.config=${PLAIN} required`,
    `  password="${SECRET}";`,
  ],
  'a mechanism that is the password': ['security.protocol=SASL_SSL', `sasl.mechanism=PLAIN "${SECRET}"`],
  'a half escape': [...login('PLAIN', PLAIN), `ssl.key.password=\\u12${SECRET}`],
  'a number in an unsecured token': [
    ...login('OAUTHBEARER', `${MODULES}.oauthbearer.OAuthBearerLoginModule`).slice(0, 2),
    `sasl.jaas.config=${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="a" unsecuredLoginNumberClaim_level="${SECRET}" unsecuredLoginLifetimeSeconds="${SECRET}";`,
  ],
  'stores that are none': [
    'security.protocol=SSL',
    `ssl.truststore.location=${scenario}`,
    `ssl.truststore.password=${SECRET}`,
    `ssl.keystore.location=${scenario}`,
    `ssl.keystore.password=${SECRET}`,
    `ssl.key.password=${SECRET}`,
  ],
  'a key over lines without backslashes': [
    'security.protocol=SSL',
    'ssl.keystore.type=PEM',
    'ssl.keystore.key=-----BEGIN PRIVATE KEY-----',
    `${SECRET}`,
    '-----END PRIVATE KEY-----',
  ],
  'an address with a login': [`bootstrap.servers=SASL_SSL://client:${SECRET}@broker:9092`],
};

for (const [what, lines] of Object.entries(MALFORMED)) {
  test(`malformed properties are refused without what they say: ${what}`, async () => {
    const name = `malformed-${what.replaceAll(' ', '-')}`;
    const file = properties(name, lines);
    for (const mode of ['scenario', 'perf-test']) {
      const server = ['--bootstrap-server', `127.0.0.1:${await closedPort()}`];
      const found = await traceOf(`${name}-${mode}`, [...MODES[mode], ...server, '--command-config', file]);
      assert.ok(found.code === 2 || found.code === 3, `${found.code} ${found.all}`);
      assertSilent(found);
    }
  });

  test(`the same in a driver of OMB: ${what}`, async () => {
    const name = `omb-${what.replaceAll(' ', '-')}`;
    const workload = path.join(folder, 'workload.yaml');
    writeFileSync(
      workload,
      'name: w\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: 100\nuseRandomizedPayloads: true\nrandomBytesRatio: 0.5\nrandomizedPayloadPoolSize: 10\nsubscriptionsPerTopic: 1\nconsumerPerSubscription: 1\nproducersPerTopic: 1\nproducerRate: 100\ntestDurationMinutes: 1\nwarmupDurationMinutes: 1\nconsumerBacklogSizeGB: 0\n',
    );
    const driver = path.join(folder, `${name}.driver.yaml`);
    const indented = lines.map((line) => `  ${line.trim()}\n`).join('');
    writeFileSync(
      driver,
      `name: k\ndriverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver\nreplicationFactor: 1\nreset: true\ntopicConfig: ""\ncommonConfig: |\n${indented}producerConfig: ""\nconsumerConfig: ""\n`,
    );
    const server = ['--bootstrap-server', `127.0.0.1:${await closedPort()}`];
    const found = await traceOf(name, ['--workload', workload, '--driver', driver, ...server]);
    assert.ok(found.code === 2 || found.code === 3, `${found.code} ${found.all}`);
    assertSilent(found);
  });
}

test('a run that gets in leaves no password in its results', { skip, timeout: 300_000 }, async () => {
  const { clientProperties } = securityPaths(clusterDirectory(cluster?.name ?? ''));
  for (const file of readdirSync(clientProperties).filter((one) => one.startsWith('SASL'))) {
    const { access } = readClientProperties(path.join(clientProperties, file));
    const { sasl } = access;
    const secret =
      sasl === null || sasl.mechanism !== 'OAUTHBEARER'
        ? sasl?.password
        : sasl.source.kind === 'endpoint'
          ? sasl.source.clientSecret
          : undefined;
    if (secret === undefined) continue;
    const name = `inside-${path.basename(file, '.properties')}`;
    const found = await traceOf(name, [scenario, '--command-config', path.join(clientProperties, file)]);
    assert.ok(found.code === 0 || found.code === 4, found.all);
    assertSilent(found, secret);
  }
});

test('an error that a logger would print with all that it holds has no secret in it', { skip }, async () => {
  const file = properties('logged', [`bootstrap.servers=${saslServer()}`, ...login('SCRAM-SHA-512', SCRAM)]);
  const { access } = readClientProperties(file);
  await assert.rejects(clusterFacts({ bootstrapServers: saslServer(), access }), (error) => {
    const shown = inspect(error, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      maxStringLength: null,
    });
    assert.match(shown, /cause/);
    assert.ok(!shown.includes(SECRET), shown);
    return true;
  });
});

function saslServer(): string {
  const { clientProperties } = securityPaths(clusterDirectory(cluster?.name ?? ''));
  const file = readdirSync(clientProperties).find((one) => /^SASL_PLAINTEXT.*PLAIN/.test(one)) ?? '';
  return (
    readClientProperties(path.join(clientProperties, file)).bootstrapServers ?? assert.fail('no address')
  );
}
