/** Kafka's login modules, as `sasl.jaas.config` has them. */
import type { SaslMechanism } from '../../scenario/security-protocols.ts';

const SECURITY = 'org.apache.kafka.common.security';

const MODULES: Readonly<Record<SaslMechanism, string>> = {
  PLAIN: `${SECURITY}.plain.PlainLoginModule`,
  'SCRAM-SHA-256': `${SECURITY}.scram.ScramLoginModule`,
  'SCRAM-SHA-512': `${SECURITY}.scram.ScramLoginModule`,
  OAUTHBEARER: `${SECURITY}.oauthbearer.OAuthBearerLoginModule`,
};

/** Asks the token issuer for tokens. */
export const TOKEN_LOGIN_HANDLER = `${SECURITY}.oauthbearer.OAuthBearerLoginCallbackHandler`;
/** Checks tokens against the issuer's keys. */
export const TOKEN_VALIDATION_HANDLER = `${SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler`;

/** The line for the login module of `mechanism`; option values hold no quotation marks. */
export function jaasLine(mechanism: SaslMechanism, options: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(options).map(([key, value]) => ` ${key}="${value}"`);
  return `${MODULES[mechanism]} required${pairs.join('')};`;
}
