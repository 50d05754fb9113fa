import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { UserError } from '../../../src/errors/errors.ts';
import {
  planSecurity,
  startTokenIssuer,
  type TokenIssuer,
  writeSecurityFiles,
} from '../../../src/local/security/security.ts';
import { securityPaths } from '../../../src/local/security/security-paths.ts';
import { passwordOf } from '../../../src/local/security/users.ts';
import { isAlive, killNow, waitUntilGone } from '../../../src/local/system/process-identity.ts';
import { requestToken } from './client-connection.ts';

let directory = '';
let started: TokenIssuer[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'brokertwin-issuer-'));
  const plan = planSecurity({
    listeners: [
      { name: 'SASL_SSL', protocol: 'SASL_PLAINTEXT' },
      { name: 'CONTROLLER', protocol: 'PLAINTEXT' },
    ],
    mechanisms: ['OAUTHBEARER'],
    interBrokerListener: 'CONTROLLER',
    controllerListener: 'CONTROLLER',
    config: {},
  });
  await writeSecurityFiles(plan, directory, []);
});

afterEach(() => {
  for (const issuer of started) killNow(issuer.process);
  started = [];
  rmSync(directory, { recursive: true, force: true });
});

async function start(port = 0, lifetimeSeconds = 600): Promise<TokenIssuer> {
  const issuer = await startTokenIssuer({ address: '127.0.0.1', port, directory, lifetimeSeconds });
  started.push(issuer);
  return issuer;
}

function secret(): string {
  return passwordOf(securityPaths(directory), 'client');
}

async function tokenFrom(issuer: TokenIssuer): Promise<string> {
  const response = await requestToken(issuer.url, secret());
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { readonly access_token: string; readonly expires_in: number };
  return answer.access_token;
}

test('the client gets a token for as long as was set, which the published key proves', async () => {
  const issuer = await start(0, 7);
  const token = await tokenFrom(issuer);
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/jwks`));
  const { payload } = await jwtVerify(token, keys, { issuer: issuer.url, audience: 'brokertwin' });
  assert.equal(payload.sub, 'client');
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 7);
  const keySet = await (await fetch(`${issuer.url}/jwks`)).json();
  assert.ok(!JSON.stringify(keySet).includes('"d"'), 'the private half of the key is published');
});

test('nobody gets a token without the secret, nor by another grant', async () => {
  const { url } = await start();
  const inForm = (fields: Record<string, string>): Promise<Response> =>
    fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(fields) });
  const grant = { grant_type: 'client_credentials' };
  assert.equal((await requestToken(url, 'wrong')).status, 401);
  assert.equal((await requestToken(url, '')).status, 401);
  assert.equal((await inForm(grant)).status, 401);
  assert.equal((await inForm({ ...grant, client_id: 'broker', client_secret: secret() })).status, 401);
  assert.equal(
    (await inForm({ grant_type: 'password', client_id: 'client', client_secret: secret() })).status,
    400,
  );
  assert.equal((await inForm({ ...grant, client_id: 'client', client_secret: secret() })).status, 200);
  assert.equal((await fetch(`${url}/token`)).status, 404);
});

test('one that is started again on its port signs with the same key, and the former has ended', async () => {
  const former = await start();
  const token = await tokenFrom(former);
  const issuer = await start(Number(new URL(former.url).port));
  assert.equal(issuer.url, former.url);
  assert.ok(!isAlive(former.process));
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/jwks`));
  await jwtVerify(token, keys, { issuer: issuer.url });
});

test('it ends by itself once the directory of its cluster is gone', async () => {
  const issuer = await start();
  assert.ok(isAlive(issuer.process));
  rmSync(directory, { recursive: true });
  assert.ok(await waitUntilGone([issuer.process], 10_000));
});

test('a taken port is refused with its reason, and no process is left', async () => {
  const issuer = await start();
  const other = mkdtempSync(join(tmpdir(), 'brokertwin-issuer-'));
  try {
    const plan = { listeners: [], mechanisms: ['OAUTHBEARER' as const] };
    const peer = { name: 'CONTROLLER', mechanism: null };
    await writeSecurityFiles({ ...plan, interBroker: peer, controller: peer }, other, []);
    const port = Number(new URL(issuer.url).port);
    await assert.rejects(
      startTokenIssuer({ address: '127.0.0.1', port, directory: other, lifetimeSeconds: 60 }),
      (error: unknown) =>
        error instanceof UserError && /EADDRINUSE/.test(error.message) && error.exitCode === 3,
    );
  } finally {
    rmSync(other, { recursive: true });
  }
});

test('a lifetime that is none is refused', async () => {
  for (const lifetimeSeconds of [0, 1.5, Number.NaN])
    await assert.rejects(start(0, lifetimeSeconds), UserError);
});

test('its command line shows no secret', async () => {
  const issuer = await start();
  assert.ok(!readFileSync(`/proc/${issuer.process.pid}/cmdline`, 'utf8').includes(secret()));
  assert.ok(!readFileSync(`/proc/${issuer.process.pid}/environ`, 'utf8').includes(secret()));
});
