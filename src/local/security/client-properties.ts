/** Properties files for Kafka's own tools: one for each listener and SASL mechanism, ready for `--command-config`. */
import { join } from 'node:path';
import { hasSasl, hasTls, type SaslMechanism } from '../../scenario/security-protocols.ts';
import { jaasLine, TOKEN_LOGIN_HANDLER } from './jaas.ts';
import { javaProperties } from './java-properties.ts';
import { type SecurityPaths, writeSecret } from './security-paths.ts';
import type { PlannedListener, SecurityPlan } from './security-plan.ts';
import { issuerJvmOptions, requireIssuer, tokenEndpoint } from './token-endpoints.ts';
import { passwordOf } from './users.ts';

export interface ClientPropertiesInput {
  readonly plan: SecurityPlan;
  readonly paths: SecurityPaths;
  readonly tokenIssuerUrl: string | null;
  /** Addresses by listener's name, such as `198.18.0.1:9092,198.18.0.2:9092`; listeners without get no file. */
  readonly bootstrapServers: Readonly<Record<string, string>>;
}

export interface ClientPropertiesFile {
  readonly listener: string;
  /** Null without SASL. */
  readonly mechanism: SaslMechanism | null;
  readonly path: string;
  readonly bootstrapServers: string;
  /** What the JVM of a client needs besides, for KAFKA_OPTS. */
  readonly jvmOptions: readonly string[];
}

/** Writes all files, readable for their owner alone since they hold the client's password. */
export function writeClientProperties(input: ClientPropertiesInput): ClientPropertiesFile[] {
  return input.plan.listeners.flatMap((listener) => {
    const bootstrapServers = input.bootstrapServers[listener.name];
    if (bootstrapServers === undefined) return [];
    const mechanisms = hasSasl(listener.protocol) ? input.plan.mechanisms : [null];
    return mechanisms.map((mechanism) => {
      const jvmOptions = mechanism === 'OAUTHBEARER' ? issuerJvmOptions(input.tokenIssuerUrl) : [];
      const name = [listener.name, ...(mechanism === null ? [] : [mechanism])].join('-');
      const path = join(input.paths.clientProperties, `${name}.properties`);
      const hint =
        jvmOptions.length === 0
          ? ''
          : `# Kafka 4's tools need, too: export KAFKA_OPTS="${jvmOptions.join(' ')}"\n`;
      const properties = {
        'bootstrap.servers': bootstrapServers,
        'security.protocol': listener.protocol,
        ...tlsProperties(listener, input.paths),
        ...(mechanism === null ? {} : saslProperties(mechanism, input)),
      };
      writeSecret(path, hint + javaProperties(properties));
      return { listener: listener.name, mechanism, path, bootstrapServers, jvmOptions };
    });
  });
}

function tlsProperties(listener: PlannedListener, paths: SecurityPaths): Record<string, string> {
  if (!hasTls(listener.protocol)) return {};
  const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': paths.authority };
  return listener.clientAuthentication === 'none'
    ? trust
    : { ...trust, 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': paths.client };
}

function saslProperties(mechanism: SaslMechanism, input: ClientPropertiesInput): Record<string, string> {
  const password = passwordOf(input.paths, 'client');
  if (mechanism !== 'OAUTHBEARER') {
    const login = jaasLine(mechanism, { username: 'client', password });
    return { 'sasl.mechanism': mechanism, 'sasl.jaas.config': login };
  }
  return {
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': jaasLine(mechanism, { clientId: 'client', clientSecret: password }),
    'sasl.login.callback.handler.class': TOKEN_LOGIN_HANDLER,
    'sasl.oauthbearer.token.endpoint.url': tokenEndpoint(requireIssuer(input.tokenIssuerUrl)),
  };
}
