/**
 * Starting a cluster's token issuer: a detached process that lasts as long as the cluster's directory. It is small code
 * of ours on `jose`, which makes and signs the tokens: a ready-made test issuer hands tokens to whoever asks, and here
 * a wrong secret has to be refused.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { EXIT, UserError } from '../../errors/errors.ts';
import { siblingModule } from '../../package.ts';
import {
  identify,
  isAlive,
  killNow,
  type ProcessIdentity,
  waitUntilGone,
} from '../system/process-identity.ts';
import { readIfThere } from '../system/system-files.ts';
import { securityPaths } from './security-paths.ts';

export interface TokenIssuerOptions {
  /** IP address to listen on: brokers and clients must reach it. */
  readonly address: string;
  /** 0: a free one is chosen. An issuer that is started again needs its former port, which brokers have been told. */
  readonly port: number;
  /** The cluster's, with its security files. */
  readonly directory: string;
  readonly lifetimeSeconds: number;
}

export interface TokenIssuer {
  readonly process: ProcessIdentity;
  /** Such as `http://127.0.0.1:8080`; also the `iss` of its tokens. */
  readonly url: string;
}

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
/** It answers a handful of requests. */
const HEAP_MIB = 48;

const announcement = z.object({
  process: z.object({ pid: z.number().int(), startedAt: z.string() }),
  url: z.string(),
});

/**
 * Starts the issuer and waits until it listens, about 0.2 s. One that still serves this directory is ended first.
 *
 * @throws UserError for a lifetime that is no whole number of seconds (exit 2), or when it cannot listen (exit 3).
 */
export async function startTokenIssuer(options: TokenIssuerOptions): Promise<TokenIssuer> {
  const { address, port, directory, lifetimeSeconds } = options;
  if (!Number.isSafeInteger(lifetimeSeconds) || lifetimeSeconds < 1) {
    throw new UserError(
      `lifetime of tokens: expected a whole number of seconds from 1, found ${lifetimeSeconds}: change it`,
    );
  }
  const paths = securityPaths(directory);
  await endFormer(paths.tokenIssuer);
  const identity = spawnIssuer(options, paths.tokenIssuerLog);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (isAlive(identity) && performance.now() < deadline) {
    const issuer = readAnnouncement(paths.tokenIssuer);
    if (issuer?.process.pid === identity.pid) return { process: identity, url: issuer.url };
    await sleep(POLL_MS);
  }
  killNow(identity);
  const reason = (readIfThere(paths.tokenIssuerLog) ?? '').split('\n').find((line) => /Error/.test(line));
  throw new UserError(
    `token issuer at ${address}:${port}: expected it to listen, found ${reason?.trim() ?? 'no answer'}: choose another port, or see ${paths.tokenIssuerLog}`,
    EXIT.clusterUnreachable,
  );
}

async function endFormer(file: string): Promise<void> {
  const former = readAnnouncement(file);
  if (former === null) return;
  killNow(former.process);
  await waitUntilGone([former.process], START_TIMEOUT_MS);
  rmSync(file, { force: true });
}

function spawnIssuer(options: TokenIssuerOptions, logFile: string): ProcessIdentity {
  const { address, port, directory, lifetimeSeconds } = options;
  const program = fileURLToPath(siblingModule(import.meta.url, './token-issuer-program'));
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MIB}`, program, directory, address, String(port), String(lifetimeSeconds)],
    { cwd: '/', detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  child.unref();
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity === null) {
    throw new UserError(
      `token issuer: ${process.execPath} could not be started: check the memory and process limits (ulimit -u)`,
      EXIT.clusterUnreachable,
    );
  }
  return identity;
}

function readAnnouncement(file: string): TokenIssuer | null {
  const text = readIfThere(file);
  return text === null ? null : announcement.parse(JSON.parse(text));
}
