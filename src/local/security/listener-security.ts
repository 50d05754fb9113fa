/**
 * Broker properties that secure the listeners of a node. They hold no secret: passwords are references into the users'
 * file, keys are paths, so that the properties may be recorded and shown.
 */
import { hasSasl, hasTls, type SaslMechanism } from '../../scenario/security-protocols.ts';
import { jaasLine, TOKEN_VALIDATION_HANDLER } from './jaas.ts';
import type { SecurityPaths } from './security-paths.ts';
import {
  listenerPrefix,
  needsTokenIssuer,
  type PlannedListener,
  type SecurityPlan,
} from './security-plan.ts';
import { issuerProperties } from './token-endpoints.ts';
import { passwordReference, REFERENCE_PROPERTIES, USER_NAMES } from './users.ts';

export interface NodeListenerSecurity {
  readonly plan: SecurityPlan;
  readonly paths: SecurityPaths;
  readonly nodeName: string;
  /** Null without OAUTHBEARER. */
  readonly tokenIssuerUrl: string | null;
}

/**
 * Kafka's properties for the listeners of one node, all but their names, addresses and protocols; those of listeners that
 * it lacks do no harm.
 */
export function listenerSecurityProperties(input: NodeListenerSecurity): Record<string, string> {
  const { plan } = input;
  const { interBroker, controller, listeners } = plan;
  return {
    ...(interBroker.mechanism === null
      ? {}
      : { 'sasl.mechanism.inter.broker.protocol': interBroker.mechanism }),
    ...(controller.mechanism === null ? {} : { 'sasl.mechanism.controller.protocol': controller.mechanism }),
    ...(plan.mechanisms.length === 0
      ? {}
      : { ...REFERENCE_PROPERTIES, 'sasl.enabled.mechanisms': plan.mechanisms.join(',') }),
    ...(needsTokenIssuer(plan) ? issuerProperties(input.tokenIssuerUrl) : {}),
    ...Object.assign({}, ...listeners.map((listener) => propertiesOfListener(listener, input))),
  };
}

function propertiesOfListener(
  listener: PlannedListener,
  input: NodeListenerSecurity,
): Record<string, string> {
  const tls = hasTls(listener.protocol) ? keyStoreProperties(input.paths, input.nodeName) : {};
  const sasl = hasSasl(listener.protocol) ? saslProperties(input) : {};
  const prefix = listenerPrefix(listener.name);
  return Object.fromEntries(
    Object.entries({ ...tls, ...sasl }).map(([key, value]) => [`${prefix}${key}`, value]),
  );
}

function keyStoreProperties(paths: SecurityPaths, nodeName: string): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': paths.node(nodeName),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': paths.authority,
  };
}

function saslProperties({ plan, paths }: NodeListenerSecurity): Record<string, string> {
  const entries = plan.mechanisms.flatMap((mechanism) => {
    const prefix = mechanism.toLowerCase();
    const login = [`${prefix}.sasl.jaas.config`, jaasLine(mechanism, serverOptions(mechanism, paths))];
    return mechanism === 'OAUTHBEARER'
      ? [login, [`${prefix}.sasl.server.callback.handler.class`, TOKEN_VALIDATION_HANDLER]]
      : [login];
  });
  return Object.fromEntries(entries);
}

/** Who the broker is to other brokers and, with PLAIN, whom it lets in; SCRAM's users are in the cluster's metadata. */
function serverOptions(mechanism: SaslMechanism, paths: SecurityPaths): Record<string, string> {
  if (mechanism === 'OAUTHBEARER') return {};
  const self = { username: 'broker', password: passwordReference(paths, 'broker') };
  if (mechanism !== 'PLAIN') return self;
  const known = USER_NAMES.map((name) => [`user_${name}`, passwordReference(paths, name)]);
  return { ...self, ...Object.fromEntries(known) };
}
