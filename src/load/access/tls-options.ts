/** TLS settings as Node's `tls` and `https` take them. */
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { TlsAccess } from './cluster-access.ts';

/** @throws Error for certificates, keys or ciphers that Node does not take */
export function tlsOptions(tls: TlsAccess): ConnectionOptions {
  const { identity, trusted } = tls;
  const secureContext = createSecureContext({
    ...(trusted === null ? {} : { ca: [...trusted] }),
    // Java trusts whatever is in the trust store, also what is not a root.
    allowPartialTrustChain: trusted !== null,
    ...(identity === null ? {} : { key: identity.key, cert: identity.chain.join('') }),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ...(tls.ciphers === null ? {} : { ciphers: tls.ciphers }),
  });
  return { secureContext, ...(tls.checksHostName ? {} : { checkServerIdentity: () => undefined }) };
}
