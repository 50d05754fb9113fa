/** Where the tokens of OAUTHBEARER come from: the settings of Kafka's two login callback handlers. */
import { fileURLToPath } from 'node:url';
import type { TokenLogin, TokenSource } from './cluster-access.ts';
import { shownChoice } from './secrets.ts';
import type { Settings } from './settings.ts';
import { readTls } from './tls-settings.ts';

const HANDLER = 'sasl.login.callback.handler.class';
const OAUTH = 'org.apache.kafka.common.security.oauthbearer';
/** The second is its name before Kafka 4. */
const ASKING_HANDLERS = [
  `${OAUTH}.OAuthBearerLoginCallbackHandler`,
  `${OAUTH}.secured.OAuthBearerLoginCallbackHandler`,
];
/** What Kafka takes without the setting. */
const UNSECURED_HANDLER = `${OAUTH}.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`;
const ENDPOINT = 'sasl.oauthbearer.token.endpoint.url';
const DEFAULT_LIFETIME_SECONDS = 3600;

/** @param options those of the login module; null after a problem, which is among those of `settings` */
export function readTokenLogin(settings: Settings, options: Settings): TokenLogin | null {
  const handler = settings.filled(HANDLER) ?? UNSECURED_HANDLER;
  const source = ASKING_HANDLERS.includes(handler)
    ? readAsked(settings, options)
    : handler === UNSECURED_HANDLER
      ? readUnsecured(settings, options)
      : refuseHandler(settings, handler);
  const extensions = Object.fromEntries(options.withPrefix('extension_'));
  return source === null ? null : { mechanism: 'OAUTHBEARER', source, extensions };
}

function refuseHandler(settings: Settings, handler: string): null {
  settings.refuse(
    HANDLER,
    `expected ${ASKING_HANDLERS[0]}, found ${shownChoice(handler)}, which only Java can run`,
  );
  return null;
}

function readAsked(settings: Settings, options: Settings): TokenSource | null {
  const stated = settings.filled(ENDPOINT);
  const url = stated === null ? null : URL.parse(stated);
  if (url?.protocol === 'file:' && url.host === '') return { kind: 'file', path: fileURLToPath(url) };
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    const found = stated === null ? 'none' : 'another';
    settings.refuse(ENDPOINT, `expected an address such as https://host/token, found ${found}`);
    return null;
  }
  // Kafka from 4.1 on has settings for what used to be options, and prefers them.
  const either = (key: string, option: string): string | null =>
    settings.filled(key) ?? options.filled(option);
  const clientId = either('sasl.oauthbearer.client.credentials.client.id', 'clientId');
  const clientSecret = either('sasl.oauthbearer.client.credentials.client.secret', 'clientSecret');
  const missing = [
    ...(clientId === null ? ['clientId'] : []),
    ...(clientSecret === null ? ['clientSecret'] : []),
  ];
  for (const option of missing) options.refuse(option, `expected ${option}="...", found none; add it`);
  // Kafka looks for the endpoint's TLS settings among the login module's options, not among its own.
  const tls = readTls(options);
  if (clientId === null || clientSecret === null) return null;
  return {
    kind: 'endpoint',
    url: url.href,
    clientId,
    clientSecret,
    scope: either('sasl.oauthbearer.scope', 'scope'),
    encodesCredentials: settings.text('sasl.oauthbearer.header.urlencode')?.toLowerCase() === 'true',
    tls,
  };
}

function readUnsecured(settings: Settings, options: Settings): TokenSource | null {
  if (settings.filled(ENDPOINT) !== null && settings.filled(HANDLER) === null) {
    settings.refuse(
      ENDPOINT,
      `expected ${HANDLER} with it, found none, so that Kafka makes an unsecured token; set it to ${ASKING_HANDLERS[0]}`,
    );
    return null;
  }
  const principalClaim = options.filled('unsecuredLoginPrincipalClaimName') ?? 'sub';
  const numbers = options.withPrefix('unsecuredLoginNumberClaim_');
  const lifetime = options.filled('unsecuredLoginLifetimeSeconds');
  const lifetimeSeconds = Number(lifetime ?? DEFAULT_LIFETIME_SECONDS);
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1) {
    options.refuse('unsecuredLoginLifetimeSeconds', 'expected whole seconds from 1, found another');
  }
  for (const [name] of numbers.filter(([, text]) => text === '' || !Number.isFinite(Number(text)))) {
    options.refuse(`unsecuredLoginNumberClaim_${name}`, 'expected a number, found another');
  }
  const claims = Object.fromEntries<string | number | readonly string[]>([
    ...options.withPrefix('unsecuredLoginStringClaim_'),
    ...numbers.map(([name, value]) => [name, Number(value)] as const),
    ...options.withPrefix('unsecuredLoginListClaim_').map(([name, value]) => [name, listOf(value)] as const),
  ]);
  if (typeof claims[principalClaim] !== 'string') {
    const option = `unsecuredLoginStringClaim_${principalClaim}`;
    options.refuse(option, `expected ${option}="<who it is>", found none; add it`);
    return null;
  }
  return { kind: 'unsecured', principalClaim, claims, lifetimeSeconds };
}

/** The first character is what stands between the items. */
function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.slice(1).split(text[0]);
}
