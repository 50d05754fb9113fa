/**
 * How clients get into a cluster: over TLS or not, and as whom. Plain data, which worker threads and processes can be sent;
 * it holds secrets, so show `describeAccess` and never the data.
 */

export interface ClusterAccess {
  /** Null for connections without TLS. */
  readonly tls: TlsAccess | null;
  /** Null for clients that do not log in. */
  readonly sasl: SaslAccess | null;
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface TlsAccess {
  /** Certificates in PEM; null for the authorities that Node comes with. */
  readonly trusted: readonly string[] | null;
  /** What clients show; null for nothing. */
  readonly identity: ClientIdentity | null;
  /** Whether the server's certificate has to name the host that was asked for. */
  readonly checksHostName: boolean;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** By OpenSSL's names, colons between them; null for Node's own choice. */
  readonly ciphers: string | null;
}

/** In PEM, the key not encrypted. */
export interface ClientIdentity {
  readonly key: string;
  /** The key's own certificate first. */
  readonly chain: readonly string[];
}

export type SaslAccess = PasswordLogin | TokenLogin;
export type PasswordMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export interface PasswordLogin {
  readonly mechanism: PasswordMechanism;
  readonly username: string;
  readonly password: string;
}

export interface TokenLogin {
  readonly mechanism: 'OAUTHBEARER';
  readonly source: TokenSource;
  /** Sent along with every token. */
  readonly extensions: Readonly<Record<string, string>>;
}

export type TokenSource = TokenEndpoint | TokenFile | UnsecuredToken;

/** OAuth 2.0's client credentials grant (RFC 6749 section 4.4). */
export interface TokenEndpoint {
  readonly kind: 'endpoint';
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  /** Whether id and secret are encoded before they go into the header, as RFC 6749 has it and Kafka by default not. */
  readonly encodesCredentials: boolean;
  /** For https. */
  readonly tls: TlsAccess;
}

/** Somebody else keeps the token in it fresh. */
export interface TokenFile {
  readonly kind: 'file';
  readonly path: string;
}

/** A token that nobody signs, made here: brokers take it when they are set up for tests. */
export interface UnsecuredToken {
  readonly kind: 'unsecured';
  /** The name of the claim that says who it is. */
  readonly principalClaim: string;
  readonly claims: Readonly<Record<string, string | number | readonly string[]>>;
  readonly lifetimeSeconds: number;
}

/** Of a cluster that lets everybody in. */
export const PLAINTEXT_ACCESS: ClusterAccess = { tls: null, sasl: null };

/** One line without secrets, such as `SASL_SSL SCRAM-SHA-512 as client`. */
export function describeAccess({ tls, sasl }: ClusterAccess): string {
  const encrypted = tls === null ? 'PLAINTEXT' : 'SSL';
  const certificate = tls?.identity == null ? '' : ' with a client certificate';
  if (sasl === null) return `${encrypted}${certificate}`;
  return `SASL_${encrypted} ${sasl.mechanism} ${describeLogin(sasl)}${certificate}`;
}

function describeLogin(sasl: SaslAccess): string {
  if (sasl.mechanism !== 'OAUTHBEARER') return `as ${sasl.username}`;
  const { source } = sasl;
  switch (source.kind) {
    case 'endpoint':
      return `as ${source.clientId} with a token from ${describeUrl(source.url)}`;
    case 'file':
      return `with the token in ${source.path}`;
    case 'unsecured':
      return `as ${source.claims[source.principalClaim]} with an unsecured token`;
  }
}

/** An address without what may be secret in it. */
export function describeUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
