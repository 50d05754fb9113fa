/**
 * The token issuer as a process of its own: node token-issuer-program <cluster directory> <address> <port> <lifetime in s>.
 * It says where it listens in the cluster's directory, and ends by itself once that file is gone or names another.
 */
import { readFileSync } from 'node:fs';
import { identifySelf } from '../system/process-identity.ts';
import { readIfThere } from '../system/system-files.ts';
import { securityPaths, writeSecret } from './security-paths.ts';
import { createTokenIssuerServer } from './token-issuer-server.ts';
import { passwordOf } from './users.ts';

const OWNED_POLL_MS = 2_000;

const [directory, address, port, lifetimeSeconds] = process.argv.slice(2);
const paths = securityPaths(directory);
let url = '';
const server = await createTokenIssuerServer({
  client: { id: 'client', secret: passwordOf(paths, 'client') },
  signingKey: readFileSync(paths.tokenSigningKey, 'utf8'),
  lifetimeSeconds: Number(lifetimeSeconds),
  url: () => url,
});
server.listen(Number(port), address, () => {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server without a port');
  url = `http://${address}:${bound.port}`;
  const announcement = JSON.stringify({ process: identifySelf(), url });
  writeSecret(paths.tokenIssuer, announcement);
  setInterval(() => {
    if (readIfThere(paths.tokenIssuer) !== announcement) process.exit(0);
  }, OWNED_POLL_MS);
});
