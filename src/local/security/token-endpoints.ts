/** Where the token issuer answers, and how Kafka is told. */

/** What the tokens are for; brokers refuse tokens for anything else. */
export const TOKEN_AUDIENCE = 'brokertwin';
export const TOKEN_PATH = '/token';
export const KEYS_PATH = '/jwks';

export function tokenEndpoint(issuerUrl: string): string {
  return `${issuerUrl}${TOKEN_PATH}`;
}

/** Broker properties with which tokens are checked. */
export function issuerProperties(issuerUrl: string | null): Record<string, string> {
  const url = requireIssuer(issuerUrl);
  return {
    'sasl.oauthbearer.jwks.endpoint.url': `${url}${KEYS_PATH}`,
    'sasl.oauthbearer.expected.audience': TOKEN_AUDIENCE,
    'sasl.oauthbearer.expected.issuer': url,
  };
}

/** Options for the JVMs of brokers and clients: Kafka 4 asks no address that is not named here, and 3.9 ignores them. */
export function issuerJvmOptions(issuerUrl: string | null): string[] {
  const url = requireIssuer(issuerUrl);
  return [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokenEndpoint(url)},${url}${KEYS_PATH}`];
}

/** @throws Error when a plan with OAUTHBEARER is used before its token issuer was started. */
export function requireIssuer(issuerUrl: string | null): string {
  if (issuerUrl === null) throw new Error('OAUTHBEARER without the address of a token issuer');
  return issuerUrl;
}
