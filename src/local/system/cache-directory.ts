/** Where things are kept that every later run can use. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `$XDG_CACHE_HOME/brokertwin`, by default `~/.cache/brokertwin`; absolute, since brokers run in directories of their own. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return resolve(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'brokertwin');
}
