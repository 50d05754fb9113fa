// Plain JavaScript for Node 18 and newer: it runs before the Node that brokertwin needs has been found.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** The oldest Node whose type stripping and behaviour brokertwin is tested with. */
export const NODE_MAJOR_MIN = 24;

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGXCPU', 'SIGUSR2'];
const SIGNAL_EXIT_BASE = 128;
const PARENT_CHECK_EVERY_MS = 500;

/**
 * The path of the Node binary that the `node` package brings, as seen from the module `fromUrl`.
 *
 * @throws Error of one line that says what to do, when it is not there.
 */
export function packagedNode(fromUrl) {
  const manifestPath = resolveOrNull(fromUrl, 'node/package.json');
  if (manifestPath === null)
    throw new Error('the packages are not installed: run `npm ci` in the package folder');
  const binary = join(dirname(manifestPath), JSON.parse(readFileSync(manifestPath, 'utf8')).bin.node);
  if (existsSync(binary)) return binary;
  throw new Error(
    "Node 24's binary was not installed, because npm ran without install scripts: " +
      'run `npm rebuild node --ignore-scripts=false`, or install Node 24 yourself',
  );
}

/** Runs a program to its end, passing signals on to it, and gives the exit code a shell would give. */
export function runToEnd(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
    const stopWatching = onOrphaned(() => forward('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stopWatching();
      for (const forwarded of FORWARDED_SIGNALS) process.off(forwarded, forward);
      resolve(code ?? SIGNAL_EXIT_BASE + constants.signals[signal]);
    });
  });
}

/** npm passes a signal only to the shell between us, which dies of it without a word: that shows as another parent. */
function onOrphaned(react) {
  if (process.env.npm_lifecycle_event === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    react();
  }, PARENT_CHECK_EVERY_MS);
  return () => clearInterval(timer);
}

function resolveOrNull(fromUrl, specifier) {
  try {
    return createRequire(fromUrl).resolve(specifier);
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
