/** Kafka's settings about security: which there are, and which of them name what only Java can run. */
import { shownChoice } from './secrets.ts';
import type { Settings } from './settings.ts';

/** All that Kafka's clients know (SslConfigs, SaslConfigs, SecurityConfig), so that a misspelt one is not taken for one. */
const KNOWN = new Set([
  'security.providers',
  ...[
    'cipher.suites',
    'enabled.protocols',
    'endpoint.identification.algorithm',
    'engine.factory.class',
    'key.password',
    'keymanager.algorithm',
    'keystore.certificate.chain',
    'keystore.key',
    'keystore.location',
    'keystore.password',
    'keystore.type',
    'protocol',
    'provider',
    'secure.random.implementation',
    'trustmanager.algorithm',
    'truststore.certificates',
    'truststore.location',
    'truststore.password',
    'truststore.type',
  ].map((key) => `ssl.${key}`),
  ...[
    'client.callback.handler.class',
    'jaas.config',
    'kerberos.kinit.cmd',
    'kerberos.min.time.before.relogin',
    'kerberos.service.name',
    'kerberos.ticket.renew.jitter',
    'kerberos.ticket.renew.window.factor',
    'login.callback.handler.class',
    'login.class',
    'login.connect.timeout.ms',
    'login.read.timeout.ms',
    'login.refresh.buffer.seconds',
    'login.refresh.min.period.seconds',
    'login.refresh.window.factor',
    'login.refresh.window.jitter',
    'login.retry.backoff.max.ms',
    'login.retry.backoff.ms',
    'mechanism',
  ].map((key) => `sasl.${key}`),
  ...[
    'assertion.algorithm',
    'assertion.claim.aud',
    'assertion.claim.exp.seconds',
    'assertion.claim.iss',
    'assertion.claim.jti.include',
    'assertion.claim.nbf.seconds',
    'assertion.claim.sub',
    'assertion.file',
    'assertion.private.key.file',
    'assertion.private.key.passphrase',
    'assertion.template.file',
    'client.credentials.client.id',
    'client.credentials.client.secret',
    'clock.skew.seconds',
    'expected.audience',
    'expected.issuer',
    'header.urlencode',
    'jwks.endpoint.refresh.ms',
    'jwks.endpoint.retry.backoff.max.ms',
    'jwks.endpoint.retry.backoff.ms',
    'jwks.endpoint.url',
    'jwt.retriever.class',
    'jwt.validator.class',
    'scope',
    'scope.claim.name',
    'sub.claim.name',
    'token.endpoint.url',
  ].map((key) => `sasl.oauthbearer.${key}`),
]);

const COMMON = 'org.apache.kafka.common.security';
const OAUTH = `${COMMON}.oauthbearer`;

/** Settings that replace parts of Kafka, with what it has there itself. */
const TLS_PARTS: Readonly<Record<string, readonly string[]>> = {
  'ssl.engine.factory.class': [`${COMMON}.ssl.DefaultSslEngineFactory`],
  'ssl.keymanager.algorithm': ['SunX509', 'NewSunX509', 'PKIX'],
  'ssl.trustmanager.algorithm': ['PKIX', 'SunX509'],
  'ssl.provider': ['SunJSSE'],
};
const SASL_PARTS: Readonly<Record<string, readonly string[]>> = {
  'sasl.login.class': [
    `${COMMON}.authenticator.DefaultLogin`,
    `${OAUTH}.internals.OAuthBearerRefreshingLogin`,
  ],
  'sasl.client.callback.handler.class': [
    `${COMMON}.authenticator.SaslClientCallbackHandler`,
    `${OAUTH}.internals.OAuthBearerSaslClientCallbackHandler`,
  ],
  'sasl.oauthbearer.jwt.retriever.class': [
    `${OAUTH}.DefaultJwtRetriever`,
    `${OAUTH}.ClientCredentialsJwtRetriever`,
    `${OAUTH}.FileJwtRetriever`,
  ],
  'sasl.oauthbearer.jwt.validator.class': [`${OAUTH}.DefaultJwtValidator`, `${OAUTH}.ClientJwtValidator`],
};
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  'config.providers': [],
  'security.providers': [],
};

/** Whether Kafka's clients know it as a setting about security; config providers fill in what the others leave open. */
export function isSecuritySetting(key: string): boolean {
  return KNOWN.has(key) || key === 'config.providers' || key.startsWith('config.providers.');
}

/** Puts among the problems whatever names a class that is not Kafka's own. */
export function refuseJavaOnly(
  settings: Settings,
  { hasTls, hasSasl }: { readonly hasTls: boolean; readonly hasSasl: boolean },
): void {
  const parts = { ...EVERYWHERE, ...(hasTls ? TLS_PARTS : {}), ...(hasSasl ? SASL_PARTS : {}) };
  for (const [key, own] of Object.entries(parts)) {
    const found = settings.filled(key);
    if (found === null || own.includes(found)) continue;
    const expected = own.length === 0 ? 'none' : own.join(' or ');
    const advice =
      key === 'config.providers' ? 'write the values themselves' : 'leave it out, or use the Java clients';
    settings.refuse(
      key,
      `expected ${expected}, found ${shownChoice(found)}, which only Java can run; ${advice}`,
    );
  }
}
