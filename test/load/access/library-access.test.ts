import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { accessFailure } from '../../../src/load/access/access-failure.ts';
import {
  type ClusterAccess,
  describeAccess,
  PLAINTEXT_ACCESS,
  type TlsAccess,
} from '../../../src/load/access/cluster-access.ts';
import { libraryAccess } from '../../../src/load/access/library-access.ts';
import { createAuthority, issueCertificate } from '../../../src/local/security/certificates.ts';

async function serve(
  t: TestContext,
  address: string,
): Promise<{ readonly port: number; readonly tls: TlsAccess; readonly certificate: string }> {
  const authority = await createAuthority();
  const server = await issueCertificate(authority, { commonName: 'broker', addresses: [address] });
  const listening = createServer({ key: server.key, cert: server.certificate }, (socket) => socket.end());
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  t.after(() => listening.close());
  const { port } = listening.address() as AddressInfo;
  const tls: TlsAccess = {
    trusted: [authority.certificate],
    identity: null,
    checksHostName: true,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: null,
  };
  return { port, tls, certificate: server.certificate };
}

/** The version of TLS that is agreed upon. */
async function handshake(port: number, tls: TlsAccess): Promise<string | null> {
  const { tls: options } = libraryAccess({ tls, sasl: null }, '127.0.0.1:9092');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', options);
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
  });
}

test('a cluster that lets everybody in needs no options', () => {
  assert.deepEqual(libraryAccess(PLAINTEXT_ACCESS, 'localhost:9092'), {});
});

test('TLS names hosts, and not addresses', async (t) => {
  const { tls } = await serve(t, 'localhost');
  for (const [servers, named] of [
    ['127.0.0.1:9092,10.0.0.1:9092', false],
    ['[::1]:9092', false],
    ['broker.example:9092', true],
    ['10.0.0.1:9092, broker.example:9092', true],
  ] as const) {
    assert.equal(libraryAccess({ tls, sasl: null }, servers).tlsServerName, named, servers);
  }
});

test('a server of another name is refused unless names are not checked', async (t) => {
  const { port, tls } = await serve(t, 'elsewhere');
  await assert.rejects(handshake(port, tls), (error: Error) => {
    assert.match(
      accessFailure([new Error('outer'), error], { tls, sasl: null }) ?? '',
      /^expected a cluster to enter by SSL, found that TLS failed: Hostname\/IP does not match/,
    );
    return true;
  });
  assert.equal(await handshake(port, { ...tls, checksHostName: false }), 'TLSv1.3');
});

test('a certificate that is trusted itself needs no authority', async (t) => {
  const { port, tls, certificate } = await serve(t, '127.0.0.1');
  assert.equal(await handshake(port, { ...tls, trusted: [certificate] }), 'TLSv1.3');
});

test('versions and ciphers are kept to', async (t) => {
  const { port, tls } = await serve(t, '127.0.0.1');
  assert.equal(await handshake(port, { ...tls, maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  const older = { ...tls, maxVersion: 'TLSv1.2' } as const;
  const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  assert.equal(await handshake(port, { ...older, ciphers }), 'TLSv1.2');
  await assert.rejects(handshake(port, { ...older, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), /handshake/);
});

test('neither descriptions nor options of the library show secrets', () => {
  const accesses: ClusterAccess[] = [
    { tls: null, sasl: { mechanism: 'PLAIN', username: 'me', password: 'hidden' } },
    {
      tls: null,
      sasl: {
        mechanism: 'OAUTHBEARER',
        source: {
          kind: 'endpoint',
          url: 'https://user:hidden@issuer/token?key=hidden',
          clientId: 'me',
          clientSecret: 'hidden',
          scope: null,
          encodesCredentials: false,
          tls: {
            trusted: null,
            identity: { key: 'hidden', chain: [] },
            checksHostName: true,
            minVersion: 'TLSv1.2',
            maxVersion: 'TLSv1.3',
            ciphers: null,
          },
        },
        extensions: { key: 'hidden' },
      },
    },
  ];
  for (const access of accesses) {
    assert.doesNotMatch(describeAccess(access), /hidden/);
    assert.doesNotMatch(JSON.stringify(libraryAccess(access, 'localhost:9092')), /hidden/);
    assert.deepEqual(structuredClone(access), access);
  }
});

test('only what is about access is told as such', () => {
  assert.equal(accessFailure([new Error('connect ECONNREFUSED')], PLAINTEXT_ACCESS), null);
  assert.match(accessFailure([new Error('Broker requires TLS.')], PLAINTEXT_ACCESS) ?? '', /TLS failed/);
});
