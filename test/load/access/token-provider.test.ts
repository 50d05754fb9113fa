import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt, UnsecuredJWT } from 'jose';
import type { TlsAccess, TokenEndpoint } from '../../../src/load/access/cluster-access.ts';
import { tokenProvider } from '../../../src/load/access/token-provider.ts';
import { createAuthority, issueCertificate } from '../../../src/local/security/certificates.ts';
import { emptyDirectory } from './directory.ts';

interface Asked {
  readonly method: string | undefined;
  readonly authorization: string | undefined;
  readonly form: string;
}

/** One after the other, the last one again and again. */
type Answers = readonly (readonly [status: number, body: string])[];

const NODE_TLS: TlsAccess = {
  trusted: null,
  identity: null,
  checksHostName: true,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: null,
};

function answering(answers: Answers): { readonly asked: Asked[]; readonly listener: RequestListener } {
  const asked: Asked[] = [];
  const listener: RequestListener = async (request: IncomingMessage, response) => {
    const { method, headers } = request;
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ method, authorization: headers.authorization, form: await text(request) });
    response.writeHead(status).end(body);
  };
  return { asked, listener };
}

async function endpoint(
  t: TestContext,
  answers: Answers,
  settings: Partial<TokenEndpoint> = {},
  keys: { readonly key: string; readonly cert: string } | null = null,
): Promise<{ readonly asked: Asked[]; readonly source: TokenEndpoint }> {
  const { asked, listener } = answering(answers);
  const server = keys === null ? createPlainServer(listener) : createTlsServer(keys, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const source: TokenEndpoint = {
    kind: 'endpoint',
    url: `${keys === null ? 'http' : 'https'}://127.0.0.1:${port}/token?realm=secret`,
    clientId: 'client',
    clientSecret: 'very secret',
    scope: null,
    encodesCredentials: false,
    tls: NODE_TLS,
    ...settings,
  };
  return { asked, source };
}

function issued(token: string, expiresIn?: number): [number, string] {
  return [200, JSON.stringify({ access_token: token, expires_in: expiresIn })];
}

test('a token is asked for as Kafka asks, and kept', async (t) => {
  const { asked, source } = await endpoint(t, [issued('one', 3600), issued('two', 3600)], { scope: 'a b' });
  const provide = tokenProvider(source);
  assert.deepEqual(await Promise.all([provide(), provide()]), ['one', 'one']);
  assert.equal(await provide(), 'one');
  assert.deepEqual(asked, [
    {
      method: 'POST',
      authorization: `Basic ${Buffer.from('client:very secret').toString('base64')}`,
      form: 'grant_type=client_credentials&scope=a+b',
    },
  ]);
});

test('a token that nears its end is replaced', async (t) => {
  const { source } = await endpoint(t, [issued('one', 1.2), issued('two', 3600)]);
  const provide = tokenProvider(source);
  assert.equal(await provide(), 'one');
  await sleep(250);
  assert.equal(await provide(), 'two');
});

test('the token itself says how long it lasts when the endpoint does not', async (t) => {
  const lasting = new UnsecuredJWT({}).setExpirationTime('1h').encode();
  const { asked, source } = await endpoint(t, [issued(lasting)]);
  const provide = tokenProvider(source);
  assert.equal(await provide(), lasting);
  assert.equal(await provide(), lasting);
  assert.equal(asked.length, 1);
});

test('a token of unknown lifetime is asked for each time', async (t) => {
  const { source } = await endpoint(t, [issued('one'), issued('two')]);
  const provide = tokenProvider(source);
  assert.equal(await provide(), 'one');
  assert.equal(await provide(), 'two');
});

test('credentials are encoded when that is stated', async (t) => {
  const { asked, source } = await endpoint(t, [issued('one')], {
    clientSecret: 'a+b c/ü',
    encodesCredentials: true,
  });
  await tokenProvider(source)();
  assert.equal(asked[0].authorization, `Basic ${Buffer.from('client:a%2Bb+c%2F%C3%BC').toString('base64')}`);
});

test('an endpoint that fails for a moment is asked again', async (t) => {
  const { asked, source } = await endpoint(t, [[503, 'busy'], [429, ''], issued('one')]);
  assert.equal(await tokenProvider(source)(), 'one');
  assert.equal(asked.length, 3);
});

test('a refusal is told with its reason, without secrets, and is not kept', async (t) => {
  const refusal = JSON.stringify({ error: 'invalid_client', error_description: 'unknown' });
  const { source } = await endpoint(t, [[401, refusal], issued('one')]);
  const provide = tokenProvider(source);
  await assert.rejects(provide(), (error: Error) => {
    assert.match(
      error.message,
      /^token endpoint http:\/\/127.0.0.1:\d+\/token: expected a token, found status 401 \(invalid_client: unknown\); check/,
    );
    assert.doesNotMatch(error.message, /secret(?!;|$)/);
    return true;
  });
  assert.equal(await provide(), 'one');
});

test('an answer without a token is refused', async (t) => {
  const { source } = await endpoint(t, [[200, '<html>']]);
  await assert.rejects(tokenProvider(source)(), /expected access_token in JSON/);
});

test('an endpoint with TLS is trusted by its own settings', async (t) => {
  const authority = await createAuthority();
  const server = await issueCertificate(authority, { commonName: 'issuer', addresses: ['127.0.0.1'] });
  const keys = { key: server.key, cert: server.certificate };
  const tls = { ...NODE_TLS, trusted: [authority.certificate] };
  const { source } = await endpoint(t, [issued('one')], { tls }, keys);
  assert.equal(await tokenProvider(source)(), 'one');
});

test('an unsecured token has the stated claims and lasts as stated', async () => {
  const provide = tokenProvider({
    kind: 'unsecured',
    principalClaim: 'sub',
    claims: { sub: 'client', level: 2, scope: ['a', 'b'] },
    lifetimeSeconds: 60,
  });
  const token = await provide();
  const { iat, exp, ...claims } = decodeJwt(token);
  assert.deepEqual(claims, { sub: 'client', level: 2, scope: ['a', 'b'] });
  assert.equal((exp ?? 0) - (iat ?? 0), 60);
  assert.match(token, /^[\w-]+\.[\w-]+\.$/);
});

test('a token in a file is read anew each time', async (t) => {
  const path = join(emptyDirectory(t), 'token');
  const provide = tokenProvider({ kind: 'file', path });
  writeFileSync(path, 'one\n');
  assert.equal(await provide(), 'one');
  writeFileSync(path, 'two\n');
  assert.equal(await provide(), 'two');
});
