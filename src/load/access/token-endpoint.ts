/** One request for a token, as Kafka's clients send it (RFC 6749 section 4.4). */
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { describeUrl, type TokenEndpoint } from './cluster-access.ts';
import { tlsOptions } from './tls-options.ts';

export interface IssuedToken {
  readonly token: string;
  /** From when it was asked for; 0 when nothing says it. */
  readonly lifetimeMs: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;
const TOO_MANY_REQUESTS = 429;
const SERVER_FAILED = 500;

const answered = z.object({
  access_token: z.string().optional(),
  id_token: z.string().optional(),
  expires_in: z.coerce.number().positive().optional(),
});
const refused = z.object({ error: z.string(), error_description: z.string().optional() });

/** Trouble that may be over a moment later. */
class TemporaryError extends Error {}

export function isTemporary(error: unknown): boolean {
  return error instanceof TemporaryError;
}

/** @throws Error that says what the endpoint answered, without secrets; see `isTemporary` */
export async function askEndpoint(endpoint: TokenEndpoint): Promise<IssuedToken> {
  const where = `token endpoint ${describeUrl(endpoint.url)}`;
  const { status, body } = await post(endpoint, where);
  const json = jsonOf(body);
  if (status < 200 || status > 299) {
    const { data } = refused.safeParse(json);
    const why =
      data === undefined ? '' : ` (${[data.error, data.error_description ?? []].flat().join(': ')})`;
    const message = `${where}: expected a token, found status ${status}${why}; check the client's id and secret`;
    throw status === TOO_MANY_REQUESTS || status >= SERVER_FAILED
      ? new TemporaryError(message)
      : new Error(message);
  }
  const { data } = answered.safeParse(json);
  const token = data?.access_token ?? data?.id_token;
  if (token === undefined) {
    throw new Error(`${where}: expected access_token in JSON, found another answer; check the address`);
  }
  const lifetimeSeconds = data?.expires_in ?? statedLifetimeSeconds(token);
  return { token, lifetimeMs: lifetimeSeconds * 1000 };
}

async function post(endpoint: TokenEndpoint, where: string): Promise<Answer> {
  const { scope, url, tls } = endpoint;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === null ? {} : { scope }),
  });
  const options = {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(credentials(endpoint)).toString('base64')}`,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const request = url.startsWith('https:')
    ? // The common agent would lend connections to whoever asks the same host with other certificates.
      requestTls(url, { ...options, ...tlsOptions(tls), agent: false })
    : requestPlain(url, options);
  try {
    return await new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      request.end(form.toString());
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TemporaryError(`${where}: expected an answer, found: ${why}; check the address`, { cause });
  }
}

function credentials({ clientId, clientSecret, encodesCredentials }: TokenEndpoint): string {
  const encode = encodesCredentials ? formEncoded : (part: string) => part;
  return `${encode(clientId)}:${encode(clientSecret)}`;
}

function formEncoded(part: string): string {
  return new URLSearchParams({ part }).toString().slice('part='.length);
}

/** Undefined when it is none. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // What it says instead is of no use, the caller tells of the status.
    return undefined;
  }
}

/** What a token says of itself; 0 for one that says nothing, so that it is asked for each time. */
function statedLifetimeSeconds(token: string): number {
  if (token.split('.').length !== 3) return 0;
  const { exp } = decodeJwt(token);
  return exp === undefined ? 0 : Math.max(0, exp - Date.now() / 1000);
}
