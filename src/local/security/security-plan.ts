/**
 * Which listeners of a local cluster are secured and how: a plain object without secrets, kept in the cluster's record,
 * from which a later process gets the same properties again.
 */
import { z } from 'zod';
import { UserError } from '../../errors/errors.ts';
import {
  hasSasl,
  hasTls,
  SASL_MECHANISMS,
  type SaslMechanism,
  SECURITY_PROTOCOLS,
  type SecurityProtocol,
} from '../../scenario/security-protocols.ts';

const CLIENT_AUTHENTICATION = ['none', 'requested', 'required'] as const;

const peerListener = z.object({
  name: z.string(),
  /** Null when the listener has no SASL. */
  mechanism: z.enum(SASL_MECHANISMS).exclude(['OAUTHBEARER']).nullable(),
});

/** For the cluster's record. */
export const securityPlan = z.object({
  listeners: z.array(
    z.object({
      name: z.string(),
      protocol: z.enum(SECURITY_PROTOCOLS),
      /** Whether its clients show a certificate, as the user's `ssl.client.auth` has it; `none` without TLS. */
      clientAuthentication: z.enum(CLIENT_AUTHENTICATION),
    }),
  ),
  /** Offered on every listener with SASL. */
  mechanisms: z.array(z.enum(SASL_MECHANISMS)),
  /** Where brokers talk to each other. */
  interBroker: peerListener,
  /** Where they talk to the controllers. */
  controller: peerListener,
});

export type SecurityPlan = z.infer<typeof securityPlan>;
export type PlannedListener = SecurityPlan['listeners'][number];

export interface SecurityRequest {
  /** Every listener that any node of the cluster has, that of the controllers too. */
  readonly listeners: readonly { readonly name: string; readonly protocol: SecurityProtocol }[];
  readonly mechanisms: readonly SaslMechanism[];
  readonly interBrokerListener: string;
  readonly controllerListener: string;
  /** Broker properties stated by the user; `ssl.client.auth` in them, with or without a listener's prefix, means mTLS. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a local cluster sets itself, bare or after `listener.name.<name>.[<mechanism>.]`. */
const OWNED = [
  /(^|\.)ssl\.(keystore|truststore|key)\.\w+$/,
  /(^|\.)sasl\.(jaas\.config|enabled\.mechanisms|server\.callback\.handler\.class)$/,
  /^sasl\.mechanism\.(inter\.broker|controller)\.protocol$/,
  /^sasl\.oauthbearer\.(jwks\.endpoint\.url|expected\.(audience|issuer))$/,
  /^config\.providers\b/,
];

/**
 * Plans the security of a cluster. Where the listeners have SASL, brokers authenticate to each other with the first of
 * `mechanisms` that is not OAUTHBEARER, and to the controllers with PLAIN.
 *
 * @throws UserError (bad input) with a line for each listener, mechanism or property that does not fit.
 */
export function planSecurity(request: SecurityRequest): SecurityPlan {
  const problems = [...listenerProblems(request), ...mechanismProblems(request), ...ownedProblems(request)];
  if (problems.length > 0) throw new UserError(problems);
  return {
    listeners: request.listeners.map(({ name, protocol }) => ({
      name,
      protocol,
      clientAuthentication: clientAuthentication(name, protocol, request.config),
    })),
    mechanisms: [...request.mechanisms],
    interBroker: peerListenerOf(request, request.interBrokerListener),
    controller: controllerListenerOf(request),
  };
}

/** Whether any listener has TLS: then nodes and clients need certificates. */
export function usesTls(plan: SecurityPlan): boolean {
  return plan.listeners.some(({ protocol }) => hasTls(protocol));
}

/** Whether clients may authenticate with tokens: then a token issuer has to run. */
export function needsTokenIssuer(plan: SecurityPlan): boolean {
  return plan.mechanisms.includes('OAUTHBEARER');
}

/** What Kafka puts in front of a property that is meant for one listener. */
export function listenerPrefix(name: string): string {
  return `listener.name.${name.toLowerCase()}.`;
}

function listenerProblems({ listeners, interBrokerListener, controllerListener }: SecurityRequest): string[] {
  const names = listeners.map(({ name }) => name);
  const lowered = names.map((name) => name.toLowerCase());
  const malformed = names.filter((name) => !/^[a-z][a-z0-9_]*$/i.test(name));
  const repeated = names.filter((_, index) => lowered.indexOf(lowered[index]) !== index);
  const absent = new Set([interBrokerListener, controllerListener].filter((name) => !names.includes(name)));
  return [
    ...malformed.map(
      (name) => `listener "${name}": expected a name of letters, digits and underscores: choose another name`,
    ),
    ...repeated.map((name) => `listener "${name}": expected names that differ, found it twice: rename one`),
    ...[...absent].map(
      (name) => `listener "${name}": expected one of ${names.join(', ')}: add it, or choose one of these`,
    ),
  ];
}

function mechanismProblems(request: SecurityRequest): string[] {
  const { listeners, mechanisms } = request;
  const withSasl = listeners.filter(({ protocol }) => hasSasl(protocol)).map(({ name }) => name);
  if (withSasl.length === 0) {
    return mechanisms.length === 0
      ? []
      : [
          `SASL mechanisms ${mechanisms.join(', ')}: expected a listener with SASL_PLAINTEXT or SASL_SSL, found none: add one`,
        ];
  }
  if (mechanisms.length === 0) {
    return withSasl.map(
      (name) =>
        `listener "${name}": expected a SASL mechanism, found none: name one of ${SASL_MECHANISMS.join(', ')}`,
    );
  }
  const peers = [
    { ...peerListenerOf(request, request.interBrokerListener), expected: 'PLAIN or SCRAM' },
    { ...controllerListenerOf(request), expected: 'PLAIN' },
  ];
  return peers
    .filter(({ name, mechanism }) => mechanism === null && withSasl.includes(name))
    .map(
      ({ name, expected }) =>
        `listener "${name}": nodes authenticate to each other here with ${expected}, found ${mechanisms.join(', ')}: add it, or choose a listener without SASL`,
    );
}

function ownedProblems({ listeners, config }: SecurityRequest): string[] {
  if (listeners.every(({ protocol }) => protocol === 'PLAINTEXT')) return [];
  return Object.keys(config)
    .filter((key) => OWNED.some((pattern) => pattern.test(key)))
    .map((key) => `broker property ${key}: a local cluster with security sets it itself: leave it out`);
}

/** Kafka heeds `ssl.client.auth` on a SASL_SSL listener only when it has the listener's prefix. */
function clientAuthentication(
  name: string,
  protocol: SecurityProtocol,
  config: Readonly<Record<string, string>>,
): PlannedListener['clientAuthentication'] {
  if (!hasTls(protocol)) return 'none';
  const general = protocol === 'SSL' ? config['ssl.client.auth'] : undefined;
  const stated = config[`${listenerPrefix(name)}ssl.client.auth`] ?? general;
  return CLIENT_AUTHENTICATION.find((value) => value === stated) ?? 'none';
}

function peerListenerOf(
  request: SecurityRequest,
  name: string,
  usable: readonly SaslMechanism[] = request.mechanisms,
): SecurityPlan['interBroker'] {
  const listener = request.listeners.find((candidate) => candidate.name === name);
  if (listener === undefined || !hasSasl(listener.protocol)) return { name, mechanism: null };
  return { name, mechanism: usable.find((mechanism) => mechanism !== 'OAUTHBEARER') ?? null };
}

/** Never SCRAM: its users are in the metadata, which controllers have only after they have talked to each other. */
function controllerListenerOf(request: SecurityRequest): SecurityPlan['controller'] {
  const usable = request.mechanisms.filter((mechanism) => mechanism === 'PLAIN');
  return peerListenerOf(request, request.controllerListener, usable);
}
