/** Tokens for OAUTHBEARER: asked for, kept until they near their end, then asked for again. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnsecuredJWT } from 'jose';
import type { TokenSource, UnsecuredToken } from './cluster-access.ts';
import { askEndpoint, type IssuedToken, isTemporary } from './token-endpoint.ts';

/**
 * The part of its life for which a token is used. A connection logs in again after 80% of what was left of its token's
 * life, and has to find a newer token then: hence less.
 */
const USED_PART = 0.7;
/** Times in tokens are whole seconds, so they end up to a second sooner than their lifetime says. */
const ROUNDED_MS = 1_000;
const FIRST_PAUSE_MS = 100;
/** Clients wait for about as long for a connection. */
const RETRIES_END_MS = 5_000;

/** A function that resolves to a token that is good for a while, and rejects with an Error that says why there is none. */
export function tokenProvider(source: TokenSource): () => Promise<string> {
  switch (source.kind) {
    case 'file':
      return async () => (await readFile(source.path, 'utf8')).trim();
    case 'unsecured':
      return async () => unsecuredToken(source);
    case 'endpoint':
      return kept(() => persistently(() => askEndpoint(source)));
  }
}

/** Whoever asks while a token is on its way gets that one. */
function kept(ask: () => Promise<IssuedToken>): () => Promise<string> {
  let token = '';
  let usedUntilMs = 0;
  let asking: Promise<string> | null = null;
  const renew = async (): Promise<string> => {
    const askedAtMs = performance.now();
    const issued = await ask();
    token = issued.token;
    usedUntilMs = askedAtMs + (issued.lifetimeMs - ROUNDED_MS) * USED_PART;
    return token;
  };
  return async () => {
    if (performance.now() < usedUntilMs) return token;
    asking ??= renew().finally(() => {
      asking = null;
    });
    return await asking;
  };
}

async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + RETRIES_END_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      return await ask();
    } catch (error) {
      if (!isTemporary(error) || performance.now() + pauseMs > endMs) throw error;
      await sleep(pauseMs);
    }
  }
}

function unsecuredToken({ claims, lifetimeSeconds }: UnsecuredToken): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new UnsecuredJWT({ iat: nowSeconds, exp: nowSeconds + lifetimeSeconds, ...claims }).encode();
}
