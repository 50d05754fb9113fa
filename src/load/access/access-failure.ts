/** What to tell the user when a cluster does not let clients in, or they do not trust it. */
import { type ClusterAccess, describeAccess } from './cluster-access.ts';

/** Of Node's TLS, and of OpenSSL's verification of certificates. */
const TLS_CODES =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|EPROTO$)/;
const TLS_MESSAGES = /^(?:Broker requires TLS|TLS handshake failed)/;
const LOGIN_CODE = 'PLT_KFK_AUTHENTICATION';

/**
 * One line without secrets, or null for failures of another kind. A broker that misses a certificate may also just close
 * the connection, which is no failure of this kind.
 *
 * @param chain an error of the library's with its causes and the errors that it collects, outermost first
 */
export function accessFailure(chain: readonly Error[], access: ClusterAccess): string | null {
  const codes = chain.map((error) => ('code' in error && typeof error.code === 'string' ? error.code : ''));
  const why = chain.at(-1)?.message.replace(/\.$/, '');
  const expected = `expected a cluster to enter by ${describeAccess(access)}`;
  if (codes.includes(LOGIN_CODE)) {
    return `${expected}, found that the login failed: ${why}; check sasl.mechanism and sasl.jaas.config`;
  }
  if (codes.some((code) => TLS_CODES.test(code)) || chain.some(({ message }) => TLS_MESSAGES.test(message))) {
    return `${expected}, found that TLS failed: ${why}; check security.protocol, ssl.truststore.* and ssl.keystore.*`;
  }
  return null;
}
