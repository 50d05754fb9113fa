import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { type ClientProperties, readClientProperties } from '../../../src/load/access/client-properties.ts';
import { describeAccess, PLAINTEXT_ACCESS } from '../../../src/load/access/cluster-access.ts';
import { createAuthority, issueCertificate } from '../../../src/local/security/certificates.ts';
import { javaProperties } from '../../../src/local/security/java-properties.ts';
import { emptyDirectory } from './directory.ts';
import { writeLines } from './stores.ts';

const SECURITY = 'org.apache.kafka.common.security';
const PLAIN_MODULE = `${SECURITY}.plain.PlainLoginModule`;
const OAUTH_MODULE = `${SECURITY}.oauthbearer.OAuthBearerLoginModule`;
const OAUTH_HANDLER = `${SECURITY}.oauthbearer.OAuthBearerLoginCallbackHandler`;
const LOGIN = `sasl.jaas.config=${PLAIN_MODULE} required username="me" password="secret";`;

function read(t: TestContext, lines: readonly string[]): ClientProperties {
  return readClientProperties(writeLines(emptyDirectory(t), 'client.properties', lines));
}

/** Problems without the file's directory. */
function problemsOf(t: TestContext, lines: readonly string[]): readonly string[] {
  const directory = emptyDirectory(t);
  try {
    readClientProperties(writeLines(directory, 'client.properties', lines));
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.lines.map((line) => line.replaceAll(`${directory}/`, ''));
  }
  assert.fail('expected a UserError');
}

function encrypted(key: KeyObject, passphrase: string): string {
  return String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }));
}

test('an empty file is one of a cluster that lets everybody in', (t) => {
  assert.deepEqual(read(t, []), { bootstrapServers: null, access: PLAINTEXT_ACCESS, rest: new Map() });
});

test('addresses are taken as Kafka takes them, and what is not about security is left to the caller', (t) => {
  const { bootstrapServers, rest } = read(t, [
    'bootstrap.servers = one:9092 , SSL://two.example:9093, [::1]:9094,',
    'acks=all',
    '',
    'ssl.trustore.location=misspelt',
    'linger.ms: 5',
  ]);
  assert.equal(bootstrapServers, 'one:9092,two.example:9093,[::1]:9094');
  assert.deepEqual(
    [...rest],
    [
      ['acks', { value: 'all', line: 2 }],
      ['ssl.trustore.location', { value: 'misspelt', line: 4 }],
      ['linger.ms', { value: '5', line: 5 }],
    ],
  );
});

test('settings of what the protocol does not call for are left aside', (t) => {
  const unused = ['ssl.truststore.location=nowhere', 'sasl.mechanism=GSSAPI', 'ssl.provider=Mine'];
  const { access, rest } = read(t, ['security.protocol=plaintext', ...unused]);
  assert.deepEqual(access, PLAINTEXT_ACCESS);
  assert.equal(rest.size, 0);
});

for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
  test(`a user name and a password with ${mechanism} are taken over`, (t) => {
    const { access } = read(t, ['security.protocol=SASL_PLAINTEXT', `sasl.mechanism=${mechanism}`, LOGIN]);
    assert.deepEqual(access, { tls: null, sasl: { mechanism, username: 'me', password: 'secret' } });
    assert.equal(describeAccess(access), `SASL_PLAINTEXT ${mechanism} as me`);
  });
}

test('TLS without further settings is checked as Node checks it', (t) => {
  assert.deepEqual(read(t, ['security.protocol=SSL']).access, {
    tls: {
      trusted: null,
      identity: null,
      checksHostName: true,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: null,
    },
    sasl: null,
  });
});

test('host names, versions and ciphers are as stated', (t) => {
  const { access } = read(t, [
    'security.protocol=SSL',
    'ssl.endpoint.identification.algorithm=',
    'ssl.enabled.protocols=TLSv1.2,TLSv1.1,TLSv1.3',
    'ssl.protocol=TLSv1.2',
    'ssl.cipher.suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, \\',
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,TLS_RSA_WITH_AES_256_CBC_SHA, \\',
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  ]);
  assert.equal(access.tls?.checksHostName, false);
  assert.equal(access.tls.minVersion, 'TLSv1.1');
  assert.equal(access.tls.maxVersion, 'TLSv1.2');
  assert.equal(
    access.tls.ciphers,
    'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA256:AES256-SHA:ECDHE-RSA-CHACHA20-POLY1305',
  );
});

test('versions without a cipher are left out', (t) => {
  const { access } = read(t, [
    'security.protocol=SSL',
    'ssl.cipher.suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  ]);
  assert.equal(access.tls?.maxVersion, 'TLSv1.2');
});

test('PEM is read from files and from the settings themselves, also on one line, and with an encrypted key', async (t) => {
  const directory = emptyDirectory(t);
  const authority = await createAuthority();
  const client = await issueCertificate(authority, { commonName: 'client', addresses: [] });
  const chain = client.certificate + authority.certificate;
  const locked = encrypted(createPrivateKey(client.key), 'of the key');
  const oneLine = (pem: string): string => pem.replaceAll('\n', ' ');
  const files = { trust: join(directory, 'ca.pem'), keys: join(directory, 'client.pem') };
  writeFileSync(files.trust, `Subject: somebody\n${authority.certificate}`);
  writeFileSync(files.keys, `Bag Attributes\n${locked}${chain}`);
  const common = {
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.keystore.type': 'PEM',
    'ssl.key.password': 'of the key',
  };
  const inFiles = { 'ssl.truststore.location': files.trust, 'ssl.keystore.location': files.keys };
  const inline = {
    'ssl.truststore.certificates': authority.certificate,
    'ssl.keystore.key': locked,
    'ssl.keystore.certificate.chain': chain,
  };
  const onLines = Object.fromEntries(Object.entries(inline).map(([key, pem]) => [key, oneLine(pem)]));
  for (const settings of [inFiles, inline, onLines]) {
    const { access } = read(t, javaProperties({ ...common, ...settings }).split('\n'));
    assert.deepEqual(access.tls?.trusted, [authority.certificate]);
    assert.equal(access.tls.identity?.key, client.key);
    assert.deepEqual(access.tls.identity.chain, [client.certificate, authority.certificate]);
    assert.deepEqual(structuredClone(access), access);
    assert.equal(describeAccess(access), 'SSL with a client certificate');
  }
});

test('tokens come from an endpoint, for which the login module has settings of its own', (t) => {
  const { access } = read(t, [
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=OAUTHBEARER',
    `sasl.login.callback.handler.class=${OAUTH_HANDLER}`,
    'sasl.oauthbearer.token.endpoint.url=https://issuer.example/token?tenant=hidden',
    'sasl.oauthbearer.client.credentials.client.id=newer',
    'sasl.oauthbearer.header.urlencode=true',
    'sasl.login.retry.backoff.ms=200',
    `sasl.jaas.config=${OAUTH_MODULE} required clientId="older" clientSecret="secret" scope="a b" \\`,
    '  extension_tenant="blue" ssl.endpoint.identification.algorithm="";',
  ]);
  assert.ok(access.sasl?.mechanism === 'OAUTHBEARER' && access.sasl.source.kind === 'endpoint');
  const { tls, ...source } = access.sasl.source;
  assert.deepEqual(source, {
    kind: 'endpoint',
    url: 'https://issuer.example/token?tenant=hidden',
    clientId: 'newer',
    clientSecret: 'secret',
    scope: 'a b',
    encodesCredentials: true,
  });
  assert.equal(tls.checksHostName, false);
  assert.deepEqual(access.sasl.extensions, { tenant: 'blue' });
  assert.equal(
    describeAccess(access),
    'SASL_PLAINTEXT OAUTHBEARER as newer with a token from https://issuer.example/token',
  );
});

test('tokens come from a file, and are made here without a handler', (t) => {
  const common = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=OAUTHBEARER'];
  const inFile = read(t, [
    ...common,
    `sasl.login.callback.handler.class=${OAUTH_HANDLER}`,
    'sasl.oauthbearer.token.endpoint.url=file:///var/run/a%20token',
    `sasl.jaas.config=${OAUTH_MODULE} required;`,
  ]);
  assert.ok(inFile.access.sasl?.mechanism === 'OAUTHBEARER');
  assert.deepEqual(inFile.access.sasl.source, { kind: 'file', path: '/var/run/a token' });
  const made = read(t, [
    ...common,
    `sasl.jaas.config=${OAUTH_MODULE} required unsecuredLoginStringClaim_sub="me" \\`,
    '  unsecuredLoginNumberClaim_level="2" unsecuredLoginListClaim_scope="|a|b" unsecuredLoginLifetimeSeconds="60";',
  ]);
  assert.ok(made.access.sasl?.mechanism === 'OAUTHBEARER');
  assert.deepEqual(made.access.sasl.source, {
    kind: 'unsecured',
    principalClaim: 'sub',
    claims: { sub: 'me', level: 2, scope: ['a', 'b'] },
    lifetimeSeconds: 60,
  });
  assert.equal(describeAccess(made.access), 'SASL_PLAINTEXT OAUTHBEARER as me with an unsecured token');
});

test('all problems are told at once, each where it is', (t) => {
  assert.deepEqual(
    problemsOf(t, [
      'bootstrap.servers=one',
      'path=C:\\users',
      'config.providers=vault',
      'security.protocol=SASL_SSL',
      'ssl.engine.factory.class=org.example.Factory',
      'ssl.truststore.location=nowhere.jks',
      'ssl.keystore.type=BCFKS',
      'ssl.endpoint.identification.algorithm=LDAPS',
      'ssl.enabled.protocols=SSLv3,TLSv1.1,TLSv1.3',
      'ssl.cipher.suites=TLS_KRB5_WITH_RC4_128_MD5',
      'sasl.mechanism=GSSAPI',
      'sasl.client.callback.handler.class=org.example.Handler',
    ]),
    [
      'client.properties:1: bootstrap.servers: expected host:port with commas between them, found one',
      'client.properties:2: expected four hexadecimal digits after \\u, found others; double the backslash',
      'client.properties:3: config.providers: expected none, found vault, which only Java can run; write the values themselves',
      `client.properties:5: ssl.engine.factory.class: expected ${SECURITY}.ssl.DefaultSslEngineFactory, found org.example.Factory, which only Java can run; leave it out, or use the Java clients`,
      "client.properties:6: ssl.truststore.location: expected a JKS or PKCS12 store that ssl.truststore.password opens, found: ENOENT: no such file or directory, open 'nowhere.jks'",
      'client.properties:7: ssl.keystore.type: expected JKS, PKCS12 or PEM, found BCFKS; convert the store with keytool -importkeystore',
      'client.properties:8: ssl.endpoint.identification.algorithm: expected https, or nothing for no check of host names, found LDAPS',
      'client.properties:9: ssl.enabled.protocols: expected some of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, found SSLv3; leave it out',
      'client.properties:9: ssl.enabled.protocols: expected protocols that follow each other, since Node enables a range, found TLSv1.1, TLSv1.3; add those between them, or leave out those at one end',
      "client.properties:10: ssl.cipher.suites: expected cipher suites that Node's TLS has, found TLS_KRB5_WITH_RC4_128_MD5; leave them out",
      'client.properties:11: sasl.mechanism: expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, found GSSAPI',
      `client.properties:12: sasl.client.callback.handler.class: expected ${SECURITY}.authenticator.SaslClientCallbackHandler or ${SECURITY}.oauthbearer.internals.OAuthBearerSaslClientCallbackHandler, found org.example.Handler, which only Java can run; leave it out, or use the Java clients`,
    ],
  );
});

const SASL = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN'];
const SCRAM = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=SCRAM-SHA-256'];
const OAUTH = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=OAUTHBEARER'];
const ASKING = [...OAUTH, `sasl.login.callback.handler.class=${OAUTH_HANDLER}`];
const URL = 'sasl.oauthbearer.token.endpoint.url=http://issuer/token';
const SSL = ['security.protocol=SSL'];
const refusals: Readonly<Record<string, readonly [lines: readonly string[], problem: RegExp]>> = {
  'a protocol that there is not': [['security.protocol=TLS'], /^client.properties:1: security.protocol: /],
  'SASL without a mechanism': [
    ['security.protocol=SASL_SSL'],
    /^client.properties: sasl.mechanism: .*, found none \(Kafka's default is GSSAPI\)$/,
  ],
  'a login without a module': [SASL, /^client.properties: sasl.jaas.config: expected .*PlainLoginModule/],
  'a module of another mechanism': [
    [...SASL, `sasl.jaas.config=${OAUTH_MODULE} required;`],
    /^client.properties:3: sasl.jaas.config: expected the login module .* for PLAIN, found .*OAuth/,
  ],
  'a text that is no module': [
    [...SASL, `sasl.jaas.config=${PLAIN_MODULE} required username="me" password="secret"`],
    /found no semicolon at its end$/,
  ],
  'two modules': [
    [...SASL, `sasl.jaas.config=${`${PLAIN_MODULE} required;`.repeat(2)}`],
    /found 2; leave one$/,
  ],
  'a login without a password': [
    [...SASL, `sasl.jaas.config=${PLAIN_MODULE} required username="me";`],
    /^client.properties:3: sasl.jaas.config: password: expected password="...", found none; add it$/,
  ],
  'a delegation token': [
    [...SCRAM, `${LOGIN.slice(0, -1)} tokenauth="true";`],
    /sasl.jaas.config: tokenauth: .*delegation token/,
  ],
  'a user that the library would misspell': [
    [...SCRAM, LOGIN.replace('"me"', '"a,b,c"')],
    /at most one comma/,
  ],
  'an endpoint without the handler that asks it': [
    [...OAUTH, URL, `sasl.jaas.config=${OAUTH_MODULE} required;`],
    /^client.properties:3: .*expected sasl.login.callback.handler.class with it/,
  ],
  'another handler': [
    [
      ...OAUTH,
      'sasl.login.callback.handler.class=org.example.H',
      `sasl.jaas.config=${OAUTH_MODULE} required;`,
    ],
    /^client.properties:3: .*, found org.example.H, which only Java can run$/,
  ],
  'an endpoint without the client': [
    [...ASKING, URL, `sasl.jaas.config=${OAUTH_MODULE} required clientId="me";`],
    /^client.properties:5: sasl.jaas.config: clientSecret: expected/,
  ],
  'a handler without an endpoint': [
    [...ASKING, `sasl.jaas.config=${OAUTH_MODULE} required clientId="me" clientSecret="secret";`],
    /^client.properties: sasl.oauthbearer.token.endpoint.url: expected an address .*, found none$/,
  ],
  'an unsecured token of nobody': [
    [...OAUTH, `sasl.jaas.config=${OAUTH_MODULE} required;`],
    /sasl.jaas.config: unsecuredLoginStringClaim_sub: expected/,
  ],
  'a password of PEM': [
    [...SSL, 'ssl.truststore.type=PEM', 'ssl.truststore.password=secret'],
    /^client.properties:3: ssl.truststore.password: expected none for PEM/,
  ],
  'a key without its certificates': [
    [...SSL, 'ssl.keystore.type=PEM', 'ssl.keystore.key=secret'],
    /^client.properties:3: ssl.keystore.key: expected ssl.keystore.certificate.chain with it/,
  ],
  'a key store without a password': [
    [...SSL, 'ssl.keystore.location=client.jks'],
    /^client.properties:2: ssl.keystore.location: expected ssl.keystore.password with it/,
  ],
  'PEM without a certificate': [
    [...SSL, 'ssl.truststore.type=PEM', 'ssl.truststore.certificates=secret'],
    /ssl.truststore.certificates: expected certificates in PEM, found: no certificate in PEM$/,
  ],
  'versions without a cipher': [
    [...SSL, 'ssl.enabled.protocols=TLSv1.2', 'ssl.cipher.suites=TLS_AES_128_GCM_SHA256'],
    /^client.properties:3: ssl.cipher.suites: expected a suite of TLSv1.2, found none/,
  ],
  'versions that exclude each other': [
    [...SSL, 'ssl.protocol=TLSv1.2', 'ssl.enabled.protocols=TLSv1.3'],
    /^client.properties:2: ssl.protocol: expected one not older than all enabled protocols/,
  ],
};
for (const [what, [lines, problem]] of Object.entries(refusals)) {
  test(`refused without telling secrets: ${what}`, (t) => {
    const problems = problemsOf(t, lines);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0], problem);
    assert.doesNotMatch(problems[0], /secret/);
  });
}

test('a file that is not there is named', () => {
  assert.throws(
    () => readClientProperties('nowhere.properties'),
    /^UserError: nowhere.properties: expected a pro/,
  );
});
