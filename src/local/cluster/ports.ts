/** Ports on loopback for the processes that we start. */
import { createServer } from 'node:net';
import { EXIT, UserError } from '../../errors/errors.ts';
import { hasCode } from '../system/system-files.ts';

/** `count` different ports that were free just now; somebody else may take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => hold(0)));
  await Promise.all(held.map(({ release }) => release()));
  return held.map(({ port }) => port);
}

/**
 * Checks that each of the ports can be listened on.
 *
 * @throws UserError (exit 3) naming the one that is taken.
 */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    try {
      const held = await hold(port);
      await held.release();
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE') && !hasCode(error, 'EACCES')) throw error;
      const found = hasCode(error, 'EACCES') ? 'reserved for root' : 'taken by another process';
      throw new UserError(
        `port ${port} on 127.0.0.1: expected it free for a broker, found it ${found}: choose another port, or none to have one chosen`,
        EXIT.clusterUnreachable,
        { cause: error },
      );
    }
  }
}

function hold(port: number): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new Error('a TCP server without a port'));
        return;
      }
      resolve({
        port: address.port,
        release: () => new Promise((released) => server.close(() => released())),
      });
    });
  });
}
