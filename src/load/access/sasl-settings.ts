/** What `sasl.*` settings say about who the clients are. */
import type { PasswordMechanism, SaslAccess } from './cluster-access.ts';
import { type LoginModule, parseJaas } from './jaas.ts';
import { readTokenLogin } from './oauth-settings.ts';
import { shownChoice, shownModule } from './secrets.ts';
import type { Settings } from './settings.ts';

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
const SECURITY = 'org.apache.kafka.common.security';
/** Both only hand on a user name and a password: Kafka takes either for PLAIN and SCRAM. */
const PASSWORD_MODULES = [`${SECURITY}.plain.PlainLoginModule`, `${SECURITY}.scram.ScramLoginModule`];
const TOKEN_MODULES = [`${SECURITY}.oauthbearer.OAuthBearerLoginModule`];

/** Null after a problem, which is among those of `settings`. */
export function readSasl(settings: Settings): SaslAccess | null {
  const mechanism = settings.filled('sasl.mechanism');
  if (mechanism === null || !MECHANISMS.includes(mechanism)) {
    const found = mechanism === null ? "none (Kafka's default is GSSAPI)" : shownChoice(mechanism);
    settings.refuse('sasl.mechanism', `expected one of ${MECHANISMS.join(', ')}, found ${found}`);
    return null;
  }
  const login = readLoginModule(
    settings,
    mechanism,
    mechanism === 'OAUTHBEARER' ? TOKEN_MODULES : PASSWORD_MODULES,
  );
  if (login === null) return null;
  const options = settings.inside('sasl.jaas.config', login.options);
  if (mechanism === 'OAUTHBEARER') return readTokenLogin(settings, options);
  return readPasswordLogin(options, mechanism as PasswordMechanism);
}

function readLoginModule(
  settings: Settings,
  mechanism: string,
  classes: readonly string[],
): LoginModule | null {
  const key = 'sasl.jaas.config';
  const text = settings.filled(key);
  if (text === null) {
    settings.refuse(key, `expected ${classes[0]} required ...; for ${mechanism}, found none; add it`);
    return null;
  }
  const parsed = parseJaas(text);
  if ('problem' in parsed) {
    settings.refuse(key, parsed.problem);
    return null;
  }
  const [login] = parsed.modules;
  if (parsed.modules.length > 1) {
    settings.refuse(key, `expected one login module, found ${parsed.modules.length}; leave one`);
    return null;
  }
  if (!classes.includes(login.className)) {
    settings.refuse(
      key,
      `expected the login module ${classes.join(' or ')} for ${mechanism}, found ${shownModule(login.className)}`,
    );
    return null;
  }
  return login;
}

function readPasswordLogin(options: Settings, mechanism: PasswordMechanism): SaslAccess | null {
  const username = options.exact('username');
  const password = options.exact('password');
  if (username === null) options.refuse('username', 'expected username="...", found none; add it');
  if (password === null) options.refuse('password', 'expected password="...", found none; add it');
  if (mechanism !== 'PLAIN') {
    if (options.text('tokenauth')?.toLowerCase() === 'true') {
      options.refuse(
        'tokenauth',
        'expected a user of the cluster, found a delegation token, which only Java clients can use; name a user',
      );
    }
    if ((username ?? '').split(',').length > 2) {
      options.refuse('username', `expected at most one comma for ${mechanism}, found more; use another user`);
    }
  }
  return username === null || password === null ? null : { mechanism, username, password };
}
