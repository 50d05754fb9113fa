/**
 * Logging in, the first time and again. A broker limits how long a login lasts; once it was told of the next one, it takes
 * nothing else until that is over, and closes the connection at anything else. The library's connections would go on
 * sending, so what is sent meanwhile is held back here.
 */
import {
  type Connection,
  ConnectionStatuses,
  type SASLCustomAuthenticator,
  type SASLOptions,
  saslAuthenticateV2,
  saslHandshakeV1,
  saslOAuthBearer,
  saslPlain,
  saslScramSha,
} from '@platformatic/kafka';
import type { SaslAccess } from './cluster-access.ts';
import { tokenProvider } from './token-provider.ts';

const LOGIN_APIS: readonly number[] = [saslHandshakeV1.api.key, saslAuthenticateV2.api.key];

type Arguments = Parameters<SASLCustomAuthenticator>;
type Login = [connection: Arguments[1], send: Arguments[2], callback: Arguments[6]];

const guarded = new WeakSet<Connection>();

/** As the library takes it, without the secrets themselves. Connections of one result share a token. */
export function loginOptions(login: SaslAccess): SASLOptions {
  const authenticate = authenticatorOf(login);
  return {
    mechanism: login.mechanism,
    authenticate: (_mechanism, connection, send, _username, _password, _token, callback) => {
      // The first login of a connection comes before anything that there would be to hold back.
      if (!guarded.has(connection)) holdBackDuringLogins(connection);
      authenticate(connection, send, callback);
    },
    ...(login.mechanism === 'OAUTHBEARER' ? { authBytesValidator: refuseBadToken } : {}),
  };
}

function authenticatorOf(login: SaslAccess): (...login: Login) => void {
  switch (login.mechanism) {
    case 'PLAIN':
      return (connection, send, callback) =>
        saslPlain.authenticate(send, connection, login.username, login.password, callback);
    case 'OAUTHBEARER': {
      const token = tokenProvider(login.source);
      return (connection, send, callback) =>
        saslOAuthBearer.authenticate(send, connection, token, { ...login.extensions }, callback);
    }
    default: {
      const { mechanism, username, password } = login;
      const hash = mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512';
      const { authenticate, defaultCrypto } = saslScramSha;
      return (connection, send, callback) =>
        authenticate(send, connection, hash, username, password, defaultCrypto, callback);
    }
  }
}

/** In the order in which it was sent; after a failed login it fails as on any closed connection. */
function holdBackDuringLogins(connection: Connection): void {
  guarded.add(connection);
  const send: Connection['send'] = connection.send.bind(connection);
  const events = ['connect', 'error', 'close'] as const;
  let held: (() => void)[] = [];
  const release = (): void => {
    for (const event of events) connection.removeListener(event, release);
    const waiting = held;
    held = [];
    for (const sendIt of waiting) sendIt();
  };
  connection.send = (apiKey, ...rest) => {
    const isLogin = LOGIN_APIS.includes(apiKey);
    const waits = held.length > 0 || connection.status === ConnectionStatuses.REAUTHENTICATING;
    if (isLogin || !waits) {
      send(apiKey, ...rest);
      return;
    }
    if (held.length === 0) for (const event of events) connection.on(event, release);
    held.push(() => send(apiKey, ...rest));
  };
}

/**
 * A broker that refuses a token answers without an error and says why in the answer (RFC 7628 section 3.2.2); the
 * library takes that for success, and its own validator calls back twice.
 */
const refuseBadToken: NonNullable<SASLOptions['authBytesValidator']> = (answer, callback) => {
  if (answer.length === 0) callback(null, answer);
  else callback(new Error(`the broker refused the token: ${answer.toString('utf8')}`), answer);
};
