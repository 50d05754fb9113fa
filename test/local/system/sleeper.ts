/** A process that does nothing, in place of a broker. */
import { spawn } from 'node:child_process';
import { identify, type ProcessIdentity } from '../../../src/local/system/process-identity.ts';

/** Starts one that ends by itself after half a minute, should a test forget it. */
export function startSleeper(): ProcessIdentity {
  const child = spawn('sleep', ['30'], { stdio: 'ignore', detached: true });
  child.unref();
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (identity === null) throw new Error('sleep could not be started');
  return identity;
}
