/**
 * The token issuer's two answers: a token for a client that shows its secret (OAuth 2.0's client credentials grant,
 * RFC 6749 section 4.4), and the public key that brokers check tokens with (RFC 7517).
 */
import { createHash, createPrivateKey, createPublicKey, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import { KEYS_PATH, TOKEN_AUDIENCE, TOKEN_PATH } from './token-endpoints.ts';

export interface TokenIssuerSettings {
  readonly client: { readonly id: string; readonly secret: string };
  /** On the curve P-256, in PEM. */
  readonly signingKey: string;
  readonly lifetimeSeconds: number;
  /** The issuer named in tokens: its own address, known once it listens. */
  readonly url: () => string;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const ALGORITHM = 'ES256';
const NOT_FOUND: Answer = { status: 404, body: { error: 'not_found' } };

/** A server that is not listening yet. */
export async function createTokenIssuerServer(settings: TokenIssuerSettings): Promise<Server> {
  const publicKey = await exportJWK(createPublicKey(settings.signingKey));
  const kid = await calculateJwkThumbprint(publicKey);
  const keys: Answer = {
    status: 200,
    body: { keys: [{ ...publicKey, kid, alg: ALGORITHM, use: 'sig' }] },
  };
  return createServer((request, response) => {
    const answering =
      request.url === TOKEN_PATH && request.method === 'POST'
        ? answerTokenRequest(request, settings, kid)
        : Promise.resolve(request.url === KEYS_PATH && request.method === 'GET' ? keys : NOT_FOUND);
    answering.then(
      (answer) => send(response, answer),
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

async function answerTokenRequest(
  request: IncomingMessage,
  settings: TokenIssuerSettings,
  kid: string,
): Promise<Answer> {
  const form = new URLSearchParams(await text(request));
  if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: { error: 'unsupported_grant_type' } };
  }
  if (!isClient(request, form, settings.client)) return { status: 401, body: { error: 'invalid_client' } };
  // Kafka's clients refuse a token whose scope is empty.
  const scope = form.get('scope') === null ? {} : { scope: form.get('scope') };
  const issuedAtSeconds = Math.floor(Date.now() / 1000);
  const token = await new SignJWT(scope)
    .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
    .setIssuer(settings.url())
    .setAudience(TOKEN_AUDIENCE)
    .setSubject(settings.client.id)
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(issuedAtSeconds + settings.lifetimeSeconds)
    .sign(createPrivateKey(settings.signingKey));
  return {
    status: 200,
    body: { access_token: token, token_type: 'Bearer', expires_in: settings.lifetimeSeconds, ...scope },
  };
}

/** The secret comes in the header, as Kafka's clients send it, or in the form, as others do. */
function isClient(
  request: IncomingMessage,
  form: URLSearchParams,
  client: TokenIssuerSettings['client'],
): boolean {
  const basic = /^Basic (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const shown =
    basic === undefined
      ? `${form.get('client_id')}:${form.get('client_secret')}`
      : Buffer.from(basic, 'base64').toString('utf8');
  return timingSafeEqual(digest(shown), digest(`${client.id}:${client.secret}`));
}

/** Makes both sides of a comparison equally long. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(answer.body));
}
